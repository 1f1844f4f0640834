#include "test/support/sysfs_tree.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace headroom::test {

std::vector<LayoutLine> read_layout(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": cannot be opened");
  std::vector<LayoutLine> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    if (text.empty() || text.front() == '#') continue;
    std::istringstream words(text);
    LayoutLine line;
    if (!(words >> line.path >> line.mode)) {
      throw std::runtime_error(file + ":" + std::to_string(number) + ": path and mode wanted");
    }
    words.get();
    std::getline(words, line.content);
    lines.push_back(std::move(line));
  }
  return lines;
}

void make_tree(const std::vector<LayoutLine>& layout, const std::string& root) {
  std::filesystem::create_directories(root);
  for (const LayoutLine& line : layout) {
    const std::string path = root + "/" + line.path;
    if (line.mode == "dir") {
      std::filesystem::create_directories(path);
    } else if (line.mode == "link") {
      std::filesystem::create_directories(std::filesystem::path(path).parent_path());
      std::filesystem::create_symlink(line.content, path);
    } else if (!line.content.starts_with('!')) {
      put(path, line.content + "\n");
      ::chmod(path.c_str(), static_cast<mode_t>(std::stoul(line.mode, nullptr, 8)));
    }
  }
}

void make_tree(const std::string& layout_file, const std::string& root) {
  make_tree(read_layout(layout_file), root);
}

void put(const std::string& path, std::string_view content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out << content;
  if (!out) throw std::runtime_error(path + ": cannot be written");
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace headroom::test
