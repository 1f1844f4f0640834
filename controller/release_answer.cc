#include "controller/release_answer.h"

namespace headroom::controller {
namespace {

std::string limit_text(const CapRound& round, std::uint32_t index) {
  const policy::CapLimit& limit = round.input.allocate.limits[index];
  return (limit.kind == policy::LimitKind::element ? "element " : "policy ") + limit.name;
}

ReleaseAnswer refusal(const CapRound& round, const policy::CapNode& node, const policy::NodeReport& report) {
  const std::string by = report.release_refused_by ? limit_text(round, *report.release_refused_by) : std::string();
  if (!report.wanted) {
    if (round.input.allocate.settings.paused) return {"waits: caps are paused", false, false};
    return {"waits: given back, the node could take " + (by.empty() ? "a limit" : by) + " past its limit", false,
            false};
  }
  const std::string who =
      node.asked.any() ? "nodeCaps of a policy ask for a cap here" : (by.empty() ? "a limit" : by) + " needs the cap";
  return {"kept: " + who + "; to take the node out label it powercapping.example.com/capping=disabled", false, true};
}

}  // namespace

std::optional<ReleaseAnswer> release_answer(const CapRound& round, std::size_t index) {
  const policy::CapNode& node = round.input.allocate.nodes[index];
  if (!node.cap || !node.cap->release_requested) return std::nullopt;
  const policy::NodeReport& report = round.allocation.nodes[index];
  if (node.cap->spec.release && !report.wanted) {
    if (model::acknowledged(*node.cap)) return ReleaseAnswer{"released", true, false};
    return ReleaseAnswer{"under way: the node's agent has not told yet that the originals are back", false, false};
  }
  if (report.release_refused || report.wanted) return refusal(round, node, report);
  return ReleaseAnswer{"under way: the order to release is being written", false, false};
}

}  // namespace headroom::controller
