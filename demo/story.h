// What the demo plays, and what it expects to see: pods spread over the racks by headroom; a rack that is heated takes
// no pod and takes some again when it has cooled; a policy's cap and the racks' limits hold under a burst; caps that
// are asked for read back on two nodes, and the one that loses its controller keeps what it has.
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "demo/api_server.h"
#include "demo/capping.h"
#include "demo/cluster_objects.h"
#include "demo/extender_process.h"
#include "demo/hall.h"
#include "demo/scheduler.h"

namespace headroom::demo {

struct StoryParts {
  ApiServer& server;
  Hall& hall;
  ExtenderProcess& extender;
  Scheduler& scheduler;
  Capping& capping;
  base::Clock& clock;
  ClusterFacts facts;
  std::stop_token stop;
  // Shows a headline and the table as it is now; called often.
  std::function<void(const std::string& headline)> show;
};

class Story {
 public:
  explicit Story(StoryParts parts) : use_(std::move(parts)) {}

  // The whole story once, in some twelve seconds. Gives what was expected and did not happen; empty: all did.
  [[nodiscard]] std::vector<std::string> play();
  // One more round for a demo that goes on: pods end, others come, racks are heated in turn.
  void go_on();

 private:
  void fill();
  void heat_and_cool();
  void burst();
  void caps();
  void check_books(const std::string& when);
  // Asks for so many watts of each package and waits until `nodes` read back just that. The rest must not change.
  void ask(int watts, const std::string& headline, std::size_t nodes);
  [[nodiscard]] bool reads_back(std::size_t row, double watts) const;
  [[nodiscard]] bool agent_is(std::size_t row, const std::string& state) const;
  void submit(const std::string& ns, int count, int cores, const std::string& rack = "");
  // Shows `headline` until the condition holds. False: it did not in time.
  bool wait(const std::string& headline, const std::function<bool()>& done);
  struct Expectation {
    bool holds = false;
    std::string what;
  };
  void expect(const Expectation& expectation);
  [[nodiscard]] bool all_decided() const;
  [[nodiscard]] bool hot(const std::string& rack) const;
  [[nodiscard]] std::size_t placed_on(const std::string& rack) const;

  StoryParts use_;
  std::set<std::string> submitted_;
  int next_pod_ = 0;
  int rounds_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace headroom::demo
