// Whole files in and out, and noticing that one has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace headroom::runtime {

inline constexpr std::size_t kDefaultFileLimit = 64 << 20;

// The file's bytes. Errors name the path: not_found, denied, invalid_input (a directory, or larger than `limit`),
// unavailable (anything else the system says).
[[nodiscard]] base::Result<std::string> read_file(const std::string& path, std::size_t limit = kDefaultFileLimit);

// Readers see either the old or the new content, also after a crash: written beside it, synced, renamed over it.
[[nodiscard]] base::Status write_file_atomically(const std::string& path, std::string_view content);

// What changes when a file is rewritten or, as kubelet does with Secrets, a symlink on its path is swapped.
struct FileStamp {
  std::int64_t device = 0;
  std::int64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};
// Nothing: it cannot be read at the moment. Follows symlinks.
[[nodiscard]] std::optional<FileStamp> file_stamp(const std::string& path);

}  // namespace headroom::runtime
