// What must hold for every cluster. Each case runs over many seeds; a failure prints its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "scoring/in_flight.h"
#include "scoring/judge_work.h"
#include "scoring/placement.h"
#include "scoring/rack_gates.h"
#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::Power;
using base::Seconds;
using base::watts;
using test::ClusterBuilder;
using test::Topology;

constexpr int kRacks = 4;
constexpr int kNodesPerRack = 3;

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  std::mt19937& engine() { return engine_; }

 private:
  std::mt19937 engine_;
};

std::string rack_name(int rack) {
  return "r" + std::to_string(rack);
}
std::string node_name(int node) {
  return "n" + std::to_string(node);
}

// Racks in turn singly fed, dual fed, and dual fed unevenly; no maxWatts, so that estimates never shrink in a clamp.
Topology random_topology(Random& random) {
  Topology topology;
  topology.node_class(100, std::nullopt)
      .feed("fa", random.between(1'500, 4'000))
      .feed("fb", random.between(1'500, 4'000));
  topology.pdu("pa", random.between(1'200, 3'000), "fa");
  for (int rack = 0; rack < kRacks; ++rack) {
    const std::int64_t limit = random.between(700, 1'500);
    if (rack % 3 == 0) topology.rack(rack_name(rack), limit, "pa");
    if (rack % 3 == 1) topology.dual_rack(rack_name(rack), limit, "pa", "fb");
    if (rack % 3 == 2) {
      topology.element(rack_name(rack), model::ElementType::rack, limit, {{"fa", 30}, {"fb", 70}});
    }
  }
  return topology;
}

void add_nodes(ClusterBuilder& cluster) {
  for (int node = 0; node < kRacks * kNodesPerRack; ++node) cluster.node(node_name(node), rack_name(node % kRacks));
}

// Over every element: the sum of idle watts and of the estimates of all pods placed or being placed below it, worked
// out here from the topology as written and not by the code under test.
class Auditor {
 public:
  Auditor(const Topology& topology, const ClusterBuilder&) : elements_(topology.object.elements) {}

  void place(const std::string& node, std::int64_t power) { placed_[node] += power; }
  void remove(const std::string& node, std::int64_t power) { placed_[node] -= power; }

  void expect_within_limits() const {
    for (const model::PowerElement& element : elements_) {
      EXPECT_LE(load_of(element.name), base::to_watts(element.rated) + 1e-3) << element.name;
    }
  }

 private:
  [[nodiscard]] double load_of(const std::string& name) const {
    double load = 0;
    for (int node = 0; node < kRacks * kNodesPerRack; ++node) {
      if (rack_name(node % kRacks) != name) continue;
      load += 100;
      if (const auto found = placed_.find(node_name(node)); found != placed_.end())
        load += static_cast<double>(found->second);
    }
    for (const model::PowerElement& child : elements_) {
      for (const model::FeedShare& feed : child.fed_by) {
        if (feed.name == name) load += load_of(child.name) * feed.share_percent / 100.0;
      }
    }
    return load;
  }

  std::vector<model::PowerElement> elements_;
  std::map<std::string, std::int64_t> placed_;
};

// Bursts of pods through filter and bind, with bindings that land late or never, pods that end, meters that come and
// go, and restarts of the process.
class Burst {
 public:
  explicit Burst(std::uint32_t seed)
      : random_(seed), topology_(random_topology(random_)), auditor_(topology_, cluster_) {
    cluster_.topology(topology_);
    add_nodes(cluster_);
  }

  void run() {
    refresh();
    for (int step = 0; step < 150 && !testing::Test::HasFailure(); ++step) {
      if (random_.chance(70)) schedule();
      if (random_.chance(40)) land();
      if (random_.chance(15)) finish();
      if (random_.chance(30)) telemetry();
      if (random_.chance(30)) cluster_.advance(Seconds(random_.between(1, 40)));
      if (random_.chance(50)) refresh();
      if (random_.chance(3)) restart();
      auditor_.expect_within_limits();
    }
  }
  [[nodiscard]] int placed() const { return placed_; }

 private:
  struct Flying {
    std::string pod, node;
  };

  void refresh() {
    books_ = cluster_.books();
    ledger_.settle(cluster_.last_snapshot());
  }

  void schedule() {
    const std::string name = "pod" + std::to_string(next_++);
    const std::int64_t power = random_.between(20, 300);
    cluster_.pod(name).watts(power);
    const model::Pod pod = cluster_.pod_value(name);
    const auto view = ledger_.view();
    Judge judge(*books_, *view, pod);
    std::vector<std::uint32_t> feasible;
    for (std::uint32_t row = 0; row < books_->table->nodes.size(); ++row) {
      EXPECT_EQ(judge.judge_row_briefly(row), brief(judge.judge_row(row))) << "row " << row;
      if (admits(judge.judge_row(row))) feasible.push_back(row);
    }
    if (feasible.empty()) return;
    const std::uint32_t row =
        feasible[static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(feasible.size()) - 1))];
    const Placement placement = placement_on(judge, row, cluster_.now());
    ASSERT_EQ(ledger_.reserve(placement.reservation, cluster_.last_snapshot()), ReserveOutcome::reserved);
    auditor_.place(placement.reservation.node, power);
    flying_.push_back({name, placement.reservation.node});
    watts_[name] = power;
    ++placed_;
  }

  void land() {
    if (flying_.empty()) return;
    const std::size_t which =
        static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(flying_.size()) - 1));
    const Flying flying = flying_[which];
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(which));
    if (random_.chance(10)) {
      // The API server said no.
      ledger_.release("uid-" + flying.pod);
      auditor_.remove(flying.node, watts_[flying.pod]);
      return;
    }
    cluster_.pod(flying.pod).on(flying.node).started(cluster_.now());
    running_.push_back(flying);
  }

  void finish() {
    if (running_.empty()) return;
    const std::size_t which =
        static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(running_.size()) - 1));
    const Flying ended = running_[which];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
    if (random_.chance(50)) {
      cluster_.pod(ended.pod).phase(model::PodPhase::succeeded);
    } else {
      cluster_.delete_pod(ended.pod);
    }
    auditor_.remove(ended.node, watts_[ended.pod]);
  }

  // Meters say anything between nothing and less than the books: they must never make room.
  void telemetry() {
    const std::string node = node_name(static_cast<int>(random_.between(0, kRacks * kNodesPerRack - 1)));
    const auto scope = static_cast<model::PowerScope>(random_.between(0, 3));
    cluster_.meter(node, random_.between(0, 150), scope);
  }

  // The ledger is lost; what landed stands in the API, and what flies is repeated or dropped before anything else.
  void restart() {
    cluster_.restart();
    ledger_ = Ledger();
    for (const Flying& flying : flying_) cluster_.pod(flying.pod).on(flying.node);
    running_.insert(running_.end(), flying_.begin(), flying_.end());
    flying_.clear();
    refresh();
  }

  Random random_;
  Topology topology_;
  ClusterBuilder cluster_;
  Auditor auditor_;
  Ledger ledger_;
  std::shared_ptr<const Books> books_;
  std::vector<Flying> flying_;
  std::vector<Flying> running_;
  std::map<std::string, std::int64_t> watts_;
  int next_ = 0;
  int placed_ = 0;
};

TEST(Property, no_burst_books_an_element_past_its_limit) {
  int placed = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Burst burst(seed);
    burst.run();
    placed += burst.placed();
    if (HasFailure()) return;
  }
  EXPECT_GT(placed, 500) << "the bursts must place something for this to mean anything";
}

// A cluster with pods and meters of every kind.
void populate(ClusterBuilder& cluster, Random& random) {
  add_nodes(cluster);
  for (int pod = 0; pod < 20; ++pod) {
    auto handle = cluster.pod("p" + std::to_string(pod));
    handle.on(node_name(static_cast<int>(random.between(0, kRacks * kNodesPerRack - 1)))).cores(random.between(0, 8));
    if (random.chance(30)) handle.gpus(random.between(1, 2));
    if (random.chance(70)) handle.started(cluster.now() - Seconds(random.between(0, 100)));
  }
  for (int node = 0; node < kRacks * kNodesPerRack; ++node) {
    for (int scope = 0; scope < 4; ++scope) {
      if (random.chance(40))
        cluster.meter(node_name(node), random.between(50, 900), static_cast<model::PowerScope>(scope));
    }
  }
}

std::vector<Power> loads(const Books& books, bool present) {
  std::vector<Power> all;
  for (const ElementLoad& load : books.views[0].elements) all.push_back(present ? load.present : load.booked);
  return all;
}

void expect_no_lower(const std::vector<Power>& loads, const std::vector<Power>& than) {
  ASSERT_EQ(loads.size(), than.size());
  for (std::size_t i = 0; i < loads.size(); ++i) EXPECT_GE(base::to_watts(loads[i]), base::to_watts(than[i])) << i;
}

// Two clusters from one seed differ only in what `change` does to the second.
template <class Change>
std::pair<std::shared_ptr<const Books>, std::shared_ptr<const Books>> both(std::uint32_t seed, Change change) {
  std::pair<std::shared_ptr<const Books>, std::shared_ptr<const Books>> result;
  for (auto* books : {&result.first, &result.second}) {
    Random random(seed);
    ClusterBuilder cluster;
    cluster.topology(random_topology(random));
    populate(cluster, random);
    cluster.books();
    cluster.advance(Seconds(61));
    change(cluster, random, books == &result.second);
    *books = cluster.books();
  }
  return result;
}

// Every reading of the node is delivered again, with the same watts.
void repeat_meters(ClusterBuilder& cluster, const std::string& node) {
  const auto known = cluster.telemetry().nodes.find(node);
  if (known == cluster.telemetry().nodes.end()) return;
  for (auto& reading : known->second.power) {
    if (!reading) continue;
    reading->window_start = cluster.now() - Seconds(1);
    reading->window_end = cluster.now();
  }
}

TEST(Property, exporters_that_die_never_make_an_element_look_emptier_than_exporters_that_go_on) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto [alive, dead] = both(seed, [](ClusterBuilder& cluster, Random& random, bool second) {
      for (int node = 0; node < kRacks * kNodesPerRack; ++node) {
        const bool dies = random.chance(40);
        if (!dies || !second) repeat_meters(cluster, node_name(node));
      }
    });
    expect_no_lower(loads(*dead, false), loads(*alive, false));
    expect_no_lower(loads(*dead, true), loads(*alive, true));
    if (HasFailure()) return;
  }
}

TEST(Property, adding_a_partial_source_never_lowers_what_is_booked) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto [without, with] = both(seed, [](ClusterBuilder& cluster, Random& random, bool second) {
      for (int node = 0; node < kRacks * kNodesPerRack; ++node) {
        repeat_meters(cluster, node_name(node));
        const auto scope = static_cast<model::PowerScope>(random.between(1, 3));
        const std::int64_t power = random.between(10, 900);
        const auto& known = cluster.telemetry().nodes[node_name(node)];
        if (second && !known.of(scope)) cluster.meter(node_name(node), power, scope);
      }
    });
    expect_no_lower(loads(*with, false), loads(*without, false));
    if (HasFailure()) return;
  }
}

TEST(Property, a_reading_of_unknown_age_never_lowers_anything) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto [without, with] = both(seed, [](ClusterBuilder& cluster, Random& random, bool second) {
      for (int node = 0; node < kRacks * kNodesPerRack; ++node) {
        repeat_meters(cluster, node_name(node));
        const auto scope = static_cast<model::PowerScope>(random.between(0, 3));
        const std::int64_t power = random.between(10, 900);
        const auto& known = cluster.telemetry().nodes[node_name(node)];
        if (second && !known.of(scope)) {
          cluster.meter(node_name(node), power, scope).grade = model::Grade::age_unknown;
        }
      }
    });
    expect_no_lower(loads(*with, false), loads(*without, false));
    expect_no_lower(loads(*with, true), loads(*without, true));
    if (HasFailure()) return;
  }
}

struct Opinion {
  Verdict verdict;
  int score = 0;
  bool operator==(const Opinion&) const = default;
};

std::map<std::string, Opinion> opinions(const Books& books, const model::Pod& pod,
                                        const std::vector<std::string>& order) {
  const LedgerView nothing;
  Judge judge(books, nothing, pod);
  std::map<std::string, Opinion> all;
  for (const std::string& node : order) all[node] = {judge.judge(node), judge.score(node)};
  return all;
}

std::vector<std::string> node_names() {
  std::vector<std::string> names;
  for (int node = 0; node < kRacks * kNodesPerRack; ++node) names.push_back(node_name(node));
  return names;
}

TEST(Property, the_order_of_the_nodes_changes_no_verdict_and_no_score) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    ClusterBuilder cluster;
    cluster.topology(random_topology(random));
    populate(cluster, random);
    cluster.pod("pod").watts(random.between(10, 400));
    const auto books = cluster.books();
    std::vector<std::string> order = node_names();
    const auto first = opinions(*books, cluster.pod_value("pod"), order);
    std::shuffle(order.begin(), order.end(), random.engine());
    EXPECT_EQ(opinions(*books, cluster.pod_value("pod"), order), first);
    if (HasFailure()) return;
  }
}

TEST(Property, gates_kept_with_the_books_are_those_that_a_request_would_make_of_all) {
  for (std::uint32_t seed = 1; seed <= 50 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    ClusterBuilder cluster;
    cluster.topology(random_topology(random));
    populate(cluster, random);
    cluster.pod("flying").watts(random.between(10, 400));
    const auto books = cluster.books();
    const model::Pod flying = cluster.pod_value("flying");
    Ledger ledger;
    Judge judge(*books, *ledger.view(), flying);
    ASSERT_EQ(ledger.reserve(placement_on(judge, seed % (kRacks * kNodesPerRack), cluster.now()).reservation,
                             cluster.last_snapshot()),
              ReserveOutcome::reserved);
    for (const View& view : books->views) {
      const InFlight flight = in_flight({*books, *ledger.view(), model::Pod(), {}, view});
      const RackGatesInput input{*books, view, judge.work().limits, flight};
      for (std::uint32_t rack = 0; rack < kRacks; ++rack) {
        RackGates gates = view.gates[rack];
        set_rooms(gates, input, rack);
        EXPECT_TRUE(flight.any && gates == rack_gates(input, rack)) << "rack " << rack;
      }
      EXPECT_TRUE(view.gates.back() == rack_gates(input, kNone));
    }
  }
}

TEST(Property, more_headroom_never_lowers_a_score_and_never_refuses) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    ClusterBuilder cluster;
    Topology topology = random_topology(random);
    cluster.topology(topology);
    populate(cluster, random);
    cluster.pod("pod").watts(random.between(10, 400));
    const auto before = opinions(*cluster.books(), cluster.pod_value("pod"), node_names());
    auto& element = topology.object.elements[static_cast<std::size_t>(random.between(0, 2 + kRacks))];
    element.rated += watts(random.between(1, 5'000));
    const auto after = opinions(*cluster.topology(topology).books(), cluster.pod_value("pod"), node_names());
    for (const auto& [node, opinion] : before) {
      EXPECT_GE(after.at(node).score, opinion.score) << node;
      EXPECT_TRUE(admits(after.at(node).verdict) || !admits(opinion.verdict)) << node;
    }
    if (HasFailure()) return;
  }
}

TEST(Property, a_larger_pod_never_fits_where_a_smaller_one_does_not) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    ClusterBuilder cluster;
    cluster.topology(random_topology(random));
    populate(cluster, random);
    const std::int64_t small = random.between(10, 400);
    cluster.pod("small").watts(small);
    cluster.pod("large").watts(small + random.between(1, 400));
    const auto books = cluster.books();
    const auto smaller = opinions(*books, cluster.pod_value("small"), node_names());
    const auto larger = opinions(*books, cluster.pod_value("large"), node_names());
    for (const auto& [node, opinion] : smaller) {
      EXPECT_TRUE(admits(opinion.verdict) || !admits(larger.at(node).verdict)) << node;
      EXPECT_GE(opinion.score, larger.at(node).score) << node;
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace headroom::scoring
