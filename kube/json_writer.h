// Bodies of requests: one JSON object, field by field, in the order written.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/json_text.h"

namespace headroom::kube {

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) {
    add_key(key);
    runtime::append_json_string(body_, value);
    return *this;
  }
  JsonObject& text_if_any(std::string_view key, std::string_view value) {
    return value.empty() ? *this : text(key, value);
  }
  JsonObject& number(std::string_view key, std::int64_t value) { return json(key, std::to_string(value)); }
  JsonObject& object(std::string_view key, const JsonObject& value) { return json(key, value.str()); }
  // `value`: JSON already.
  JsonObject& json(std::string_view key, std::string_view value) {
    add_key(key);
    body_ += value;
    return *this;
  }
  template <class Less>
  JsonObject& strings(std::string_view key, const std::map<std::string, std::string, Less>& values) {
    JsonObject inner;
    for (const auto& [name, value] : values) inner.text(name, value);
    return object(key, inner);
  }
  [[nodiscard]] std::string str() const { return "{" + body_ + "}"; }

 private:
  void add_key(std::string_view key) {
    if (!body_.empty()) body_ += ',';
    runtime::append_json_string(body_, key);
    body_ += ':';
  }
  std::string body_;
};

}  // namespace headroom::kube
