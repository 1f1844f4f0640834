// A JSON document as a plain value, for objects that are read once per change (policies, topologies), never per
// request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace headroom::topology {

struct JsonMember;

struct JsonValue {
  using Array = std::vector<JsonValue>;
  using Object = std::vector<JsonMember>;  // in the order written
  using Any = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  // Defined in the .cc: here a member's type is not complete yet, which clang 14 does not accept in a constexpr vector.
  JsonValue();
  explicit JsonValue(Any any);
  JsonValue(const JsonValue& other);
  JsonValue(JsonValue&& other) noexcept;
  JsonValue& operator=(const JsonValue& other);
  JsonValue& operator=(JsonValue&& other) noexcept;
  ~JsonValue();

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  // Null where it is not an object, or has no such member.
  [[nodiscard]] const JsonValue* find(std::string_view name) const;

  Any value;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// Error: invalid_input where the text is not JSON, is nested deeper than 64, or names a member twice. Integers that do
// not fit 64 bits signed become doubles.
[[nodiscard]] base::Result<JsonValue> parse_json(std::string_view text);

}  // namespace headroom::topology
