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

}  // namespace

FileText read_text(const std::string& path) {
  // O_NONBLOCK: a FIFO at this path must not hold us up; sysfs ignores it.
  const runtime::UniqueFd file(open_retrying(path, O_RDONLY | O_NONBLOCK));
  if (!file.valid()) return {errno, {}};
  std::array<char, kMostBytes + 1> buffer;  // one more, to see what is too long
  std::size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t got = ::read(file.get(), buffer.data() + have, buffer.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, {}};
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > kMostBytes) return {EFBIG, {}};
  std::string text(buffer.data(), have);
  if (text.ends_with('\n')) text.pop_back();
  return {0, std::move(text)};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

FileNumber read_number(const std::string& path) {
  const FileText read = read_text(path);
  if (read.error != 0) return {.error = read.error};
  const auto value = parse_number(read.text);
  if (!value) return {.error = EBADMSG, .empty = read.text.empty()};
  return {.value = *value};
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
  const runtime::UniqueFd file(open_retrying(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return errno;
  if (where == WriteTo::sysfs_only && !on_sysfs(file.get())) return kNotSysfs;
  const std::string text = std::to_string(value) + "\n";
  for (;;) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    return static_cast<std::size_t>(written) == text.size() ? 0 : EIO;
  }
}

int may_write(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
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
