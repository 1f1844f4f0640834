#include "runtime/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "runtime/file.h"
#include "runtime/json_text.h"

namespace headroom::runtime {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxValues = 1'000'000;  // more only comes from alias bombs

// A mistake at a place in the file; ends the conversion.
struct BadYaml {
  int line;
  int column;
  std::string what;
};

bool is_decimal_integer(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;  // "010" is text, never octal
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return false;
  if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return false;
  return std::any_of(text.begin(), text.end(), is_digit) &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

ConfigValue::Any plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return std::monostate{};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (is_decimal_integer(text)) {
    if (const auto integer = whole_number<std::int64_t>(text)) return *integer;
  }
  if (looks_like_number(text)) {
    // Zero has no sign, as of "-0": the same number must not mean two things by how it is written.
    if (const auto number = whole_number<double>(text)) return *number == 0 ? 0.0 : *number;
  }
  return text;
}

class Converter {
 public:
  ConfigValue convert(const YAML::Node& node, int depth) {
    const YAML::Mark mark = node.Mark();
    if (depth > kMaxDepth) throw BadYaml{mark.line, mark.column, "nested more than 64 levels deep"};
    if (++values_ > kMaxValues) throw BadYaml{mark.line, mark.column, "more than a million values (aliases?)"};
    const int line = mark.line + 1;
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return ConfigValue(std::monostate{}, line);
      case YAML::NodeType::Scalar: return ConfigValue(scalar(node), line);
      case YAML::NodeType::Sequence: return ConfigValue(list(node, depth), line);
      case YAML::NodeType::Map: return ConfigValue(map(node, depth), line);
    }
    return {};
  }

 private:
  static ConfigValue::Any scalar(const YAML::Node& node) {
    // yaml-cpp marks plain scalars "?" and quoted or block ones "!"; an explicit tag other than !!str is not ours.
    const std::string& tag = node.Tag();
    if (tag == "?" || tag.empty()) return plain_scalar(node.Scalar());
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return node.Scalar();
    throw BadYaml{node.Mark().line, node.Mark().column, "tag " + tag + " is not supported"};
  }

  ConfigValue::List list(const YAML::Node& node, int depth) {
    ConfigValue::List items;
    items.reserve(node.size());
    for (const YAML::Node& item : node) items.push_back(convert(item, depth + 1));
    return items;
  }

  ConfigValue::Map map(const YAML::Node& node, int depth) {
    ConfigValue::Map entries;
    std::set<std::string, std::less<>> seen;
    for (const auto& entry : node) {
      const YAML::Mark mark = entry.first.Mark();
      if (!entry.first.IsScalar()) throw BadYaml{mark.line, mark.column, "a key must be a plain word or a string"};
      const std::string& key = entry.first.Scalar();
      if (key == "<<") throw BadYaml{mark.line, mark.column, "merge keys (<<) are not supported"};
      if (!seen.insert(key).second) {
        throw BadYaml{mark.line, mark.column, "key \"" + key + "\" stands twice in one map"};
      }
      entries.emplace_back(key, convert(entry.second, depth + 1));
    }
    return entries;
  }

  std::size_t values_ = 0;
};

void write_json(const ConfigValue& value, std::string& out);

void write_list(const ConfigValue::List& list, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    write_json(list[i], out);
  }
  out += ']';
}

void write_map(const ConfigValue::Map& map, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (i > 0) out += ',';
    out += json_quoted(map[i].first);
    out += ':';
    write_json(map[i].second, out);
  }
  out += '}';
}

void write_json(const ConfigValue& value, std::string& out) {
  if (const auto* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = value.as_integer()) {
    out += std::to_string(*integer);
  } else if (const auto* number = value.as_number()) {
    out += json_number(*number);
  } else if (const auto* text = value.as_text()) {
    out += json_quoted(*text);
  } else if (const auto* list = value.as_list()) {
    write_list(*list, out);
  } else if (const auto* map = value.as_map()) {
    write_map(*map, out);
  } else {
    out += "null";
  }
}

// YAML is UTF-8 without control characters. yaml-cpp takes any bytes, some with a meaning of its own (0x04 ends a
// file).
void refuse_other_encodings(std::string_view text) {
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
  });
  const std::size_t at = std::min(first_not_utf8(text), static_cast<std::size_t>(control - text.begin()));
  if (at >= text.size()) return;
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n');
  const int column = static_cast<int>(at - (before.rfind('\n') + 1));
  throw BadYaml{static_cast<int>(line), column, "is not UTF-8, or a control character"};
}

// yaml-cpp 0.7 goes on for ever, taking memory, where a document begins with a token that it cannot take (",\nw"):
// every document must begin behind the one before it.
class Progress final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (last_ && mark.pos <= *last_) throw BadYaml{mark.line, mark.column, "unexpected character"};
    last_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::optional<int> last_;
};

void refuse_endless(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Progress progress;
  while (parser.HandleNextDocument(progress)) {
  }
}

base::Error located(std::string_view source, const BadYaml& bad) {
  return base::invalid_input(std::string(source) + ":" + std::to_string(bad.line + 1) + ":" +
                             std::to_string(bad.column + 1) + ": " + bad.what);
}

}  // namespace

const ConfigValue* ConfigValue::find(std::string_view key) const {
  const Map* map = as_map();
  if (map == nullptr) return nullptr;
  const auto found = std::find_if(map->begin(), map->end(), [&](const auto& entry) { return entry.first == key; });
  return found == map->end() ? nullptr : &found->second;
}

std::string_view ConfigValue::type_name() const {
  struct Namer {
    std::string_view operator()(std::monostate) const { return "nothing"; }
    std::string_view operator()(bool) const { return "true/false"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a number"; }
    std::string_view operator()(const std::string&) const { return "text"; }
    std::string_view operator()(const List&) const { return "a list"; }
    std::string_view operator()(const Map&) const { return "a map"; }
  };
  return std::visit(Namer{}, value_);
}

base::Result<std::vector<ConfigValue>> parse_yaml_documents(std::string_view text, std::string_view source) {
  // yaml-cpp throws; nothing of it leaves this function.
  try {
    refuse_other_encodings(text);
    std::vector<ConfigValue> documents;
    const std::string owned(text);
    refuse_endless(owned);
    for (const YAML::Node& node : YAML::LoadAll(owned)) {
      ConfigValue value = Converter().convert(node, 0);
      if (!value.is_null()) documents.push_back(std::move(value));
    }
    return documents;
  } catch (const BadYaml& bad) {
    return located(source, bad);
  } catch (const YAML::Exception& error) {
    return located(source, {error.mark.line, error.mark.column, error.msg});
  }
}

base::Result<ConfigValue> parse_yaml(std::string_view text, std::string_view source) {
  auto documents = parse_yaml_documents(text, source);
  if (!documents) return documents.error();
  if (documents->size() > 1) return base::invalid_input(std::string(source) + ": more than one document (---)");
  if (documents->empty()) return ConfigValue{};
  return std::move(documents->front());
}

base::Result<ConfigValue> read_yaml_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  return parse_yaml(*text, path);
}

std::string to_json(const ConfigValue& value) {
  std::string out;
  write_json(value, out);
  return out;
}

}  // namespace headroom::runtime
