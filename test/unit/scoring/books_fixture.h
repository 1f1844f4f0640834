// What the tests of the books share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "scoring/books.h"
#include "test/support/cluster_builder.h"

namespace headroom::scoring {

using base::Seconds;
using base::watts;
using test::ClusterBuilder;
using test::kStart;
using test::Topology;

// Watts of an element in the first view.
inline double booked(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].booked);
}
inline double present(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].present);
}
inline double unmanaged(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].unmanaged);
}
inline double node_booked(const Books& books, const std::string& node, std::size_t view = 0) {
  return base::to_watts(books.views[view].nodes[books.table->find(node)].booked.now());
}
inline bool has(const Books& books, ConditionKind kind) {
  return std::any_of(books.conditions.begin(), books.conditions.end(),
                     [&](const Condition& condition) { return condition.kind == kind; });
}
inline std::string text_of(const Books& books, ConditionKind kind) {
  for (const Condition& condition : books.conditions) {
    if (condition.kind == kind) return describe(books, condition);
  }
  return {};
}

// feed f 10 kW > pdu p 5 kW > racks r1, r2 of 2 kW; nodes idle at 100 W, 1 kW at most.
inline Topology hall() {
  return Topology()
      .node_class(100, 1'000)
      .feed("f", 10'000)
      .pdu("p", 5'000, "f")
      .rack("r1", 2'000, "p")
      .rack("r2", 2'000, "p");
}

}  // namespace headroom::scoring
