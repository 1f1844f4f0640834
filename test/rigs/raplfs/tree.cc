#include "test/rigs/raplfs/tree.h"

#include <algorithm>
#include <utility>

namespace headroom::raplfs {

std::pair<std::string, std::string> parent_and_name(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string relative_target(const std::string& from, const std::string& to) {
  std::string up;
  for (auto depth = std::count(from.begin(), from.end(), '/'); depth > 0; --depth) up += "../";
  return up + to;
}

Entry& Tree::place(const std::string& path) {
  const auto found = entries_.find(path);
  if (found != entries_.end()) return found->second;
  const auto [parent, name] = parent_and_name(path);
  place(parent).children.insert(name);
  return entries_[path];
}

void Tree::add_directory(const std::string& path) {
  place(path);
}

void Tree::add_link(const std::string& path, std::string target) {
  place(path).target = std::move(target);
}

void Tree::add_attribute(const std::string& path, Attribute attribute) {
  Entry& entry = place(path);
  if (entry.attribute) entry.attribute->gone = true;
  entry.attribute = std::make_shared<Attribute>(std::move(attribute));
}

void Tree::remove(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || path.empty()) return;
  const std::string inside = path + "/";
  for (const std::string& child : std::set<std::string>(found->second.children)) remove(inside + child);
  if (found->second.attribute) found->second.attribute->gone = true;
  const auto [parent, name] = parent_and_name(path);
  entries_[parent].children.erase(name);
  entries_.erase(path);
}

const Entry* Tree::find(const std::string& path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace headroom::raplfs
