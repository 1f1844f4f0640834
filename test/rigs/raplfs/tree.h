// The directories, links and attributes that one mount shows. Plain data: no threads, no FUSE.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::raplfs {

// What a read gave: errno, or 0 and the text.
struct Shown {
  int error = 0;
  std::string text;
};

// One sysfs attribute. `show` and `store` run under the world's lock. An open descriptor keeps the attribute; after its
// zone has gone every access gives ENODEV, as with kernfs.
struct Attribute {
  mode_t mode = 0444;
  std::function<Shown()> show;  // empty: not readable
  std::function<int(std::string_view)>
      store;  // errno or 0; empty: not writable, opening for it is EACCES even for root
  bool gone = false;
};

struct Entry {
  std::shared_ptr<Attribute> attribute;  // set: an attribute
  std::string target;                    // not empty: a symbolic link
  std::set<std::string> children;        // of a directory

  [[nodiscard]] bool is_link() const { return !target.empty(); }
  [[nodiscard]] bool is_directory() const { return !attribute && target.empty(); }
};

// Paths are relative to the mount, without a leading slash ("node-a/class/powercap"); "" is the root.
class Tree {
 public:
  Tree() { entries_.emplace("", Entry{}); }
  // Each makes the directories above it. An existing attribute of the same path is replaced and marked gone.
  void add_directory(const std::string& path);
  void add_link(const std::string& path, std::string target);
  void add_attribute(const std::string& path, Attribute attribute);
  // With everything below; what is not there is no error.
  void remove(const std::string& path);
  // Null where there is none; valid until the next change.
  [[nodiscard]] const Entry* find(const std::string& path) const;

 private:
  Entry& place(const std::string& path);
  std::map<std::string, Entry> entries_;
};

// Splits at the last slash: {"a/b", "c"}.
[[nodiscard]] std::pair<std::string, std::string> parent_and_name(const std::string& path);
// The link text that leads from the directory of `from` to `to`, both relative to one root.
[[nodiscard]] std::string relative_target(const std::string& from, const std::string& to);

}  // namespace headroom::raplfs
