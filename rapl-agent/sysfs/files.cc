#include "rapl-agent/sysfs/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <memory>

#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::sysfs {
namespace {

// linux/magic.h has it too, where kernel headers are installed.
constexpr std::uint32_t kSysfsMagic = 0x62656572;
static_assert(kNotSysfs == EXDEV);

int open_retrying(const std::string& path, int flags) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

bool on_sysfs(int fd) {
  struct statfs info {};
  while (::fstatfs(fd, &info) != 0) {
    if (errno != EINTR) return false;
  }
  return static_cast<std::uint32_t>(info.f_type) == kSysfsMagic;
}

OpenedFile opened(int fd) {
  const int error = fd < 0 ? errno : 0;
  return {.error = error, .file = runtime::UniqueFd(fd)};
}

enum class Lines { one, many };

// All that `next` gives, called with how much is there already. Of one line no more is asked for than that.
template <class Next>
FileText text_of(Next next, Lines lines) {
  std::array<char, kMostBytes + 1> buffer;  // one more, to see what is too long
  std::size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t got = next(buffer.data() + have, buffer.size() - have, have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, {}};
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (lines == Lines::one && buffer[have - 1] == '\n') break;
  }
  if (have > kMostBytes) return {EFBIG, {}};
  std::string text(buffer.data(), have);
  if (text.ends_with('\n')) text.pop_back();
  return {0, std::move(text)};
}

FileNumber number_in(const FileText& read) {
  if (read.error != 0) return {.error = read.error};
  const auto value = parse_number(read.text);
  if (!value) return {.error = EBADMSG, .empty = read.text.empty()};
  return {.value = *value};
}

}  // namespace

FileText read_text(const std::string& path) {
  const OpenedFile opened = open_to_read(path);
  if (opened.error != 0) return {opened.error, {}};
  return text_of([&](char* into, std::size_t most, std::size_t) { return ::read(opened.file.get(), into, most); },
                 Lines::many);
}

OpenedFile open_to_read(const std::string& path) {
  // O_NONBLOCK: a FIFO at this path must not hold us up; sysfs ignores it.
  return opened(open_retrying(path, O_RDONLY | O_NONBLOCK));
}

OpenedFile open_to_write(const std::string& path, WriteTo where) {
  OpenedFile result = opened(open_retrying(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK));
  if (result.error == 0 && where == WriteTo::sysfs_only && !on_sysfs(result.file.get())) {
    return {.error = kNotSysfs, .file = {}};
  }
  return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

FileNumber read_number(const std::string& path) {
  return number_in(read_text(path));
}

FileNumber read_number(const runtime::UniqueFd& file) {
  return number_in(text_of([&](char* into, std::size_t most,
                               std::size_t at) { return ::pread(file.get(), into, most, static_cast<off_t>(at)); },
                           Lines::one));
}

std::optional<std::int64_t> read_signed(const std::string& path) {
  const FileText read = read_text(path);
  std::int64_t value = 0;
  const char* const end_of_text = read.text.data() + read.text.size();
  const auto [end, error] = std::from_chars(read.text.data(), end_of_text, value);
  if (read.error != 0 || error != std::errc() || end != end_of_text) return std::nullopt;
  return value;
}

int write_number(const std::string& path, std::uint64_t value, WriteTo where) {
  const OpenedFile opened = open_to_write(path, where);
  return opened.error != 0 ? opened.error : write_number(opened.file, value);
}

int write_number(const runtime::UniqueFd& file, std::uint64_t value) {
  const std::string text = std::to_string(value) + "\n";
  for (;;) {
    const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    return static_cast<std::size_t>(written) == text.size() ? 0 : EIO;
  }
}

int may_write(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

bool same_kind_of_filesystem(const std::string& one, const std::string& other) {
  struct statfs first {};
  struct statfs second {};
  return ::statfs(one.c_str(), &first) == 0 && ::statfs(other.c_str(), &second) == 0 && first.f_type == second.f_type;
}

Entries list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (open == nullptr) return {errno, {}};
  Entries entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.names.emplace_back(name);
  }
  entries.error = errno;
  std::sort(entries.names.begin(), entries.names.end());
  return entries;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string resolved(const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  return ::realpath(path.c_str(), buffer.data()) == nullptr ? std::string() : std::string(buffer.data());
}

}  // namespace headroom::rapl_agent::sysfs
