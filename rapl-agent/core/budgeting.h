// From what is known of every domain, what the order asks and what the state allows, the cap that each should have.
#pragma once

#include <vector>

#include "rapl-agent/core/catalog.h"
#include "rapl-agent/core/governor.h"
#include "rapl-agent/core/targets.h"

namespace headroom::rapl_agent::core {

struct BudgetFacts {
  const Catalog& catalog;
  const AgentSettings& settings;
  const Aim& aim;
  const std::optional<CapOrder>& order;
  base::Power reserve;
};

struct BudgetPlan {
  std::vector<DomainRecord*> domains;  // those that count: cappable
  Targets targets;                     // caps in the order of `domains`
  base::Power shortfall;               // of the budget or of an explicit cap, whichever misses more
};

// Nothing to divide (no budget and no order): every domain keeps its present target.
[[nodiscard]] BudgetPlan plan_budget(const BudgetFacts& facts, base::MonoTime now);

// How the order shapes PL2 and the window.
[[nodiscard]] CapTerms terms_of(const std::optional<CapOrder>& order, const AgentSettings& settings);

// The sum of what all cappable domains count for now.
[[nodiscard]] base::Power charged(const Catalog& catalog);

}  // namespace headroom::rapl_agent::core
