// What powercap wrote on its Node in each of its eras, and what this agent reads from it and writes there itself. Pure.
//
//   annotation power-manager/initialized                    "kcas-power-manager": originals have been saved
//   labels     rapl{D}/constraint_{N}_power_limit_uw        what is in force (Jan 2025); with dashes instead of
//   labels     crapl{D}/constraint_{N}_power_limit_uw       underscores in Nov 2024. "c": the original
//   labels     rapl/max_power_uw, rapl/pmax                 Feb to Aug 2025: hardware maximum, cap in force
//   annotations of the same names, rapl/provider, rapl/last-update, rapl/market-{period,volume,price}:
//   from Oct 2025
//   annotation powercapping.example.com/rapl-originals      ours: boot id and the original of every control
//
// D counts the CPU packages from 0, N is 0 for the long-term and 1 for the short-term limit. All values are microwatts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/standalone/cap_rule.h"
#include "rapl-agent/standalone/cap_source.h"

namespace headroom::rapl_agent::standalone {

inline constexpr std::string_view kOriginalsAnnotation = "powercapping.example.com/rapl-originals";
inline constexpr std::string_view kInitializedAnnotation = "power-manager/initialized";

struct NodeMarks {
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;

  bool operator==(const NodeMarks&) const = default;
};

// The node as far as it matters here.
struct NodeView {
  NodeMarks marks;
  std::string boot_id;  // status.nodeInfo.bootID: what kubelet last said
};

// The hardware as the agent reports it. Empty while it has reported no CPU package.
[[nodiscard]] Hardware hardware_of(const core::AgentReport& report);

struct MarkInput {
  CapScope scope = CapScope::node;
  std::string_view provider;  // name of the source
  std::string_view period;    // of its last answer; empty: it told none
  MarketFacts market{};       // likewise
};
// What the node should carry for this report: caps as they were read back, never as they were asked for. A value that
// is not known is left out, and stays on the node as it was. Without rapl/last-update.
[[nodiscard]] NodeMarks marks_of(const core::AgentReport& report, const MarkInput& input);

// The originals annotation and back. Nothing: there is none, or it is not one of ours.
struct NotedOriginals {
  std::string boot_id;
  std::vector<core::JournalControl> controls;

  bool operator==(const NotedOriginals&) const = default;
};
[[nodiscard]] std::string originals_text(const NotedOriginals& originals);
[[nodiscard]] std::optional<NotedOriginals> originals_in(const NodeMarks& marks);

// A limit of a CPU package as it stands before the agent's first tick.
struct StandingLimit {
  core::ControlKey key;
  int package = 0;  // D of the labels
  std::uint64_t value = 0;
  std::optional<base::Power> max_hint;
};

// What the agent starts from, where its journal on the node is gone (a new container has a new file system):
//   - our annotation, when it is of this boot: its originals, certain, and what stands below them is our work;
//   - else what powercap left: a crapl label above the standing limit is that limit's original; without such labels, a
//     standing limit that equals rapl/pmax was powercap's work, and the original is taken to be rapl/max_power_uw, no
//     more than the hardware says for it;
//   - else nothing: the agent records what stands.
// A journal of this boot wins over all of it.
struct RecoverInput {
  core::Recovered journal;
  std::string boot_id;
  NodeMarks marks;
  std::vector<StandingLimit> standing;
};
[[nodiscard]] core::Recovered recover(RecoverInput input);

}  // namespace headroom::rapl_agent::standalone
