#include "kube/labels_reader.h"

#include <array>
#include <string>
#include <utility>

namespace headroom::kube {
namespace {

model::SelectorOperator read_operator(JsonCursor& cursor) {
  using enum model::SelectorOperator;
  static constexpr std::array<std::pair<std::string_view, model::SelectorOperator>, 6> kOperators{
      {{"In", in},
       {"NotIn", not_in},
       {"Exists", exists},
       {"DoesNotExist", does_not_exist},
       {"Gt", greater_than},
       {"Lt", less_than}}};
  const std::string_view name = cursor.view();
  for (const auto& [text, op] : kOperators) {
    if (text == name) return op;
  }
  cursor.fail("'" + std::string(name.substr(0, 40)) + "' is no selector operator");
  return in;
}

}  // namespace

model::Labels read_labels(JsonCursor& cursor, std::string_view prefix) {
  model::Labels labels;
  cursor.fields([&](std::string_view key, JsonCursor& value) {
    if (key.starts_with(prefix)) labels.emplace(std::string(key), value.text());
  });
  return labels;
}

std::vector<model::SelectorRequirement> read_requirements(JsonCursor& cursor) {
  std::vector<model::SelectorRequirement> requirements;
  cursor.items([&](JsonCursor& item) {
    model::SelectorRequirement& requirement = requirements.emplace_back();
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "key") {
        requirement.key = value.text();
      } else if (key == "operator") {
        requirement.op = read_operator(value);
      } else if (key == "values") {
        value.items([&](JsonCursor& text) { requirement.values.push_back(text.text()); });
      }
    });
  });
  return requirements;
}

}  // namespace headroom::kube
