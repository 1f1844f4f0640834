// Attribute files of sysfs: one value each, read and written whole.
//
// What a careless program gets wrong here and this one does not:
//   - O_CREAT makes an attribute that the kernel does not have, and O_TRUNC leaves an empty one behind a crash: writing
//     opens with neither, and with O_NOFOLLOW, so that the last component is never a link to somewhere else
//   - one write(2) is one store: a value goes out in a single call, and a short write is a failure (EIO)
//   - a plain directory accepts anything and caps nothing: writes go to sysfs only (its magic number is checked on the
//     open file), unless a test's tree is allowed
//   - files claim to hold 4096 bytes and may hold anything: reads are bounded
//
// Errors are errno values, unchanged: who knows what a file means decides what its error means. EINTR is repeated here.
// Nothing is kept open between calls: open_files.h is for values that are read every second. Thread-safe; any call can
// block as long as the driver does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::sysfs {

// No attribute of ours is longer.
inline constexpr std::size_t kMostBytes = 4096;

struct FileText {
  int error = 0;       // errno; EFBIG: longer than kMostBytes
  std::string text{};  // without the line feed at its end
};
[[nodiscard]] FileText read_text(const std::string& path);

struct FileNumber {
  int error = 0;       // errno; EBADMSG: not a number, EFBIG: endless
  bool empty = false;  // with EBADMSG: there was nothing at all, which is how amdgpu says "not now"
  std::uint64_t value = 0;
};
// Decimal digits and nothing else.
[[nodiscard]] FileNumber read_number(const std::string& path);
// As above, for temperatures.
[[nodiscard]] std::optional<std::int64_t> read_signed(const std::string& path);

[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

// Which file systems a value may be written to.
enum class WriteTo { sysfs_only, any_for_tests };
// No errno of the kernel's attributes; EXDEV would be the file system's word for it.
inline constexpr int kNotSysfs = 18;
// 0, or the errno. kNotSysfs: the file is not on sysfs, so nothing was written. EIO: short write.
[[nodiscard]] int write_number(const std::string& path, std::uint64_t value, WriteTo where);

// The same in two steps, for who keeps files open (open_files.h). Reads and writes begin at the file's start, so that
// each asks the driver anew.
struct OpenedFile {
  int error = 0;  // errno, or kNotSysfs
  runtime::UniqueFd file{};
};
[[nodiscard]] OpenedFile open_to_read(const std::string& path);
[[nodiscard]] OpenedFile open_to_write(const std::string& path, WriteTo where);
[[nodiscard]] FileNumber read_number(const runtime::UniqueFd& file);
[[nodiscard]] int write_number(const runtime::UniqueFd& file, std::uint64_t value);

// What opening for writing would answer, without opening: 0, EROFS, EACCES, ENOENT...
[[nodiscard]] int may_write(const std::string& path);

// False also where one of them cannot be asked. A container runtime masks a directory by an empty one on a tmpfs.
[[nodiscard]] bool same_kind_of_filesystem(const std::string& one, const std::string& other);

// Names in a directory, sorted, without "." and "..".
struct Entries {
  int error = 0;
  std::vector<std::string> names;
};
[[nodiscard]] Entries list(const std::string& directory);
[[nodiscard]] bool is_directory(const std::string& path);  // a link to one is not
[[nodiscard]] bool exists(const std::string& path);
// Where a link points, links on the way resolved; empty: not there.
[[nodiscard]] std::string resolved(const std::string& path);

}  // namespace headroom::rapl_agent::sysfs
