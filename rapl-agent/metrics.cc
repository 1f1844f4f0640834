#include "rapl-agent/metrics.h"

#include <map>
#include <string>
#include <utility>

#include "runtime/metric_families.h"

namespace headroom::rapl_agent {
namespace {

using core::DomainReport;
using runtime::CollectedFamily;
using runtime::MetricLabels;
using runtime::MetricType;

class Families : public runtime::MetricFamilies {
 public:
  void watts(const char* name, const char* help, const MetricLabels& labels, std::optional<base::Power> value) {
    if (value) gauge(name, help, labels, base::to_watts(*value));
  }
};

double seconds(base::Microseconds span) {
  return std::chrono::duration<double>(span).count();
}
double number(std::uint64_t count) {
  return static_cast<double>(count);
}
double yes(std::same_as<bool> auto holds) {
  return holds ? 1.0 : 0.0;
}

void add_agent(Families& out, const core::AgentReport& report) {
  out.gauge("rapl_agent_info", "Always 1; the labels tell mode and version.",
            {{"mode", std::string(core::to_string(report.mode))}, {"version", HEADROOM_VERSION}}, 1);
  out.gauge("rapl_agent_state", "1 for the state that the agent is in.",
            {{"state", std::string(core::to_string(report.state))}}, 1);
  out.counter("rapl_agent_ticks_total", "Turns of the loop.", {}, number(report.ticks));
  out.gauge("rapl_agent_controller_up", "1 while the controller's heartbeat is fresh.", {},
            yes(report.controller_fresh));
  out.gauge("rapl_agent_paused", "1 while the controller's heartbeat says that nothing may be raised.", {},
            yes(report.paused));
  if (report.lease_remaining) {
    out.gauge("rapl_agent_lease_remaining_seconds", "Until the caps are held, or the fallback taken.", {},
              seconds(*report.lease_remaining));
  }
  for (const auto& [reason, count] : report.failsafe) {
    out.counter("rapl_agent_failsafe_total", "Entries of Holding, Safe and Emergency, by reason.", {{"reason", reason}},
                number(count));
  }
  out.counter("rapl_agent_orders_refused_total", "Orders that were refused: old, or without sense.", {},
              number(report.refused_orders));
  out.counter("rapl_agent_values_refused_total", "Values that would have wrapped a register: they were not written.",
              {}, number(report.refused_values));
  out.counter("rapl_agent_journal_errors_total", "Saves of the journal that failed.", {},
              number(report.journal_errors));
  for (const auto& [backend, hung] : report.backend_hung) {
    out.gauge("rapl_agent_backend_hung", "1 while a call into this interface has not returned.", {{"backend", backend}},
              yes(hung));
  }
  if (report.last_apply) {
    out.gauge("rapl_agent_last_apply_seconds", "From taking the last order to its last read-back.", {},
              seconds(*report.last_apply));
  }
}

void add_budget(Families& out, const core::AgentReport& report) {
  out.watts("rapl_agent_budget_watts", "Budget in force, by where it comes from.", {{"source", report.budget_source}},
            report.budget);
  out.watts("rapl_agent_budget_shortfall_watts", "What floors and fixed domains need beyond the budget.", {},
            report.shortfall);
  out.watts("rapl_agent_reserve_watts", "What the node draws outside the domains.", {{"basis", report.reserve_basis}},
            report.reserve);
  out.watts("rapl_agent_applied_watts", "Upper bound of the node's draw under the caps in force.", {}, report.applied);
  out.watts("rapl_agent_node_power_watts", "The node's own meter.", {}, report.node_power);
}

// Of each way to a limit, as it stands in the hardware.
void add_read_back(Families& out, const DomainReport& domain) {
  for (const core::ControlReport& control : domain.controls) {
    const bool long_term = control.key.field == core::Field::long_term_limit;
    if (!control.read_back || !(long_term || control.key.field == core::Field::short_term_limit)) continue;
    out.gauge("rapl_agent_cap_applied_watts", "Limit that reads back, of each way to it.",
              {{"domain", domain.id},
               {"surface", std::string(core::to_string(control.key.surface))},
               {"constraint", long_term ? "long_term" : "short_term"}},
              static_cast<double>(*control.read_back) / 1e6);
  }
}

void add_clock(Families& out, const DomainReport& domain) {
  for (const core::ControlReport& control : domain.controls) {
    const double unit = control.key.field == core::Field::max_frequency ? 1e3 : 1e6;
    const MetricLabels labels{{"domain", domain.id}};
    if (control.requested) {
      out.gauge("rapl_agent_clock_requested_hertz", "Highest clock that the agent has asked for; absent: none.", labels,
                static_cast<double>(*control.requested) * unit);
    }
    if (control.read_back) {
      out.gauge("rapl_agent_clock_limit_hertz", "Highest clock that reads back; 0 for a GPU that is not locked.",
                labels, static_cast<double>(*control.read_back) * unit);
    }
  }
}

// By the interface, which knows; RAPL's own driver serves more than one vendor.
std::string vendor_of(const DomainReport& domain) {
  struct Known {
    std::string_view prefix;
    const char* vendor;
  };
  for (const Known known : {Known{"gpu/", "nvidia"}, Known{"gpu-clock/", "nvidia"}, Known{"hwmon/amd", "amd"},
                            Known{"hwmon/xe/", "intel"}, Known{"hwmon/i915/", "intel"}}) {
    if (domain.id.starts_with(known.prefix)) return known.vendor;
  }
  return {};
}

void add_caps(Families& out, const DomainReport& domain, const MetricLabels& labels) {
  out.watts("rapl_agent_cap_requested_watts", "Cap asked for.", labels, domain.cap);
  out.watts("rapl_agent_cap_enforced_watts", "Cap that reads back, the lowest of the domain's surfaces.", labels,
            domain.enforced);
  out.watts("rapl_agent_cap_min_watts", "Floor of the domain.", labels, domain.floor);
  out.watts("rapl_agent_cap_max_watts", "Ceiling of the domain.", labels, domain.ceiling);
  out.watts("rapl_agent_cap_original_watts", "Limit as found before the agent's first write.", labels, domain.original);
  out.watts("rapl_agent_cap_charged_watts", "What the domain counts for in applied watts.", labels, domain.charged);
  add_read_back(out, domain);
  if (domain.enabled) {
    out.gauge("rapl_agent_cap_enabled", "1 while the limit is enabled.", labels, yes(*domain.enabled));
  }
  out.counter("rapl_agent_writes_total", "Writes to limits, by result.", {{"domain", domain.id}, {"result", "ok"}},
              number(domain.writes_ok));
  out.counter("rapl_agent_writes_total", "Writes to limits, by result.", {{"domain", domain.id}, {"result", "failed"}},
              number(domain.writes_failed));
  out.counter("rapl_agent_external_changes_total", "Limits that somebody else changed.", labels,
              number(domain.external_changes));
  out.counter("rapl_agent_over_cap_seconds_total", "Time drawn more than 5 % above the cap in force.", labels,
              seconds(domain.over_cap));
}

void add_meter(Families& out, const DomainReport& domain, const MetricLabels& labels) {
  out.watts("rapl_agent_power_watts", "Draw of the domain.", labels, domain.power);
  out.counter("rapl_agent_energy_joules_total", "Energy since the agent's start, over wraps of the counter.", labels,
              base::to_joules(domain.energy_total));
  out.counter("rapl_agent_counter_wraps_total", "Wraps of the energy counter.", labels, number(domain.counter_wraps));
  if (domain.temperature) {
    out.gauge("rapl_agent_temperature_celsius", "Temperature that the interface shows.", {{"sensor", domain.id}},
              base::to_celsius(*domain.temperature));
  }
  for (const auto& [reason, count] : domain.samples_discarded) {
    out.counter("rapl_agent_samples_discarded_total", "Samples that were no use, by reason.",
                {{"domain", domain.id}, {"reason", reason}}, number(count));
  }
  for (const auto& [error, count] : domain.read_errors) {
    out.counter("rapl_agent_read_errors_total", "Reads that failed, by error.",
                {{"domain", domain.id}, {"error", error}}, number(count));
  }
}

void add_domain(Families& out, const DomainReport& domain) {
  const MetricLabels labels{{"domain", domain.id}};
  out.gauge("rapl_agent_domain_info", "Always 1; the labels describe the domain.",
            {{"domain", domain.id},
             {"kind", std::string(core::to_string(domain.kind))},
             {"name", domain.label},
             {"backend", domain.source},
             {"vendor", vendor_of(domain)},
             {"cappable", domain.cappable ? "true" : "false"}},
            1);
  out.gauge("rapl_agent_domain_health", "1 for the health that the domain is in.",
            {{"domain", domain.id}, {"health", std::string(core::to_string(domain.health))}}, 1);
  if (domain.cappable) add_caps(out, domain, labels);
  if (domain.kind == core::DomainKind::frequency) add_clock(out, domain);
  add_meter(out, domain, labels);
}

}  // namespace

std::vector<CollectedFamily> metric_families(const core::AgentReport& report, const EdgeCounts& edges) {
  Families out;
  add_agent(out, report);
  add_budget(out, report);
  for (const DomainReport& domain : report.domains) add_domain(out, domain);
  out.counter("rapl_agent_status_writes_total", "Writes of the NodePowerCap's status, by result.",
              {{"result", "written"}}, number(edges.status_writes));
  out.counter("rapl_agent_status_writes_total", "Writes of the NodePowerCap's status, by result.",
              {{"result", "failed"}}, number(edges.status_failures));
  out.counter("rapl_agent_watches_reopened_total", "Watches opened anew because the heartbeat was silent.", {},
              number(edges.watches_reopened));
  if (!edges.gpu_helper.empty()) {
    out.gauge("rapl_agent_gpu_helper", "1 for the state that the GPU helper is in.", {{"state", edges.gpu_helper}}, 1);
  }
  return out.take();
}

ApplyTimes::ApplyTimes(runtime::MetricsRegistry& registry)
    : seconds_(registry.histogram(
          {"rapl_agent_cap_apply_seconds", "From taking an order to its last read-back, averaging windows left out."},
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60})) {}

void ApplyTimes::note(const core::AgentReport& report, base::MonoTime now) {
  if (!report.read_back || report.read_back == last_ || report.read_back != report.accepted) return;
  last_ = report.read_back;
  seconds_.observe(seconds(now - report.accepted_at));
}

}  // namespace headroom::rapl_agent
