#include "topology/object_reader.h"

#include <cmath>

namespace headroom::topology {
namespace {

constexpr std::array<std::pair<std::string_view, model::SelectorOperator>, 4> kOperators{{
    {"In", model::SelectorOperator::in},
    {"NotIn", model::SelectorOperator::not_in},
    {"Exists", model::SelectorOperator::exists},
    {"DoesNotExist", model::SelectorOperator::does_not_exist},
}};
constexpr std::size_t kMaxSelectorItems = 64;
constexpr std::size_t kMaxLabelKey = 317;  // prefix of 253, "/", name of 63
constexpr std::size_t kMaxName = 253;

std::string shown(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  return text;
}

// JSON writes 5 and 5.0; both are the integer 5, as for the API server.
std::optional<std::int64_t> as_integer(const JsonValue& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value.value)) return *n;
  const auto* d = std::get_if<double>(&value.value);
  if (d == nullptr || *d != std::floor(*d) || std::abs(*d) > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*d);
}

model::SelectorRequirement read_requirement(ObjectReader& reader) {
  model::SelectorRequirement requirement;
  requirement.key = reader.text("key", kMaxLabelKey).value_or("");
  reader.require("key");
  const auto op = reader.choice("operator", kOperators);
  reader.require("operator");
  requirement.values = reader.texts("values", kMaxSelectorItems);
  reader.refuse_unknown();
  if (!op) return requirement;
  requirement.op = *op;
  const bool needs_values = *op == model::SelectorOperator::in || *op == model::SelectorOperator::not_in;
  if (needs_values && requirement.values.empty()) reader.add_problem("values", "must not be empty for In and NotIn");
  if (!needs_values && !requirement.values.empty()) {
    reader.add_problem("values", "must be empty for Exists and DoesNotExist");
  }
  return requirement;
}

}  // namespace

void Problems::add(std::string_view path, std::string_view text) {
  all_.push_back(std::string(path) + ": " + std::string(text));
}

base::Error Problems::as_error() const {
  std::string message;
  for (const auto& problem : all_) message += (message.empty() ? "" : "; ") + problem;
  return base::invalid_input(std::move(message));
}

ObjectReader::ObjectReader(const JsonValue& value, std::string path, Problems& problems)
    : value_(&value), path_(std::move(path)), problems_(&problems) {
  if (!value.is_null() && !std::holds_alternative<JsonValue::Object>(value.value)) {
    problems_->add(path_, "must be an object");
  }
}

std::string ObjectReader::path_of(std::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void ObjectReader::add_problem(std::string_view name, std::string_view text) {
  problems_->add(path_of(name), text);
}

void ObjectReader::require(std::string_view name) {
  if (get(name) == nullptr) add_problem(name, "is required");
}

const JsonValue* ObjectReader::get(std::string_view name) {
  read_.emplace(name);
  const JsonValue* found = value_->find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name, IntegerRange range) {
  const JsonValue* found = get(name);
  if (found == nullptr) return std::nullopt;
  const auto value = as_integer(*found);
  if (!value) {
    add_problem(name, "must be an integer");
    return std::nullopt;
  }
  if (*value < range.least || *value > range.most) {
    add_problem(name, "must be between " + std::to_string(range.least) + " and " + std::to_string(range.most));
    return std::nullopt;
  }
  return value;
}

std::optional<double> ObjectReader::number(std::string_view name, NumberRange range) {
  const JsonValue* found = get(name);
  if (found == nullptr) return std::nullopt;
  std::optional<double> value;
  if (const auto* n = std::get_if<std::int64_t>(&found->value)) value = static_cast<double>(*n);
  if (const auto* d = std::get_if<double>(&found->value)) value = *d;
  if (!value) {
    add_problem(name, "must be a number");
    return std::nullopt;
  }
  if (!(*value >= range.least && *value <= range.most)) {
    add_problem(name, "must be between " + shown(range.least) + " and " + shown(range.most));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> ObjectReader::flag(std::string_view name) {
  const JsonValue* found = get(name);
  if (found == nullptr) return std::nullopt;
  if (const auto* value = std::get_if<bool>(&found->value)) return *value;
  add_problem(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::string> ObjectReader::text(std::string_view name, std::size_t max_length) {
  const JsonValue* found = get(name);
  if (found == nullptr) return std::nullopt;
  const auto* value = std::get_if<std::string>(&found->value);
  if (value == nullptr) {
    add_problem(name, "must be a string");
    return std::nullopt;
  }
  if (value->size() > max_length) {
    add_problem(name, "must have at most " + std::to_string(max_length) + " characters");
    return std::nullopt;
  }
  return *value;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view name) {
  const JsonValue* found = get(name);
  if (found == nullptr) return std::nullopt;
  if (!std::holds_alternative<JsonValue::Object>(found->value)) {
    add_problem(name, "must be an object");
    return std::nullopt;
  }
  return ObjectReader(*found, path_of(name), *problems_);
}

std::vector<ObjectReader> ObjectReader::objects(std::string_view name, std::size_t max_items) {
  std::vector<ObjectReader> readers;
  const JsonValue* found = get(name);
  if (found == nullptr) return readers;
  const auto* list = std::get_if<JsonValue::Array>(&found->value);
  if (list == nullptr) {
    add_problem(name, "must be a list");
    return readers;
  }
  if (list->size() > max_items) add_problem(name, "must have at most " + std::to_string(max_items) + " items");
  for (std::size_t i = 0; i < list->size() && i < max_items; ++i) {
    const std::string path = path_of(name) + "[" + std::to_string(i) + "]";
    if (std::holds_alternative<JsonValue::Object>((*list)[i].value)) {
      readers.emplace_back((*list)[i], path, *problems_);
    } else {
      problems_->add(path, "must be an object");
    }
  }
  return readers;
}

std::vector<std::string> ObjectReader::texts(std::string_view name, std::size_t max_items) {
  std::vector<std::string> words;
  const JsonValue* found = get(name);
  if (found == nullptr) return words;
  const auto* list = std::get_if<JsonValue::Array>(&found->value);
  if (list == nullptr) {
    add_problem(name, "must be a list of strings");
    return words;
  }
  if (list->size() > max_items) add_problem(name, "must have at most " + std::to_string(max_items) + " items");
  for (std::size_t i = 0; i < list->size() && i < max_items; ++i) {
    const auto* word = std::get_if<std::string>(&(*list)[i].value);
    if (word != nullptr && word->size() <= kMaxName) {
      words.push_back(*word);
    } else {
      problems_->add(path_of(name) + "[" + std::to_string(i) + "]",
                     "must be a string of at most " + std::to_string(kMaxName) + " characters");
    }
  }
  return words;
}

const JsonValue::Object* ObjectReader::members(std::string_view name, std::size_t max_items) {
  const JsonValue* found = get(name);
  if (found == nullptr) return nullptr;
  const auto* all = std::get_if<JsonValue::Object>(&found->value);
  if (all == nullptr) {
    add_problem(name, "must be an object");
  } else if (all->size() > max_items) {
    add_problem(name, "must have at most " + std::to_string(max_items) + " members");
  }
  return all;
}

std::optional<model::LabelSelector> ObjectReader::selector(std::string_view name) {
  auto reader = object(name);
  if (!reader) return std::nullopt;
  model::LabelSelector selector;
  if (const auto* labels = reader->members("matchLabels", kMaxSelectorItems)) {
    for (const auto& [key, value] : *labels) {
      const auto* word = std::get_if<std::string>(&value.value);
      if (word == nullptr) {
        reader->add_problem("matchLabels." + key, "must be a string");
      } else {
        selector.match_labels.emplace(key, *word);
      }
    }
  }
  for (auto& expression : reader->objects("matchExpressions", kMaxSelectorItems)) {
    selector.match_expressions.push_back(read_requirement(expression));
  }
  // A half-understood selector would cover the wrong pods or nodes.
  reader->refuse_unknown();
  return selector;
}

void ObjectReader::ignore(std::string_view name) {
  if (get(name) != nullptr) ignored_.emplace(name);
}

void ObjectReader::refuse_unknown() {
  const auto* members = std::get_if<JsonValue::Object>(&value_->value);
  if (members == nullptr) return;
  for (const auto& member : *members) {
    if (read_.count(member.name) == 0) add_problem(member.name, "is no field of this version");
  }
}

void ObjectReader::note_ignored(std::set<std::string>& paths) const {
  std::string general;  // path_ with "[3]" as "[]"
  for (const char c : path_) {
    if (general.empty() || general.back() != '[' || c == ']') general += c;
  }
  const auto* members = std::get_if<JsonValue::Object>(&value_->value);
  if (members == nullptr) return;
  for (const auto& member : *members) {
    if (member.value.is_null()) continue;
    if (read_.count(member.name) == 0 || ignored_.count(member.name) != 0) paths.insert(general + "." + member.name);
  }
}

Metadata read_metadata(const JsonValue& object, Problems& problems) {
  Metadata metadata;
  const JsonValue* found = object.find("metadata");
  if (found == nullptr) {
    problems.add("metadata", "is required");
    return metadata;
  }
  ObjectReader reader(*found, "metadata", problems);
  metadata.name = reader.text("name", kMaxName).value_or("");
  reader.require("name");
  metadata.ns = reader.text("namespace", kMaxName).value_or("");
  metadata.uid = reader.text("uid", kMaxName).value_or("");
  metadata.resource_version = reader.text("resourceVersion", kMaxName).value_or("");
  metadata.generation = reader.integer("generation", {0, INT64_MAX}).value_or(0);
  return metadata;
}

}  // namespace headroom::topology
