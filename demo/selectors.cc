#include "demo/selectors.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headroom::demo {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// At commas outside parentheses.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<std::string> text_at(const Json& object, const std::string& path) {
  const Json* at = &object;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('.', begin), path.size());
    const auto found = at->is_object() ? at->find(path.substr(begin, end - begin)) : at->end();
    if (!at->is_object() || found == at->end()) return std::nullopt;
    at = &*found;
    begin = end + 1;
  }
  return at->is_string() ? std::optional(at->get<std::string>()) : std::nullopt;
}

}  // namespace

// "key in (a,b)", "key notin (a)", "key=a", "key==a", "key!=a", "key", "!key".
Selectors::Term Selectors::parse_term(const std::string& text) {
  for (const auto& [word, present] : {std::pair{" in (", true}, std::pair{" notin (", false}}) {
    const auto at = text.find(word);
    if (at == std::string::npos || !text.ends_with(')')) continue;
    Term term{trimmed(text.substr(0, at)), present, {}};
    const auto begin = text.find('(', at) + 1;
    for (const std::string& value : split(text.substr(begin, text.size() - begin - 1))) {
      term.values.push_back(trimmed(value));
    }
    return term;
  }
  const auto equal = text.find('=');
  if (equal == std::string::npos) {
    const bool present = text.front() != '!';
    return {trimmed(present ? text : text.substr(1)), present, {}};
  }
  const bool present = equal == 0 || text[equal - 1] != '!';
  const auto value = text.find_first_not_of('=', equal);
  return {trimmed(text.substr(0, present ? equal : equal - 1)),
          present,
          {value == std::string::npos ? std::string() : trimmed(text.substr(value))}};
}

std::optional<std::vector<Selectors::Term>> Selectors::parse_terms(const std::string& text) {
  std::vector<Term> terms;
  for (const std::string& raw : split(text)) {
    const std::string part = trimmed(raw);
    if (part.empty()) continue;
    terms.push_back(parse_term(part));
    if (terms.back().key.empty()) return std::nullopt;
  }
  return terms;
}

std::optional<Selectors> Selectors::parse(const runtime::QueryParameters& query) {
  Selectors selectors;
  const auto read = [&](const char* name, std::vector<Term>& terms) {
    const auto found = query.find(name);
    if (found == query.end()) return true;
    auto parsed = parse_terms(found->second);
    if (!parsed) return false;
    terms = *std::move(parsed);
    return true;
  };
  if (!read("labelSelector", selectors.labels_) || !read("fieldSelector", selectors.fields_)) return std::nullopt;
  return selectors;
}

bool Selectors::holds(const Term& term, const std::optional<std::string>& value) {
  const bool listed =
      value && (term.values.empty() || std::find(term.values.begin(), term.values.end(), *value) != term.values.end());
  return listed == term.present;
}

bool Selectors::matches(const Json& object) const {
  const auto label = [&](const Term& term) {
    const auto labels = object.at("metadata").find("labels");
    if (labels == object.at("metadata").end() || !labels->contains(term.key)) return holds(term, std::nullopt);
    return holds(term, labels->at(term.key).get<std::string>());
  };
  // A field that is not there counts as empty, as in Kubernetes.
  const auto field = [&](const Term& term) { return holds(term, text_at(object, term.key).value_or("")); };
  return std::all_of(labels_.begin(), labels_.end(), label) && std::all_of(fields_.begin(), fields_.end(), field);
}

}  // namespace headroom::demo
