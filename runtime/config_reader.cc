#include "runtime/config_reader.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace headroom::runtime {
namespace {

std::optional<base::Milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit(parsed.ptr, static_cast<std::size_t>(text.data() + text.size() - parsed.ptr));
  if (unit == "ms") return base::Milliseconds(count);
  if (unit == "s") return base::Milliseconds(count * 1'000);
  if (unit == "m") return base::Milliseconds(count * 60'000);
  if (unit == "h") return base::Milliseconds(count * 3'600'000);
  return std::nullopt;
}

std::string range_text(std::string_view least, std::string_view most) {
  return "must be from " + std::string(least) + " to " + std::string(most);
}

std::string trimmed_number(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

std::optional<double> number_of(const ConfigValue& value) {
  if (const auto* integer = value.as_integer()) return static_cast<double>(*integer);
  if (const auto* number = value.as_number()) return *number;
  return std::nullopt;
}

}  // namespace

struct ConfigReader::Findings {
  std::string source;
  const ConfigValue* root = nullptr;
  std::vector<std::string> problems;
  std::set<std::string> asked;
  std::set<const ConfigValue*> used;      // values somebody asked for
  std::set<const ConfigValue*> examined;  // maps whose other keys are therefore unknown
};

ConfigReader::ConfigReader(const ConfigValue& tree, std::string source)
    : node_(tree.is_null() ? nullptr : &tree), findings_(std::make_shared<Findings>()) {
  findings_->source = std::move(source);
  findings_->root = &tree;
  if (node_ == nullptr) return;
  if (node_->as_map() == nullptr) {
    findings_->problems.push_back("must be a map, is " + std::string(node_->type_name()));
    node_ = nullptr;
    return;
  }
  findings_->examined.insert(node_);
}

ConfigReader::ConfigReader(const ConfigValue* node, std::string path, std::shared_ptr<Findings> findings)
    : node_(node), path_(std::move(path)), findings_(std::move(findings)) {
  if (node_ != nullptr) findings_->examined.insert(node_);
}

std::string ConfigReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const ConfigValue* ConfigReader::take(std::string_view key) const {
  findings_->asked.insert(path_of(key));
  const ConfigValue* value = node_ == nullptr ? nullptr : node_->find(key);
  if (value == nullptr) return nullptr;
  findings_->used.insert(value);
  return value->is_null() ? nullptr : value;
}

bool ConfigReader::has(std::string_view key) const {
  findings_->asked.insert(path_of(key));
  const ConfigValue* value = node_ == nullptr ? nullptr : node_->find(key);
  return value != nullptr && !value->is_null();
}

void ConfigReader::problem(std::string_view key, std::string_view message) const {
  const ConfigValue* value = node_ == nullptr ? nullptr : node_->find(key);
  std::string text = path_of(key);
  if (value != nullptr && value->line() > 0) text += " (line " + std::to_string(value->line()) + ")";
  findings_->problems.push_back(text + ": " + std::string(message));
}

void ConfigReader::wrong_type(std::string_view key, const ConfigValue& value, std::string_view wanted) const {
  problem(key, "must be " + std::string(wanted) + ", is " + std::string(value.type_name()));
}

std::string ConfigReader::text(std::string_view key, std::string_view fallback) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return std::string(fallback);
  if (const auto* text = value->as_text()) return *text;
  wrong_type(key, *value, "text (in quotes where it looks like a number)");
  return std::string(fallback);
}

std::string ConfigReader::required_text(std::string_view key) const {
  std::string value = text(key, "");
  if (value.empty() && !(has(key) && take(key)->as_text() == nullptr)) problem(key, "must be given");
  return value;
}

std::int64_t ConfigReader::integer(std::string_view key, const IntegerField& field) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return field.fallback;
  const auto* integer = value->as_integer();
  if (integer == nullptr) {
    wrong_type(key, *value, "an integer");
    return field.fallback;
  }
  if (*integer >= field.least && *integer <= field.most) return *integer;
  problem(key, range_text(std::to_string(field.least), std::to_string(field.most)));
  return field.fallback;
}

double ConfigReader::number(std::string_view key, const NumberField& field) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return field.fallback;
  const auto number = number_of(*value);
  if (!number) {
    wrong_type(key, *value, "a number");
    return field.fallback;
  }
  if (*number >= field.least && *number <= field.most) return *number;
  problem(key, range_text(trimmed_number(field.least), trimmed_number(field.most)));
  return field.fallback;
}

bool ConfigReader::flag(std::string_view key, bool fallback) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return fallback;
  if (const auto* flag = value->as_bool()) return *flag;
  wrong_type(key, *value, "true or false");
  return fallback;
}

base::Milliseconds ConfigReader::duration(std::string_view key, const DurationField& field) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return field.fallback;
  const auto* text = value->as_text();
  const auto duration = text == nullptr ? std::nullopt : parse_duration(*text);
  if (!duration) {
    problem(key, "must be a duration such as \"250ms\", \"10s\", \"2m\" or \"1h\"");
    return field.fallback;
  }
  if (*duration >= field.least && *duration <= field.most) return *duration;
  problem(key, range_text(std::to_string(field.least.count()) + "ms", std::to_string(field.most.count()) + "ms"));
  return field.fallback;
}

std::vector<std::string> ConfigReader::text_list(std::string_view key) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return {};
  const auto* list = value->as_list();
  if (list == nullptr) {
    wrong_type(key, *value, "a list of texts");
    return {};
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const auto* text = (*list)[i].as_text()) {
      texts.push_back(*text);
    } else {
      problem(key, "item " + std::to_string(i) + " must be text, is " + std::string((*list)[i].type_name()));
    }
  }
  return texts;
}

std::size_t ConfigReader::choice(std::string_view key, std::initializer_list<std::string_view> names,
                                 std::size_t fallback) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return fallback;
  if (const auto* text = value->as_text()) {
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  std::string known;
  for (const std::string_view name : names) known += (known.empty() ? "" : ", ") + std::string(name);
  problem(key, "must be one of: " + known);
  return fallback;
}

ConfigReader ConfigReader::section(std::string_view key) const {
  const ConfigValue* value = take(key);
  if (value != nullptr && value->as_map() == nullptr) {
    wrong_type(key, *value, "a map");
    value = nullptr;
  }
  return {value, path_of(key), findings_};
}

std::vector<ConfigReader> ConfigReader::sections(std::string_view key) const {
  const ConfigValue* value = take(key);
  if (value == nullptr) return {};
  const auto* list = value->as_list();
  if (list == nullptr) {
    wrong_type(key, *value, "a list");
    return {};
  }
  std::vector<ConfigReader> readers;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if ((*list)[i].as_map() == nullptr) {
      problem(key, "item " + std::to_string(i) + " must be a map, is " + std::string((*list)[i].type_name()));
      continue;
    }
    readers.push_back({&(*list)[i], path_of(key) + "[" + std::to_string(i) + "]", findings_});
  }
  return readers;
}

std::vector<std::pair<std::string, ConfigReader>> ConfigReader::named_sections(std::string_view key) const {
  const ConfigReader map = section(key);
  std::vector<std::pair<std::string, ConfigReader>> entries;
  if (map.node_ == nullptr) return entries;
  for (const auto& [name, value] : *map.node_->as_map()) entries.emplace_back(name, map.section(name));
  return entries;
}

std::vector<std::pair<std::string, std::string>> ConfigReader::named_texts(std::string_view key) const {
  const ConfigReader map = section(key);
  std::vector<std::pair<std::string, std::string>> entries;
  if (map.node_ == nullptr) return entries;
  for (const auto& [name, value] : *map.node_->as_map()) entries.emplace_back(name, map.text(name, ""));
  return entries;
}

std::vector<std::pair<std::string, double>> ConfigReader::named_numbers(std::string_view key) const {
  const ConfigReader map = section(key);
  std::vector<std::pair<std::string, double>> entries;
  if (map.node_ == nullptr) return entries;
  for (const auto& [name, value] : *map.node_->as_map()) entries.emplace_back(name, map.number(name, {}));
  return entries;
}

std::vector<std::string> ConfigReader::asked() const {
  std::vector<std::string> keys;
  for (const std::string& key : findings_->asked) {
    const auto inside = findings_->asked.lower_bound(key + ".");
    const bool section = inside != findings_->asked.end() && inside->starts_with(key + ".");
    if (!section) keys.push_back(key);
  }
  return keys;
}

base::Status ConfigReader::finish() const {
  std::vector<std::string> problems = findings_->problems;
  const auto report_unknown = [&](const auto& self, const ConfigValue& value, const std::string& path) -> void {
    if (const auto* list = value.as_list()) {
      for (std::size_t i = 0; i < list->size(); ++i) self(self, (*list)[i], path + "[" + std::to_string(i) + "]");
    }
    const auto* map = value.as_map();
    if (map == nullptr || !findings_->examined.contains(&value)) return;
    for (const auto& [key, child] : *map) {
      std::string child_path = path;
      if (!path.empty()) child_path += '.';
      child_path += key;
      if (findings_->used.contains(&child)) {
        self(self, child, child_path);
      } else {
        problems.push_back(child_path + " (line " + std::to_string(child.line()) + "): unknown key");
      }
    }
  };
  report_unknown(report_unknown, *findings_->root, "");
  if (problems.empty()) return base::ok_status();
  std::string message;
  for (const std::string& problem : problems)
    message += (message.empty() ? "" : "\n") + findings_->source + ": " + problem;
  return base::invalid_input(message);
}

}  // namespace headroom::runtime
