#include "rapl-agent/powercap/zone_tree.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::powercap {
namespace {

constexpr int kDeepest = 4;  // package, die, dram: real trees have two levels
constexpr std::size_t kMostConstraints = 8;

// "intel-rapl:0" below "intel-rapl" is zone 0; nothing for whatever else lies there.
std::optional<std::uint32_t> zone_number(std::string_view directory, std::string_view parent) {
  if (!directory.starts_with(parent) || directory.size() < parent.size() + 2) return std::nullopt;
  if (directory[parent.size()] != ':') return std::nullopt;
  const std::string_view digits = directory.substr(parent.size() + 1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::string constraint_file(const std::string& zone, unsigned index, std::string_view suffix) {
  return zone + "/constraint_" + std::to_string(index) + "_" + std::string(suffix);
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

class Walk {
 public:
  explicit Walk(ZoneTree& tree) : tree_(tree) {}

  void control_type(const std::string& root, const std::string& name) {
    const std::string path = root + "/" + name;
    if (!sysfs::is_directory(path) || sysfs::exists(path + "/name")) return;
    type_ = name;
    children(path, name, {}, 1);
  }

 private:
  // `directory` is the last component of `path`; `parent` the name of the zone there, empty at a control type.
  void children(const std::string& path, const std::string& directory, const std::string& parent, int depth) {
    if (depth > kDeepest) return;
    const sysfs::Entries entries = sysfs::list(path);
    if (entries.error != 0) {
      tree_.notes.push_back(path + ": " + reason(entries.error));
      return;
    }
    std::vector<std::pair<std::uint32_t, std::string>> numbered;
    for (const std::string& entry : entries.names) {
      const auto number = zone_number(entry, directory);
      if (number && sysfs::is_directory(path + "/" + entry)) numbered.emplace_back(*number, entry);
    }
    std::sort(numbered.begin(), numbered.end());
    for (const auto& [number, entry] : numbered) zone(path + "/" + entry, entry, parent, depth);
  }

  void zone(const std::string& path, const std::string& directory, const std::string& parent, int depth) {
    const sysfs::FileText name = sysfs::read_text(path + "/name");
    if (name.error != 0 || name.text.empty()) {
      tree_.notes.push_back(path + ": left out: its name cannot be read" +
                            (name.error == 0 ? ", it is empty" : ": " + reason(name.error)));
      return;
    }
    Zone zone{type_, path, name.text, parent, {}};
    for (unsigned index = 0; index < kMostConstraints; ++index) {
      const sysfs::FileText constraint = sysfs::read_text(constraint_file(path, index, "name"));
      if (constraint.error == ENOENT) break;
      if (constraint.error == 0) zone.constraints.push_back({index, constraint.text});
    }
    tree_.zones.push_back(std::move(zone));
    children(path, directory, name.text, depth + 1);
  }

  ZoneTree& tree_;
  std::string type_;
};

}  // namespace

std::string Zone::file(std::string_view constraint, std::string_view suffix) const {
  for (const Constraint& candidate : constraints) {
    if (candidate.name == constraint) return constraint_file(path, candidate.index, suffix);
  }
  return {};
}

ZoneTree read_zone_tree(const std::string& root) {
  ZoneTree tree;
  const sysfs::Entries types = sysfs::list(root);
  if (types.error != 0) {
    tree.state = types.error == ENOENT || types.error == ENOTDIR ? TreeState::absent : TreeState::unreadable;
    tree.error = types.error;
    return tree;
  }
  Walk walk(tree);
  for (const std::string& type : types.names) walk.control_type(root, type);
  if (!tree.zones.empty()) {
    tree.state = TreeState::found;
  } else {
    tree.state = types.names.empty() ? TreeState::empty : TreeState::no_zones;
  }
  return tree;
}

}  // namespace headroom::rapl_agent::powercap
