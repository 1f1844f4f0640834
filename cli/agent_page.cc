#include "cli/agent_page.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/table.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string() || found->get_ref<const std::string&>().empty()) return "-";
  return found->get<std::string>();
}

std::string watts(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "-";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.1f", found->get<double>());
  return buffer;
}

std::string head_of(const Json& state) {
  std::string head = text(state, "node") + ": " + text(state, "state") + " (" + text(state, "mode") + "), " +
                     text(state, "reason") + "\n";
  head += "budget " + watts(state, "budgetWatts") + " W (" + text(state, "budgetSource") + "), reserve " +
          watts(state, "reserveWatts") + " W (" + text(state, "reserveBasis") + "), applied " +
          watts(state, "appliedWatts") + " W of " + watts(state, "minWatts") + " to " + watts(state, "maxWatts") +
          " W\n\n";
  return head;
}

std::string domains_of(const Json& state) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& domain : state["domains"]) {
    if (!domain.is_object()) continue;
    rows.push_back({text(domain, "id"), text(domain, "kind"), watts(domain, "powerWatts"), watts(domain, "capWatts"),
                    watts(domain, "enforcedWatts"), watts(domain, "floorWatts"), watts(domain, "ceilingWatts"),
                    watts(domain, "originalWatts"), text(domain, "health"), text(domain, "detail")});
  }
  return table_text(
      {"DOMAIN", "KIND", ">WATTS", ">CAP", ">ENFORCED", ">FLOOR", ">CEILING", ">ORIGINAL", "HEALTH", "DETAIL"}, rows);
}

void add_line(std::string& out, const std::string& name, const Json& state, const char* key) {
  const std::string said = text(state, key);
  if (said != "-") out += name + ": " + said + "\n";
}

}  // namespace

base::Result<std::string> agent_text(std::string_view page) {
  const Json state = Json::parse(page, nullptr, false);
  if (state.is_discarded() || !state.is_object()) {
    return base::unavailable("no state to show: " + std::string(page.substr(0, 200)));
  }
  if (!state.contains("domains") || !state["domains"].is_array()) {
    return base::invalid_input("the reply is not an agent's /debug/state");
  }
  std::string out = head_of(state) + domains_of(state);
  if (state.value("paused", Json(false)) == Json(true)) {
    out += "paused: the whole cluster is, nothing is raised or given back\n";
  }
  add_line(out, "order refused", state, "orderProblem");
  add_line(out, "API server", state, "apiServer");
  for (const Json& note : state.value("notes", Json::array())) {
    if (note.is_string()) out += "note: " + note.get<std::string>() + "\n";
  }
  return out;
}

}  // namespace headroom::cli
