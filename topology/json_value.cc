#include "topology/json_value.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace headroom::topology {
namespace {

constexpr std::size_t kMaxDepth = 64;

// Builds our value while nlohmann parses; its own tree would be a second copy and forget duplicate members.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(JsonValue(JsonValue::Any(nullptr))); }
  bool boolean(bool b) override { return put(JsonValue(JsonValue::Any(b))); }
  bool number_integer(number_integer_t n) override {
    return put(JsonValue(JsonValue::Any(static_cast<std::int64_t>(n))));
  }
  bool number_unsigned(number_unsigned_t n) override {
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return put(JsonValue(JsonValue::Any(static_cast<double>(n))));
    return put(JsonValue(JsonValue::Any(static_cast<std::int64_t>(n))));
  }
  bool number_float(number_float_t n, const string_t& /*text*/) override { return put(JsonValue(JsonValue::Any(n))); }
  bool string(string_t& s) override { return put(JsonValue(JsonValue::Any(std::move(s)))); }
  bool binary(binary_t& /*bytes*/) override { return fail("binary value"); }
  bool start_object(std::size_t /*size*/) override { return open(JsonValue(JsonValue::Object{})); }
  bool start_array(std::size_t /*size*/) override { return open(JsonValue(JsonValue::Array{})); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    auto& members = std::get<JsonValue::Object>(open_.back().value);
    for (const auto& member : members) {
      if (member.name == name) return fail("member \"" + name + "\" stands twice");
    }
    members.push_back({std::move(name), {}});
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*what*/) override {
    return fail("not JSON at byte " + std::to_string(position));
  }

  [[nodiscard]] base::Result<JsonValue> take() {
    if (error_) return base::invalid_input(*error_);
    return std::move(root_);
  }

 private:
  bool fail(std::string what) {
    if (!error_) error_ = std::move(what);
    return false;
  }
  bool open(JsonValue value) {
    if (open_.size() >= kMaxDepth) return fail("nested too deeply");
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    JsonValue done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* list = std::get_if<JsonValue::Array>(&open_.back().value)) {
      list->push_back(std::move(value));
    } else {
      std::get<JsonValue::Object>(open_.back().value).back().value = std::move(value);
    }
    return true;
  }

  std::vector<JsonValue> open_;  // containers not closed yet, outermost first
  JsonValue root_;
  std::optional<std::string> error_;
};

}  // namespace

JsonValue::JsonValue() = default;
JsonValue::JsonValue(Any any) : value(std::move(any)) {}
JsonValue::JsonValue(const JsonValue& other) = default;
JsonValue::JsonValue(JsonValue&& other) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue& other) = default;
JsonValue& JsonValue::operator=(JsonValue&& other) noexcept = default;
JsonValue::~JsonValue() = default;

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto* members = std::get_if<Object>(&value);
  if (members == nullptr) return nullptr;
  for (const auto& member : *members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

base::Result<JsonValue> parse_json(std::string_view text) {
  Builder builder;
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace headroom::topology
