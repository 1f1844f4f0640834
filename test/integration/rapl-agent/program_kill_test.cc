// The built program on the tree, killed for real: between a journal's announcement and the write, between two writes of
// a pair, at rest; and what the next one makes of what it finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "test/integration/rapl-agent/agent_cluster.h"
#include "test/rigs/agent_process.h"

namespace headroom::rapl_agent {
namespace {

using headroom::test::AgentProcess;

constexpr const char* kZone0 = "intel-rapl:0";
constexpr const char* kZone1 = "intel-rapl:1";
constexpr const char* kShortTerm = "constraint_1_power_limit_uw";

class KilledProgram : public test::AgentCluster {
 protected:
  ~KilledProgram() override { tree_.command("release all"); }

  void start() {
    agent_.reset();
    agent_ = std::make_unique<AgentProcess>(headroom::test::AgentProcessOptions{
        "mode: Enforce\nnodeName: node-a\ntestAllowNonSysfs: true\nlisten: {health: '127.0.0.1:0'}\n"
        "timing: {scale: 20}\nreserve: {measure: false}\nrapl: {deadline: 5s}\nsysfsRoot: " +
            tree_.sys("node-a") + "\npowercapRoot: " + tree_.powercap("node-a") +
            "\njournalPath: " + directory_.path("run") + "\nmemoryPath: ''\n",
        {"--kubeconfig=" + server_.url()},
        {}});
  }
  void kill_hard() {
    agent_->signal(SIGKILL);
    EXPECT_EQ(agent_->exit_status(), 128 + SIGKILL);
  }
  // Waits until the agent stands in a write of this file, and kills it there; the kernel takes nothing of that write.
  void kill_in_write(const std::string& zone, const std::string& file) {
    ASSERT_TRUE(eventually([&] { return tree_.command("hanging") == "1"; })) << log();
    agent_->signal(SIGKILL);
    tree_.command("release all");
    EXPECT_EQ(agent_->exit_status(), 128 + SIGKILL);
    for (const auto& write : writes(zone, file)) EXPECT_NE(write.result, "ok");
  }
  std::vector<headroom::test::Recorded> writes(const std::string& zone, const std::string& file) const {
    auto all = tree_.writes("node-a");
    std::erase_if(all, [&](const auto& line) { return line.file() != zone + "/" + file; });
    return all;
  }
  void cap(int sequence) {
    order(R"({"epoch":1,"sequence":)" + std::to_string(sequence) + R"(,"cpuPackageWatts":80,"reserveWatts":0})");
  }
  void release(int sequence) { order(R"({"epoch":1,"sequence":)" + std::to_string(sequence) + R"(,"release":true})"); }
  // Each start is told by an order of its own: an acknowledgement is that of the agent which runs now.
  [[nodiscard]] bool in_force(int sequence) {
    return eventually([&] { return acknowledged() == sequence; });
  }
  void expect_caps() {
    for (const char* zone : {kZone0, kZone1}) {
      EXPECT_EQ(limit(zone), "80000000\n") << log();
      EXPECT_EQ(limit(zone, kShortTerm), "88000000\n") << log();
    }
  }
  void expect_given_back(int sequence) {
    release(sequence);
    EXPECT_TRUE(eventually([&] {
      return limit(kZone0) == "125000000\n" && limit(kZone1) == "125000000\n" &&
             limit(kZone0, kShortTerm) == "150000000\n" && limit(kZone1, kShortTerm) == "150000000\n";
    })) << log();
  }
  [[nodiscard]] std::string log() const { return agent_->log(); }

  std::unique_ptr<AgentProcess> agent_;
};

TEST_F(KilledProgram, Fault_sigkill_then_restart) {
  cap(1);
  start();
  ASSERT_TRUE(in_force(1)) << log();
  const std::size_t written = tree_.writes("node-a").size();
  kill_hard();
  expect_caps();
  cap(2);
  start();
  ASSERT_TRUE(in_force(2)) << log();
  EXPECT_EQ(tree_.writes("node-a").size(), written) << "what stood there was what was wanted";
  expect_given_back(3);
}

TEST_F(KilledProgram, Fault_sigkill_between_intent_and_write) {
  tree_.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write hang errno=EIO");
  cap(1);
  start();
  kill_in_write(kZone0, "constraint_0_power_limit_uw");
  EXPECT_EQ(limit(kZone0), "125000000\n");
  const auto journal = runtime::read_file(directory_.path("run") + "/state.json");
  ASSERT_TRUE(journal.ok());
  EXPECT_THAT(*journal, testing::HasSubstr("80000000")) << "announced before it was written";
  cap(2);
  start();
  ASSERT_TRUE(in_force(2)) << log();
  expect_caps();
  expect_given_back(3);
}

TEST_F(KilledProgram, Fault_sigkill_between_PL1_and_PL2) {
  tree_.command("fault node-a intel-rapl:0 constraint_1_power_limit_uw write hang errno=EIO");
  cap(1);
  start();
  kill_in_write(kZone0, kShortTerm);
  EXPECT_EQ(limit(kZone0), "80000000\n");
  EXPECT_EQ(limit(kZone0, kShortTerm), "150000000\n");
  cap(2);
  start();
  ASSERT_TRUE(in_force(2)) << log();
  expect_caps();
  expect_given_back(3);
}

// What the caps were before is not known any more: they stay in force, and a release leaves them.
TEST_F(KilledProgram, Fault_sigkill_then_restart_with_a_cut_journal) {
  cap(1);
  start();
  ASSERT_TRUE(in_force(1)) << log();
  kill_hard();
  const std::string journal = directory_.path("run") + "/state.json";
  std::filesystem::resize_file(journal, std::filesystem::file_size(journal) / 2);
  cap(2);
  start();
  ASSERT_TRUE(in_force(2)) << log();
  EXPECT_TRUE(std::filesystem::exists(journal + ".bad"));
  expect_caps();
  const std::size_t written = tree_.writes("node-a").size();
  release(3);
  ASSERT_TRUE(in_force(3)) << log();
  expect_caps();
  EXPECT_EQ(tree_.writes("node-a").size(), written);
}

TEST_F(KilledProgram, Fault_sigterm_default) {
  cap(1);
  start();
  ASSERT_TRUE(in_force(1)) << log();
  const std::size_t written = tree_.writes("node-a").size();
  const auto asked = std::chrono::steady_clock::now();
  agent_->signal(SIGTERM);
  EXPECT_EQ(agent_->exit_status(), 0) << log();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(5));
  EXPECT_EQ(state(), "Stopping");
  expect_caps();
  EXPECT_EQ(tree_.writes("node-a").size(), written);
}

}  // namespace
}  // namespace headroom::rapl_agent
