// A verdict in names and watts, for /explain, logs and the CLI. Cold path: allocates freely.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/books.h"
#include "scoring/judge.h"
#include "scoring/verdict.h"

namespace headroom::scoring {

// One limit that bears on the node, whether it refused or not.
struct LimitExplanation {
  std::string kind;  // "element", "rackPolicy", "policyCap"
  std::string name;  // of the element, or "policy namespace/name rack r"
  std::string type;  // of the element: "Rack", "PDU", ...
  base::Power limit;
  base::Power booked;  // before placement, reservations in flight included
  base::Power present;
  base::Power in_flight;  // of booked: reservations and nominations that the books do not show yet
  base::Power demand;     // what the pod would add here
  base::Power headroom;   // limit - booked - demand; negative: missing
  bool enforced = true;   // false: Recommend
};

struct Explanation {
  std::string node;
  std::string rack;
  std::string node_class;    // "default" or the selector's text
  std::string outcome;       // "feasible", "refused for now", "refused for ever", "unknown"
  std::string reason;        // reason code; empty when feasible
  std::string message;       // one sentence with names and watts
  std::string would_refuse;  // reason code
  std::string telemetry;     // "fresh", "stale", "never"
  std::string provenance;
  base::Power estimate;
  base::Power demand;
  base::Power measured;
  base::Power booked;
  base::Power present;
  std::optional<base::Temperature> inlet;
  std::optional<base::Temperature> inlet_limit;
  int score = 0;
  std::vector<std::string> policies;
  std::vector<LimitExplanation> limits;  // the tightest first
};

// node_name need not be known.
[[nodiscard]] Explanation explain(Judge& judge, const Books& books, std::string_view node_name);

// One sentence: "rack r1 of 8.0 kW holds 7.9 kW, 150 W more are needed (50 W missing)".
[[nodiscard]] std::string sentence(const Verdict& verdict, const Books& books);

}  // namespace headroom::scoring
