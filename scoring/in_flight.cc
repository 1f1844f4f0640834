#include "scoring/in_flight.h"

#include <algorithm>

namespace headroom::scoring {
namespace {

using base::Power;

class Adder {
 public:
  explicit Adder(const InFlightInput& input) : input_(input), table_(*input.books.table) {
    sum_.policies.resize(input.policies.size());
  }

  void add(const Reservation& entry) {
    if (entry.pod_uid == input_.pod.uid || input_.books.counted.contains(entry.pod_uid)) return;
    promise(table_.find(entry.node), entry.estimate);
    if (table_.find(entry.node) == kNone) add_to_rack(table_.find_rack(entry.rack), {entry.estimate, entry.estimate});
    for (std::size_t i = 0; i < input_.policies.size(); ++i) {
      const auto& policy = *input_.books.policies->policies()[input_.policies[i]];
      const std::string key = model::key_of(policy);
      if (std::find(entry.policies.begin(), entry.policies.end(), key) != entry.policies.end()) {
        sum_.policies[i] += entry.estimate;
      }
    }
  }

  void add(const Nomination& nomination) {
    const bool binds = nomination.priority >= input_.pod.priority && nomination.pod_uid != input_.pod.uid;
    if (!binds || input_.ledger.find(nomination.pod_uid) != nullptr) return;
    promise(nomination.node, nomination.estimate);
    for (std::size_t i = 0; i < input_.policies.size(); ++i) {
      const auto& of = nomination.policies;
      if (std::find(of.begin(), of.end(), input_.policies[i]) != of.end()) sum_.policies[i] += nomination.estimate;
    }
  }

  InFlight result() {
    for (const std::uint32_t node : touched_) {
      const NodeLoad& load = input_.view.nodes[node];
      const Power extra = sum_.nodes[node];
      add_to_rack(table_.nodes[node].rack,
                  {load.booked.with(extra) - load.booked.now(), load.present.with(extra) - load.present.now()});
    }
    return std::move(sum_);
  }

 private:
  void promise(std::uint32_t node, Power watts) {
    if (node == kNone) return;
    sum_.any = true;
    if (sum_.nodes.empty()) sum_.nodes.resize(table_.nodes.size());
    if (sum_.nodes[node] == Power()) touched_.push_back(node);
    sum_.nodes[node] += watts;
  }

  void add_to_rack(std::uint32_t rack, InFlightLoad growth) {
    if (rack == kNone) return;
    sum_.any = true;
    if (sum_.racks.empty()) {
      sum_.racks.resize(table_.racks.size());
      sum_.elements.resize(input_.books.topology->elements.size());
    }
    sum_.racks[rack].booked += growth.booked;
    sum_.racks[rack].present += growth.present;
    const topology::RackLookup& lookup = table_.racks[rack].lookup;
    if (lookup.standing != topology::RackStanding::in_force) return;
    for (const topology::ElementShare& above : input_.books.topology->elements[lookup.element].path) {
      sum_.elements[above.element].booked += base::scaled_up(growth.booked, above.share);
      sum_.elements[above.element].present += base::scaled_up(growth.present, above.share);
    }
  }

  const InFlightInput& input_;
  const NodeTable& table_;
  InFlight sum_;
  std::vector<std::uint32_t> touched_;
};

}  // namespace

InFlight in_flight(const InFlightInput& input) {
  Adder adder(input);
  for (const auto& entry : input.ledger.entries) adder.add(*entry);
  for (const Nomination& nomination : input.books.nominations) adder.add(nomination);
  return adder.result();
}

}  // namespace headroom::scoring
