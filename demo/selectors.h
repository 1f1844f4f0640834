// labelSelector and fieldSelector of lists and watches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "demo/json.h"
#include "runtime/http_message.h"

namespace headroom::demo {

class Selectors {
 public:
  // Nothing: one of them is not understood.
  [[nodiscard]] static std::optional<Selectors> parse(const runtime::QueryParameters& query);
  [[nodiscard]] bool matches(const Json& object) const;

 private:
  struct Term {
    std::string key;
    bool present = true;              // false: must be absent, or none of the values
    std::vector<std::string> values;  // empty: any
  };
  [[nodiscard]] static Term parse_term(const std::string& text);
  [[nodiscard]] static std::optional<std::vector<Term>> parse_terms(const std::string& text);
  [[nodiscard]] static bool holds(const Term& term, const std::optional<std::string>& value);

  std::vector<Term> labels_;
  std::vector<Term> fields_;
};

}  // namespace headroom::demo
