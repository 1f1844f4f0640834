#include "runtime/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "runtime/unique_fd.h"

namespace headroom::runtime {
namespace {

base::Error system_error(const std::string& path, int code) {
  std::string message = path + ": " + std::generic_category().message(code);
  switch (code) {
    case ENOENT:
    case ENOTDIR: return base::not_found(std::move(message));
    case EACCES:
    case EPERM:
    case EROFS: return base::denied(std::move(message));
    case EISDIR: return base::invalid_input(std::move(message));
    default: return base::unavailable(std::move(message));
  }
}

base::Status write_all(int fd, const std::string& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return base::ok_status();
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return system_error(path, errno);
  std::string content;
  std::vector<char> piece(64 << 10);
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, errno);
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > limit) {
      return base::invalid_input(path + ": larger than " + std::to_string(limit) + " bytes");
    }
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
}

base::Status write_file_atomically(const std::string& path, std::string_view content) {
  std::string beside = path + ".XXXXXX";
  const UniqueFd file(::mkostemp(beside.data(), O_CLOEXEC));
  if (!file.valid()) return system_error(path, errno);
  auto status = write_all(file.get(), path, content);
  if (status && ::fsync(file.get()) != 0) status = system_error(path, errno);
  if (status && ::rename(beside.c_str(), path.c_str()) != 0) status = system_error(path, errno);
  if (!status) ::unlink(beside.c_str());
  return status;
}

std::optional<FileStamp> file_stamp(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileStamp{static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino),
                   static_cast<std::int64_t>(info.st_size),
                   static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

}  // namespace headroom::runtime
