#include "cli/pages.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/table.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// Text, whole numbers as they are, others with one decimal; "-" for nothing.
std::string cell(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty() ? "-" : value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  if (value.is_number()) return number(value.get<double>(), 1);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return "-";
}

std::string cell(const Json& object, const char* key) {
  return cell(member(object, key));
}

std::string watts(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number() ? number(std::round(value.get<double>()), 0) : "-";
}

// {"rack power": 3, "inlet too hot": 1} as "3 rack power, 1 inlet too hot".
std::string counts(const Json& object) {
  std::string text;
  if (!object.is_object()) return "-";
  for (const auto& [key, value] : object.items()) text += (text.empty() ? "" : ", ") + cell(value) + " " + key;
  return text.empty() ? "-" : text;
}

base::Result<Json> parse(std::string_view text, const char* wanted) {
  Json page = Json::parse(text, nullptr, false);
  if (page.is_discarded() || !page.is_object()) return base::invalid_input("the reply is not a JSON object");
  if (page.contains("error")) return base::unavailable(cell(page, "error"));
  if (!member(page, wanted).is_array()) {
    const std::string reason = cell(page, "reason");
    if (reason != "-") return base::unavailable("the extender is not ready: " + reason);
    return base::invalid_input(std::string("the reply has no list \"") + wanted + "\"");
  }
  return page;
}

std::string not_ready(const Json& page) {
  const Json& ready = member(page, "ready");
  if (!ready.is_boolean() || ready.get<bool>()) return {};
  return "\nNOT READY: " + cell(page, "reason") + "\n";
}

// A heading and a table; nothing at all where there are no rows.
std::string section(const char* title, const std::vector<std::string>& headers, const Rows& rows) {
  if (rows.empty()) return {};
  return std::string("\n") + title + "\n" + table_text(headers, rows);
}

std::string elements_section(const Json& page) {
  Rows rows;
  for (const Json& e : member(page, "elements")) {
    rows.push_back({cell(e, "name"), cell(e, "type"), cell(e, "mode"), watts(e, "limitWatts"), watts(e, "bookedWatts"),
                    watts(e, "inFlightWatts"), watts(e, "headroomWatts"), watts(e, "presentWatts"),
                    watts(e, "measuredWatts"), watts(e, "unmanagedWatts")});
  }
  if (rows.empty()) return "No PowerTopology: racks come from the nodes' label, limits from policies.\n";
  return table_text({"ELEMENT", "TYPE", "MODE", ">LIMIT W", ">BOOKED", ">IN FLIGHT", ">HEADROOM", ">PRESENT",
                     ">MEASURED", ">UNMANAGED"},
                    rows);
}

std::string policies_section(const Json& page) {
  Rows rows;
  for (const Json& p : member(page, "policies")) {
    rows.push_back({cell(p, "name"), watts(p, "limitWatts"), watts(p, "loadWatts"), cell(p, "members"),
                    cell(p, "bound"), cell(p, "placedByUs")});
  }
  return section("Policies", {"POLICY", ">LIMIT W", ">LOAD", ">MEMBERS", ">BOUND", ">PLACED BY US"}, rows);
}

std::string sources_section(const Json& page) {
  Rows rows;
  for (const Json& s : member(page, "sources")) {
    rows.push_back({cell(s, "name"), cell(s, "endpoint"), cell(s, "up"), cell(s, "ageSeconds"), cell(s, "error")});
  }
  return section("Sources", {"SOURCE", "ENDPOINT", "UP", ">AGE S", "ERROR"}, rows);
}

std::string conditions_section(const Json& page) {
  Rows rows;
  for (const Json& c : member(page, "conditions")) rows.push_back({cell(c, "kind"), cell(c, "subject")});
  return section("Conditions", {"CONDITION", "SUBJECT"}, rows);
}

std::string limits_of(const Json& node) {
  Rows rows;
  for (const Json& l : member(node, "limits")) {
    rows.push_back({cell(l, "name"), cell(l, "kind"), cell(l, "type"), watts(l, "limitWatts"), watts(l, "bookedWatts"),
                    watts(l, "inFlightWatts"), watts(l, "demandWatts"), watts(l, "headroomWatts"),
                    cell(l, "enforced")});
  }
  return section("Limits, the tightest first",
                 {"LIMIT", "KIND", "TYPE", ">WATTS", ">BOOKED", ">IN FLIGHT", ">DEMAND", ">HEADROOM AFTER", "ENFORCED"},
                 rows);
}

}  // namespace

base::Result<std::string> racks_text(std::string_view snapshot) {
  const auto page = parse(snapshot, "racks");
  if (!page) return page.error();
  Rows rows;
  for (const Json& r : member(*page, "racks")) {
    const Json& inlet = member(r, "inlet");
    rows.push_back({cell(r, "name"), cell(r, "standing"), cell(r, "nodes"), watts(r, "limitWatts"),
                    watts(r, "bookedWatts"), watts(r, "inFlightWatts"), watts(r, "headroomWatts"),
                    watts(r, "presentWatts"), cell(inlet, "celsius"), cell(r, "maxInletCelsius"),
                    counts(member(r, "waitingRefused"))});
  }
  return table_text({"RACK", "STANDING", ">NODES", ">LIMIT W", ">BOOKED", ">IN FLIGHT", ">HEADROOM", ">PRESENT",
                     ">INLET C", ">MAX C", "WAITING, REFUSED HERE"},
                    rows) +
         not_ready(*page);
}

base::Result<std::string> topology_text(std::string_view snapshot) {
  const auto page = parse(snapshot, "elements");
  if (!page) return page.error();
  return elements_section(*page) + policies_section(*page) + sources_section(*page) + conditions_section(*page) +
         not_ready(*page);
}

base::Result<std::string> explain_text(std::string_view explanation) {
  const auto page = parse(explanation, "nodes");
  if (!page) return page.error();
  const Json& nodes = member(*page, "nodes");
  std::string text = "pod " + cell(*page, "pod") + ", scheduler " + cell(*page, "schedulerName") + ", " +
                     (cell(*page, "node") == "-" ? "not bound" : "bound to " + cell(*page, "node")) + "\n\n";
  Rows rows;
  for (const Json& n : nodes) {
    rows.push_back({cell(n, "node"), cell(n, "rack"), cell(n, "score"), cell(n, "outcome"), watts(n, "demandWatts"),
                    cell(n, "telemetry"), cell(n, "inletCelsius"), cell(n, "message")});
  }
  text += table_text({"NODE", "RACK", ">SCORE", "OUTCOME", ">DEMAND W", "TELEMETRY", ">INLET C", "WHY"}, rows);
  if (nodes.size() == 1) text += limits_of(nodes.front());
  return text;
}

}  // namespace headroom::cli
