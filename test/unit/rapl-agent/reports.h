// Reports of an agent with sane values, for tests of what is made from them.
#pragma once

#include <string>
#include <utility>

#include "rapl-agent/core/agent_report.h"

namespace headroom::rapl_agent::test {

inline core::DomainReport package(std::string id, base::Power cap = base::watts(100)) {
  core::DomainReport domain;
  domain.id = std::move(id);
  domain.source = "powercap";
  domain.label = "package";
  domain.cappable = true;
  domain.floor = base::watts(50);
  domain.ceiling = base::watts(125);
  domain.original = base::watts(125);
  domain.cap = cap;
  domain.enforced = cap;
  domain.charged = cap;
  domain.enabled = true;
  domain.power = base::watts(70);
  return domain;
}

inline core::AgentReport report() {
  core::AgentReport all;
  all.ticks = 7;
  all.mode = core::AgentMode::enforce;
  all.state = core::AgentState::active;
  all.boot_id = "boot-1";
  all.observed = core::OrderId{"uid-1", {2, 5}};
  all.accepted = all.observed;
  all.applied = base::watts(260);
  all.min = base::watts(160);
  all.max = base::watts(310);
  all.budget = base::watts(260);
  all.budget_source = "order";
  all.reserve = base::watts(60);
  all.reserve_basis = "order";
  all.hardware = true;
  all.controller_fresh = true;
  all.node_power = base::watts(200);
  all.domains = {package("rapl/package-0"), package("rapl/package-1")};
  return all;
}

}  // namespace headroom::rapl_agent::test
