#include "kube/json_reader.h"

#include <simdjson.h>

#include <cstring>

namespace headroom::kube {

namespace ondemand = simdjson::ondemand;
static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

struct JsonCursor::Shared {
  std::optional<base::Error> error;
};

// Moves the library's value in and out of a cursor.
class JsonParse {
 public:
  static_assert(std::is_trivially_copyable_v<ondemand::value> && sizeof(ondemand::value) <= 32);

  static ondemand::value get(const JsonCursor& cursor) {
    ondemand::value value;
    std::memcpy(static_cast<void*>(&value), cursor.value_.data(), sizeof(value));
    return value;
  }
  static void set(JsonCursor& cursor, const ondemand::value& value) {
    std::memcpy(cursor.value_.data(), &value, sizeof(value));
  }
  static base::Status run(PaddedJson json, JsonCursor::OnField on_field) {
    ondemand::parser parser;
    const std::string_view text = json.text();
    ondemand::document document;
    const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + kJsonPadding);
    if (const auto error = parser.iterate(padded).get(document)) return not_json(error);
    ondemand::object root;
    if (const auto error = document.get_object().get(root)) return not_json(error);
    JsonCursor::Shared shared;
    JsonCursor cursor(shared, nullptr);
    each_field(cursor, root, on_field);
    if (shared.error) return *shared.error;
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return base::invalid_input("not JSON: something follows the object");
    }
    return base::ok_status();
  }
  static void each_field(JsonCursor& parent, ondemand::object object, JsonCursor::OnField on_field) {
    JsonCursor child(*parent.shared_, &parent);
    for (auto field : object) {
      ondemand::value found;
      if (field.unescaped_key().get(child.key_) != simdjson::SUCCESS || field.value().get(found) != simdjson::SUCCESS) {
        return parent.fail("is not JSON");
      }
      set(child, found);
      on_field(child.key_, child);
      if (parent.failed()) return;
    }
  }

 private:
  static base::Error not_json(simdjson::error_code error) {
    if (error == simdjson::INCORRECT_TYPE) return base::invalid_input("must be an object");
    return base::invalid_input(std::string("not JSON: ") + simdjson::error_message(error));
  }
};

void JsonCursor::fields(OnField on_field) {
  if (failed()) return;
  ondemand::value value = JsonParse::get(*this);
  bool is_null = false;
  if (value.is_null().get(is_null) != simdjson::SUCCESS) return fail("is not JSON");
  if (is_null) return;
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return fail("must be an object");
  JsonParse::each_field(*this, object, on_field);
}

void JsonCursor::items(OnItem on_item) {
  if (failed()) return;
  ondemand::value value = JsonParse::get(*this);
  bool is_null = false;
  if (value.is_null().get(is_null) != simdjson::SUCCESS) return fail("is not JSON");
  if (is_null) return;
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return fail("must be a list");
  JsonCursor child(*shared_, this);
  for (auto item : array) {
    ondemand::value found;
    if (item.get(found) != simdjson::SUCCESS) return fail("is not JSON");
    JsonParse::set(child, found);
    on_item(child);
    if (failed()) return;
    ++child.index_;
  }
}

std::string_view JsonCursor::view() {
  if (failed()) return {};
  ondemand::value value = JsonParse::get(*this);
  bool is_null = false;
  if (value.is_null().get(is_null) == simdjson::SUCCESS && is_null) return {};
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) fail("must be a string");
  return text;
}

std::string JsonCursor::text() {
  return std::string(view());
}

std::int64_t JsonCursor::integer() {
  if (failed()) return 0;
  ondemand::value value = JsonParse::get(*this);
  bool is_null = false;
  if (value.is_null().get(is_null) == simdjson::SUCCESS && is_null) return 0;
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS) fail("must be an integer");
  return number;
}

bool JsonCursor::flag(bool when_null) {
  if (failed()) return when_null;
  ondemand::value value = JsonParse::get(*this);
  bool is_null = false;
  if (value.is_null().get(is_null) == simdjson::SUCCESS && is_null) return when_null;
  bool found = when_null;
  if (value.get_bool().get(found) != simdjson::SUCCESS) fail("must be true or false");
  return found;
}

std::string_view JsonCursor::scalar_text() {
  if (failed()) return {};
  ondemand::value value = JsonParse::get(*this);
  ondemand::json_type type{};
  if (value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::number) {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
  }
  return view();
}

std::string_view JsonCursor::raw() {
  if (failed()) return {};
  ondemand::value value = JsonParse::get(*this);
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) fail("is not JSON");
  if (type != ondemand::json_type::object && type != ondemand::json_type::array) return value.raw_json_token();
  std::string_view raw;
  simdjson::error_code error = simdjson::SUCCESS;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    error = value.get_object().get(object);
    if (error == simdjson::SUCCESS) error = object.raw_json().get(raw);
  } else {
    ondemand::array array;
    error = value.get_array().get(array);
    if (error == simdjson::SUCCESS) error = array.raw_json().get(raw);
  }
  if (error != simdjson::SUCCESS) fail("is not JSON");
  return raw;
}

void JsonCursor::fail(std::string_view what) {
  if (failed()) return;
  const std::string at = path();
  shared_->error = base::invalid_input(at.empty() ? std::string(what) : at + ": " + std::string(what));
}

bool JsonCursor::failed() const {
  return shared_->error.has_value();
}

std::string JsonCursor::path() const {
  if (parent_ == nullptr) return {};
  std::string before = parent_->path();
  if (key_.data() == nullptr) return before + "[" + std::to_string(index_) + "]";
  return before.empty() ? std::string(key_) : before + "." + std::string(key_);
}

base::Status read_json_object(PaddedJson json, JsonCursor::OnField on_field) {
  return JsonParse::run(json, on_field);
}

}  // namespace headroom::kube
