// Trees of attribute files for tests, from layouts captured from real machines (test/data/powercap, test/data/hwmon).
//
// One line per file, "# ..." is a comment:
//   intel-rapl/intel-rapl:0/name 0444 package-0         path, mode, content (the rest of the line; a line feed follows)
//   intel-rapl/intel-rapl:0/device link ..               a symbolic link and where it points
//   intel-rapl dir                                       an empty directory
//   .../constraint_2_time_window_us 0644 !ENODATA        reading answers this errno; a plain directory cannot, so the
//                                                        file is left out there
//
// A plain directory keeps any text and answers no errno: it shows what is found and parsed, never how writing goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::test {

struct LayoutLine {
  std::string path;
  std::string mode;  // octal digits, "link" or "dir"
  std::string content;
};
// Throws std::runtime_error, naming the line, where the file is not such a layout.
[[nodiscard]] std::vector<LayoutLine> read_layout(const std::string& file);
// Makes the tree below `root`, which is created.
void make_tree(const std::vector<LayoutLine>& layout, const std::string& root);
void make_tree(const std::string& layout_file, const std::string& root);

// One file of such a tree, with the directories above it.
void put(const std::string& path, std::string_view content);
[[nodiscard]] std::string content_of(const std::string& path);

}  // namespace headroom::test
