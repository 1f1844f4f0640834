// How the wire readers walk JSON with simdjson On-Demand. Included by wire_*.cc only: no other file sees simdjson.
//
// Functions give an Error without the field's name; the caller puts it in front (with_context).
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "extender/wire_request.h"

namespace headroom::extender::wire {

using base::Done;
using base::Error;
using base::invalid_input;
using base::Result;
using base::Status;
using base::with_context;
namespace ondemand = simdjson::ondemand;

inline Error malformed(simdjson::error_code code) {
  return invalid_input(std::string("not valid JSON: ") + simdjson::error_message(code));
}

// A value that is there but of another type, or broken text where a value should be.
inline Error wrong_type(simdjson::error_code code, std::string_view wanted) {
  if (code == simdjson::INCORRECT_TYPE) return invalid_input("must be " + std::string(wanted));
  return malformed(code);
}

inline bool same_key(std::string_view key, std::string_view known) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return key.size() == known.size() &&
         std::equal(key.begin(), key.end(), known.begin(), [&](char a, char b) { return lower(a) == lower(b); });
}

// Marks a known key as seen; an Error the second time.
class Once {
 public:
  Status mark(std::string_view key) {
    if (seen_) return invalid_input(std::string(key) + ": given twice");
    seen_ = true;
    return Done{};
  }
  [[nodiscard]] bool seen() const { return seen_; }

 private:
  bool seen_ = false;
};

// The text of a string value: a view into the body when it needs no unescaping, else a string kept by the store.
inline Result<std::string_view> text_of(ondemand::value value, TextStore& store) {
  // Up to the next JSON token: the string and perhaps blanks.
  std::string_view token = value.raw_json_token();
  if (token.empty() || token.front() != '"') return invalid_input("must be a string");
  while (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t') {
    token.remove_suffix(1);
  }
  const bool closed = token.size() >= 2 && token.back() == '"';
  if (closed && std::memchr(token.data(), '\\', token.size()) == nullptr) return token.substr(1, token.size() - 2);
  std::string_view text;
  if (const auto error = value.get_string().get(text); error != simdjson::SUCCESS) return wrong_type(error, "a string");
  return std::string_view(store.unescaped.emplace_front(text));
}

inline Result<bool> is_null(ondemand::value value) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type); error != simdjson::SUCCESS) return malformed(error);
  return type == ondemand::json_type::null;
}

// Calls on_item(value) for each item of an array; a null value is an empty array.
template <class OnItem>
Status each_item(ondemand::value value, OnItem on_item) {
  auto null = is_null(value);
  if (!null) return null.error();
  if (*null) return Done{};
  ondemand::array array;
  if (const auto error = value.get_array().get(array); error != simdjson::SUCCESS) return wrong_type(error, "a list");
  std::size_t index = 0;
  for (auto item : array) {
    ondemand::value element;
    if (const auto error = item.get(element); error != simdjson::SUCCESS) return malformed(error);
    if (Status done = on_item(element); !done) {
      return with_context(std::move(done).error(), "item " + std::to_string(index));
    }
    ++index;
  }
  return Done{};
}

// Calls on_field(key, value) for each field of an object. The key dies with the call.
template <class OnField>
Status each_field(ondemand::object object, OnField on_field) {
  for (auto result : object) {
    ondemand::field field;
    if (const auto error = std::move(result).get(field); error != simdjson::SUCCESS) return malformed(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key); error != simdjson::SUCCESS) return malformed(error);
    if (Status done = on_field(key, field.value()); !done) return done;
  }
  return Done{};
}

inline Result<ondemand::object> object_of(ondemand::value value) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object); error != simdjson::SUCCESS) {
    return wrong_type(error, "an object");
  }
  return object;
}

// A null value has no fields.
template <class OnField>
Status each_field_of(ondemand::value value, OnField on_field) {
  auto null = is_null(value);
  if (!null) return null.error();
  if (*null) return Done{};
  auto object = object_of(value);
  if (!object) return std::move(object).error();
  return each_field(*object, on_field);
}

// Parser memory is kept from request to request, one parser a thread, and given back after a giant one.
inline constexpr std::size_t kGiantBody = 4u << 20;

// Walks the fields of the body's one object. `store` holds the copy where the body has no padding.
template <class OnField>
Status read_body(const std::string& body, TextStore& store, OnField on_field) {
  thread_local std::optional<ondemand::parser> parser;
  if (!parser) parser.emplace();
  const std::string* text = &body;
  if (body.capacity() - body.size() < simdjson::SIMDJSON_PADDING) {
    store.padded_copy = std::make_unique<std::string>();
    store.padded_copy->reserve(body.size() + simdjson::SIMDJSON_PADDING);
    store.padded_copy->append(body);
    text = store.padded_copy.get();
  }
  store.body = *text;
  const auto walk = [&]() -> Status {
    ondemand::document document;
    const simdjson::padded_string_view padded(text->data(), text->size(), text->capacity());
    if (const auto error = parser->iterate(padded).get(document); error != simdjson::SUCCESS) return malformed(error);
    ondemand::object object;
    if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS) {
      return wrong_type(error, "one object");
    }
    if (Status done = each_field(object, on_field); !done) return done;
    // Behind the last value there is no location.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return invalid_input("something follows the JSON value");
    }
    return Done{};
  };
  Status done = walk();
  if (body.size() > kGiantBody) parser.reset();
  return done;
}

inline Result<std::string_view> read_pod(ondemand::value value) {
  auto null = is_null(value);
  if (!null) return null.error();
  if (*null) return invalid_input("must not be null");
  auto object = object_of(value);
  if (!object) return std::move(object).error();
  std::string_view text;
  if (const auto error = object->raw_json().get(text); error != simdjson::SUCCESS) return malformed(error);
  return text;
}

// The one field `wanted` of an object as text; fields of other names are skipped.
inline Result<std::optional<std::string_view>> find_text(ondemand::value value, std::string_view wanted,
                                                         TextStore& store) {
  std::optional<std::string_view> found;
  Status done = each_field_of(value, [&](std::string_view key, ondemand::value field) -> Status {
    if (found || key != wanted) return Done{};
    auto text = text_of(field, store);
    if (!text) return with_context(std::move(text).error(), wanted);
    found = *text;
    return Done{};
  });
  if (!done) return std::move(done).error();
  return found;
}

// metadata.`wanted` of a Kubernetes object (its keys are exact).
inline Result<std::string_view> metadata_text(ondemand::object object, std::string_view wanted, TextStore& store) {
  std::optional<std::string_view> found;
  Status done = each_field(object, [&](std::string_view key, ondemand::value field) -> Status {
    if (found || key != "metadata") return Done{};
    auto text = find_text(field, wanted, store);
    if (!text) return with_context(std::move(text).error(), "metadata");
    found = *text;
    return Done{};
  });
  if (!done) return std::move(done).error();
  if (!found) return invalid_input("metadata." + std::string(wanted) + ": missing");
  return *found;
}

// One of the two node forms: which of them is not null decides.
struct Forms {
  Once pod, names_key, nodes_key;
  bool names = false;
  bool nodes = false;
};

}  // namespace headroom::extender::wire
