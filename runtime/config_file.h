// YAML text to a plain tree of values, with the traps of YAML 1.1 taken out:
//   - a quoted scalar is a string, always; plain ones are null, true/false, decimal integer, decimal number, else
//   string
//     (no octal, no "yes"/"on", no "1:20")
//   - a key that stands twice in one map is an error, as is a key that is not a scalar
//   - aliases work, an alias bomb is an error; merge keys (<<) and tags are errors
// JSON is YAML here, so JSON files read the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace headroom::runtime {

// Immutable tree. Maps keep the file's order.
class ConfigValue {
 public:
  using List = std::vector<ConfigValue>;
  using Map = std::vector<std::pair<std::string, ConfigValue>>;
  using Any = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map>;

  ConfigValue() = default;
  explicit ConfigValue(Any value, int line = 0) : value_(std::move(value)), line_(line) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // Null where the value is of another type.
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const double* as_number() const { return std::get_if<double>(&value_); }  // not for integers
  [[nodiscard]] const std::string* as_text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const List* as_list() const { return std::get_if<List>(&value_); }
  [[nodiscard]] const Map* as_map() const { return std::get_if<Map>(&value_); }
  // The value of a key of a map; null where there is none or this is not a map.
  [[nodiscard]] const ConfigValue* find(std::string_view key) const;

  [[nodiscard]] int line() const { return line_; }  // in the file, from 1; 0: unknown
  // "text", "an integer", "a list": for messages.
  [[nodiscard]] std::string_view type_name() const;

 private:
  Any value_;
  int line_ = 0;
};

// `source` (a path, usually) stands in front of every error. Errors: invalid_input with line and column.
[[nodiscard]] base::Result<ConfigValue> parse_yaml(std::string_view text, std::string_view source);
// All documents of a file ("---" between them), empty ones left out.
[[nodiscard]] base::Result<std::vector<ConfigValue>> parse_yaml_documents(std::string_view text,
                                                                          std::string_view source);
[[nodiscard]] base::Result<ConfigValue> read_yaml_file(const std::string& path);

// The tree as compact JSON.
[[nodiscard]] std::string to_json(const ConfigValue& value);

}  // namespace headroom::runtime
