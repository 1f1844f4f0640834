#include "controller/reserves.h"

#include <gtest/gtest.h>

#include "test/support/table.h"
#include "test/unit/controller/cap_fakes.h"

namespace headroom::controller::test {
namespace {

using base::watts;

// A node at 400 W whose two domains draw 300 W; the overhead of its class is 120 W.
policy::CapNode node(const std::string& name) {
  policy::CapNode made;
  made.name = name;
  made.boot_id = "boot-1";
  made.wall = watts(400);
  made.reserve = watts(120);
  model::NodePowerCap order = in_force(cap(name, {1, 1}, 500));
  order.spec.reserve = watts(120);
  order.status.boot_id = "boot-1";
  order.status.domains = {{"rapl/package-0", "package", {}, {}, model::DomainHealth::ok, watts(170)},
                          {"rapl/package-1", "package", {}, {}, model::DomainHealth::ok, watts(130)}};
  made.cap = std::make_shared<const model::NodePowerCap>(order);
  return made;
}

template <class Change>
void change(policy::CapNode& node, Change apply) {
  model::NodePowerCap order = *node.cap;
  apply(order);
  node.cap = std::make_shared<const model::NodePowerCap>(order);
}

// What is ordered after two minutes of rounds.
base::Power reserve_after(const policy::CapNode& given) {
  Reserves reserves;
  policy::AllocateInput input;
  for (int second = 0; second < 120; second += 3) {
    input.nodes = {given};
    input.now.mono = base::MonoTime(base::Seconds(1000 + second));
    reserves.put(input);
  }
  return input.nodes.front().reserve;
}

TEST(Reserves, IsTheWallMeterLessWhatTheAgentMetersInItsDomains) {
  EXPECT_EQ(reserve_after(node("a")), watts(105));
}

struct Row {
  const char* name;
  void (*change)(policy::CapNode&);
};
class ReservesUnknown : public testing::TestWithParam<Row> {};
TEST_P(ReservesUnknown, IsTheOverheadOfTheClass) {
  policy::CapNode made = node("a");
  GetParam().change(made);
  EXPECT_EQ(reserve_after(made), watts(120));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ReservesUnknown,
    testing::Values(
        Row{"no wall meter", [](auto& made) { made.wall.reset(); }},
        Row{"no NodePowerCap", [](auto& made) { made.cap = nullptr; }},
        Row{"an agent that is not ready", [](auto& made) { made.agent = policy::AgentPresence::unready_within_grace; }},
        Row{"an agent that has not spoken", [](auto& made) { change(made, [](auto& order) { order.status = {}; }); }},
        Row{"a status of an earlier boot", [](auto& made) { made.boot_id = "boot-2"; }},
        Row{"a domain without a sample",
            [](auto& made) { change(made, [](auto& o) { o.status.domains[1].measured.reset(); }); }},
        Row{"no domains", [](auto& made) { change(made, [](auto& o) { o.status.domains.clear(); }); }}),
    headroom::test::RowName());

TEST(Reserves, AreKeptByNode) {
  Reserves reserves;
  policy::AllocateInput input;
  const auto run = [&](std::vector<policy::CapNode> nodes) {
    for (int round = 0; round < 40; ++round) {
      input.nodes = nodes;
      input.now.mono += base::Seconds(3);
      reserves.put(input);
    }
  };
  policy::CapNode warm = node("b");
  warm.wall = watts(600);
  run({node("a"), warm});
  EXPECT_EQ(input.nodes[0].reserve, watts(105));
  EXPECT_EQ(input.nodes[1].reserve, watts(315));
  run({warm});
  EXPECT_EQ(input.nodes[0].reserve, watts(315));
  // The other comes back as a new machine: nothing is known of it.
  policy::CapNode silent = node("a");
  silent.wall.reset();
  run({silent, warm});
  EXPECT_EQ(input.nodes[0].reserve, watts(120));
}

}  // namespace
}  // namespace headroom::controller::test
