// Many binds at once, with the decision loop publishing and settling in between: no order of events books a rack past
// its limit. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/manual_clock.h"
#include "extender/bind_service.h"
#include "test/support/cluster_builder.h"
#include "test/unit/extender/extender_fakes.h"

namespace headroom::extender {
namespace {

constexpr int kPods = 200;
constexpr int kNodes = 8;
constexpr int kThreads = 16;
constexpr std::int64_t kPodWatts = 100;
constexpr std::int64_t kLimit = 5'050;  // 8 x 100 W idle leave room for 42 pods
constexpr int kRoom = 42;

class ConcurrentBinds : public testing::Test {
 protected:
  ConcurrentBinds() {
    cluster_.topology(test::Topology().feed("f", 100'000).rack("r", kLimit, "f").node_class(100, {}));
    for (int i = 0; i < kNodes; ++i) cluster_.node("n" + std::to_string(i), "r");
    for (int i = 0; i < kPods; ++i) cluster_.pod("p" + std::to_string(i)).watts(kPodWatts);
    publish();
  }
  void publish() {
    auto books = cluster_.books();
    auto snapshot = std::make_shared<const model::ClusterSnapshot>(cluster_.last_snapshot());
    decisions_.publish(std::make_shared<const Decision>(Decision{snapshot, books, clock_.mono_now()}));
    ledger_.settle(*snapshot);
  }

  base::ManualClock clock_{test::kStart};
  test::ClusterBuilder cluster_;
  test::FakeBinder binder_;
  LedgerGuard ledger_;
  PublishedDecision decisions_;
  BindService service_{{binder_, ledger_, decisions_, clock_}, BindConfig(), base::Seconds(15)};
};

TEST_F(ConcurrentBinds, TwoHundredBindsNeverPassTheLimit) {
  std::atomic<int> next{0};
  std::atomic<int> bound{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = next++; i < kPods; i = next++) {
        const std::string name = "p" + std::to_string(i);
        if (service_.bind({name, "default", "uid-" + name, "n" + std::to_string(i % kNodes)}).error.empty()) ++bound;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(bound, kRoom);
  EXPECT_EQ(binder_.sent().size(), static_cast<std::size_t>(kRoom));
}

// Books that show more and more of the bound pods are published while others bind: the watts of a pod are always in
// the ledger or in the books, never in neither.
TEST_F(ConcurrentBinds, SettlingInBetweenFreesNothing) {
  std::atomic<int> next{0};
  std::atomic<int> bound{0};
  std::atomic<bool> done{false};
  {
    std::jthread publisher([&] {
      std::size_t seen = 0;
      while (!done) {
        const auto sent = binder_.sent();
        for (; seen < sent.size(); ++seen) cluster_.pod(sent[seen].name).on(sent[seen].node);
        publish();
      }
    });
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < kPods; i = next++) {
          const std::string name = "p" + std::to_string(i);
          if (service_.bind({name, "default", "uid-" + name, "n" + std::to_string(i % kNodes)}).error.empty()) ++bound;
        }
      });
    }
    threads.clear();
    done = true;
  }
  EXPECT_EQ(bound, kRoom);
}

// Two requests for one pod at once: one POST at a time, and never two nodes.
TEST_F(ConcurrentBinds, OnePodIsNeverSentToTwoNodes) {
  std::atomic<int> bound{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      if (service_.bind({"p0", "default", "uid-p0", "n" + std::to_string(t % 2)}).error.empty()) ++bound;
    });
  }
  threads.clear();
  const auto sent = binder_.sent();
  ASSERT_FALSE(sent.empty());
  for (const auto& request : sent) EXPECT_EQ(request.node, sent[0].node);
  EXPECT_GE(bound, 1);
}

}  // namespace
}  // namespace headroom::extender
