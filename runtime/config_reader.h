// Typed reading of a configuration tree. Every getter names the key and a default; whatever does not fit is noted with
// its path and line, and reading goes on. finish() gives all problems at once, unknown keys included.
//
//   ConfigReader root(tree, "extender.yaml");
//   options.port = root.integer("port", {.fallback = 9876, .least = 1, .most = 65535});
//   ConfigReader tls = root.section("tls");
//   options.cert = tls.text("certFile", "");
//   if (auto status = root.finish(); !status) return status.error();
//
// Readers are views: they share the problem list of the root, and the tree must outlive them. One thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/config_file.h"

namespace headroom::runtime {

struct IntegerField {
  std::int64_t fallback = 0;
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
};
struct NumberField {
  double fallback = 0;
  double least = 0;
  double most = 1e18;
};
// Written as "250ms", "10s", "2m", "1h".
struct DurationField {
  base::Milliseconds fallback{0};
  base::Milliseconds least{0};
  base::Milliseconds most{std::chrono::hours(24)};
};

class ConfigReader {
 public:
  // A null tree (an empty file) reads as an empty map.
  ConfigReader(const ConfigValue& tree, std::string source);

  [[nodiscard]] bool has(std::string_view key) const;  // present and not null

  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] std::string required_text(std::string_view key) const;  // a problem where absent or empty
  [[nodiscard]] std::int64_t integer(std::string_view key, const IntegerField& field) const;
  [[nodiscard]] double number(std::string_view key, const NumberField& field) const;  // integers too
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;
  [[nodiscard]] base::Milliseconds duration(std::string_view key, const DurationField& field) const;
  [[nodiscard]] std::vector<std::string> text_list(std::string_view key) const;
  // One of `names`, by index; anything else is a problem that lists them.
  [[nodiscard]] std::size_t choice(std::string_view key, std::initializer_list<std::string_view> names,
                                   std::size_t fallback) const;

  [[nodiscard]] ConfigReader section(std::string_view key) const;                // absent: an empty map
  [[nodiscard]] std::vector<ConfigReader> sections(std::string_view key) const;  // a list of maps
  // A map with free keys: all are known then.
  [[nodiscard]] std::vector<std::pair<std::string, ConfigReader>> named_sections(std::string_view key) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_texts(std::string_view key) const;
  [[nodiscard]] std::vector<std::pair<std::string, double>> named_numbers(std::string_view key) const;

  // "spec.racks[2]"; empty at the root.
  [[nodiscard]] const std::string& path() const { return path_; }
  // Notes what only the caller can judge ("must be above minPodWatts"), under this reader's path and `key`.
  void problem(std::string_view key, std::string_view message) const;

  // Every key that somebody has asked for so far, there or not, in order: "listen.health". Of sections and lists only
  // what was asked for inside, if anything was.
  [[nodiscard]] std::vector<std::string> asked() const;

  // All problems of this tree so far, one per line, and every key that nobody asked for. Call on the root, at the end.
  [[nodiscard]] base::Status finish() const;

 private:
  struct Findings;
  ConfigReader(const ConfigValue* node, std::string path, std::shared_ptr<Findings> findings);
  [[nodiscard]] const ConfigValue* take(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;
  void wrong_type(std::string_view key, const ConfigValue& value, std::string_view wanted) const;

  const ConfigValue* node_;  // null: absent
  std::string path_;
  std::shared_ptr<Findings> findings_;
};

}  // namespace headroom::runtime
