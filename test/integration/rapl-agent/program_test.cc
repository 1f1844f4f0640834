// The real program, started and ended as an operator does it: what its configuration keys lead to on the kernel's files
// as FUSE shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "kube/api_client.h"
#include "runtime/file.h"
#include "test/integration/rapl-agent/agent_cluster.h"
#include "test/rigs/agent_process.h"
#include "test/rigs/nvml/nvml_stub.h"
#include "test/support/table.h"

namespace headroom::rapl_agent {
namespace {

using headroom::test::AgentProcess;
using headroom::test::AgentProcessOptions;
using headroom::test::Raplfs;
using headroom::test::StubCall;
using testing::HasSubstr;
using testing::Not;

class AgentProgram : public test::AgentCluster {
 protected:
  // A file of the machine's mounts; `more` are further keys.
  [[nodiscard]] std::string config(const std::string& more) const {
    return "mode: Enforce\nnodeName: node-a\ntestAllowNonSysfs: true\nlisten: {health: \"127.0.0.1:0\"}\n"
           "timing: {scale: 20}\nreserve: {measure: false}\nsysfsRoot: " +
           tree_.sys("node-a") + "\npowercapRoot: " + tree_.powercap("node-a") +
           "\njournalPath: " + directory_.path("run") + "\nmemoryPath: \"\"\n" + more;
  }
  void start(const std::string& more, std::vector<std::string> environment = {}) {
    port_ = 0;
    agent_ = std::make_unique<AgentProcess>(AgentProcessOptions{config(more), arguments_, std::move(environment)});
  }
  [[nodiscard]] std::string ask(const std::string& path) {
    if (port_ == 0) port_ = agent_->port();
    kube::ApiClient client(*kube::config_from_url("http://127.0.0.1:" + std::to_string(port_)), {}, system_);
    const auto reply = client.get(path);
    return reply ? *reply : reply.error().message;
  }
  [[nodiscard]] bool shows(const std::string& metric) {
    return Raplfs::eventually([&] { return ask("/metrics").find("\n" + metric + "\n") != std::string::npos; });
  }
  [[nodiscard]] int stopped() {
    agent_->signal(SIGTERM);
    return agent_->exit_status().value_or(-1);
  }
  // The limit of a package as it stands; -1: cannot be read.
  [[nodiscard]] std::int64_t watts(int package) const {
    const auto text = headroom::test::read_attribute(tree_.zone("node-a", "intel-rapl:" + std::to_string(package)) +
                                                     "/constraint_0_power_limit_uw");
    return text ? std::stoll(*text) / 1'000'000 : -1;
  }

  std::vector<std::string> arguments_;
  std::unique_ptr<AgentProcess> agent_;
  int port_ = 0;
};

// The orders come from the API server.
class OrderedProgram : public AgentProgram {
 protected:
  OrderedProgram() { arguments_ = {"--kubeconfig=" + server_.url()}; }
  [[nodiscard]] bool has_acknowledged(std::int64_t sequence) {
    return eventually([&] { return acknowledged() == sequence; });
  }
};

struct ExitRow {
  const char* name;
  const char* config;
  std::int64_t first;   // W of package 0 afterwards; 0: together they have the fallback's 120 W
  std::int64_t second;  // of package 1, which somebody else has set to 70 W
};
void PrintTo(const ExitRow& row, std::ostream* out) {
  *out << row.name;
}
class OnExitProgram : public OrderedProgram, public testing::WithParamInterface<ExitRow> {};

TEST_P(OnExitProgram, sigterm_leaves_what_the_configuration_says) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":1000,"cpuPackageWatts":80,"fallbackWatts":120})");
  start(GetParam().config);
  ASSERT_TRUE(has_acknowledged(1)) << status().dump(2) << agent_->log();
  ASSERT_EQ(watts(0), 80);
  tree_.command("poke node-a devices/virtual/powercap/intel-rapl/intel-rapl:1/constraint_0_power_limit_uw 70000000");
  ASSERT_EQ(stopped(), 0) << agent_->log();
  if (GetParam().first == 0) {
    EXPECT_LE(watts(0) + watts(1), 120) << agent_->log();
  } else {
    EXPECT_EQ(watts(0), GetParam().first) << agent_->log();
    EXPECT_EQ(watts(1), GetParam().second) << agent_->log();
  }
  EXPECT_EQ(status()["state"], "Stopping");
  const std::int64_t applied = status()["appliedWatts"];
  EXPECT_GE(applied, watts(0) + watts(1)) << "what is in force now is told";
}

INSTANTIATE_TEST_SUITE_P(
    Table, OnExitProgram,
    testing::Values(ExitRow{"by default caps stay", "", 80, 70}, ExitRow{"hold", "onExit: hold\n", 80, 70},
                    ExitRow{"restore but for what somebody else changed", "onExit: restore\n", 125, 70},
                    ExitRow{"fallback", "onExit: fallback\n", 0, 0}),
    headroom::test::RowName());

TEST_F(OrderedProgram, clocks_are_limited_by_the_algorithm_and_given_back_after_a_kill) {
  const std::string file = tree_.sys("node-a") + "/devices/system/cpu/cpufreq/policy0/scaling_max_freq";
  const std::string original = headroom::test::read_attribute(file).value_or("");
  start("algorithm: frequency\nclockLimitsMHz: {cpufreq: 2000}\n");
  ASSERT_TRUE(Raplfs::eventually([&] { return headroom::test::read_attribute(file) == "2000000\n"; })) << agent_->log();
  ASSERT_TRUE(shows("rapl_agent_clock_limit_hertz{domain=\"cpufreq/policy0\"} 2000000000")) << ask("/metrics");
  agent_->signal(SIGKILL);
  ASSERT_EQ(agent_->exit_status(), 128 + SIGKILL);
  EXPECT_EQ(headroom::test::read_attribute(file), "2000000\n");
  // The file no longer asks for clocks; the journal knows whose limit that is.
  start("");
  EXPECT_TRUE(Raplfs::eventually([&] { return headroom::test::read_attribute(file) == original; })) << agent_->log();
}

TEST_F(OrderedProgram, clocks_that_nothing_asks_for_are_not_even_listed) {
  start("clockLimitsMHz: {cpufreq: 2000}\n");
  EXPECT_THAT(ask("/livez"), HasSubstr("ok"));
  ASSERT_TRUE(shows("rapl_agent_paused 0"));
  EXPECT_THAT(ask("/metrics"), Not(HasSubstr("cpufreq")));
}

// Row 19 in another place: the tree is masked and the machine's /sys, mounted elsewhere, shows zones. A new start takes
// no mask away.
TEST_F(AgentProgram, a_masked_tree_beside_a_mounted_sys_is_named_and_nothing_ends) {
  std::filesystem::create_directory(directory_.path("masked"));
  agent_ = std::make_unique<AgentProcess>(AgentProcessOptions{
      "mode: Enforce\ntestAllowNonSysfs: true\nlisten: {health: \"127.0.0.1:0\"}\ntiming: {scale: 20}\nsysfsRoot: " +
          tree_.sys("node-a") + "\npowercapRoot: " + directory_.path("masked") +
          "\njournalPath: " + directory_.path("run") + "\nmemoryPath: \"\"\n",
      {},
      {}});
  ASSERT_TRUE(Raplfs::eventually([&] {
    return ask("/debug/state").find("masked by the container runtime") != std::string::npos;
  })) << ask("/debug/state");
  EXPECT_THAT(agent_->log(), HasSubstr("masked by the container runtime"));
  EXPECT_THAT(agent_->log(), Not(HasSubstr("ending once")));
  EXPECT_EQ(stopped(), 0);
}

class ChildHelper : public OrderedProgram {
 protected:
  [[nodiscard]] std::string helper() const {
    return "gpu: {helper: child, socket: " + directory_.path("gpu.sock") + ", nvmlPath: " + stub_.shared_object() +
           "}\n";
  }
  // The one child of the agent; 0: none.
  [[nodiscard]] pid_t child() const {
    const std::string tasks = "/proc/" + std::to_string(agent_->pid()) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      pid_t found = 0;
      if (std::ifstream(task.path() / "children") >> found) return found;
    }
    return 0;
  }
  // Ended and reaped, or only waiting to be.
  [[nodiscard]] static bool ended(pid_t process) {
    const auto status = runtime::read_file("/proc/" + std::to_string(process) + "/stat", 1 << 12);
    return !status || status->find(") Z ") != std::string::npos;
  }

  headroom::test::NvmlStub stub_;
};

TEST_F(ChildHelper, one_process_to_start_caps_gpus_and_its_helper_ends_with_it) {
  order(R"({"epoch":1,"sequence":1,"gpuWatts":400})");
  start(helper());
  ASSERT_TRUE(has_acknowledged(1)) << status().dump(2) << agent_->log();
  ASSERT_TRUE(Raplfs::eventually([&] { return stub_.device(0).limit_mw == 400'000U; })) << ask("/debug/state");
  EXPECT_TRUE(shows("rapl_agent_gpu_helper{state=\"attached\"} 1")) << ask("/metrics");
  EXPECT_THAT(ask("/metrics"), HasSubstr("rapl_agent_cap_apply_seconds_count"));
  const pid_t process = child();
  ASSERT_GT(process, 0);
  EXPECT_EQ(stopped(), 0);
  EXPECT_TRUE(Raplfs::eventually([&] { return ended(process); }));
  EXPECT_EQ(stub_.device(0).limit_mw, 400'000U) << "the limit stays";
}

TEST_F(ChildHelper, a_helper_inside_a_set_is_left_behind_and_not_killed) {
  stub_.hang(StubCall::set_limit_v2);
  order(R"({"epoch":1,"sequence":1,"gpuWatts":400})");
  start(helper());
  stub_.await_inside(StubCall::set_limit_v2);
  const pid_t process = child();
  ASSERT_GT(process, 0);
  EXPECT_EQ(stopped(), 0) << agent_->log();
  EXPECT_FALSE(ended(process)) << "left behind, not killed";
  stub_.mend(StubCall::set_limit_v2);
  EXPECT_TRUE(Raplfs::eventually([&] { return ended(process); })) << "it ends by itself";
  EXPECT_EQ(stub_.device(0).limit_mw, 400'000U);
}

TEST_F(ChildHelper, locked_clocks_are_asked_for_by_the_algorithm_and_given_back_by_the_next_agent_and_helper) {
  start(helper() + "algorithm: frequency\nclockLimitsMHz: {gpu-clock: 1200}\n");
  ASSERT_TRUE(Raplfs::eventually([&] { return stub_.device(0).clock_max_mhz == 1'200U; })) << agent_->log();
  EXPECT_EQ(stopped(), 0);
  EXPECT_EQ(stub_.device(0).clock_max_mhz, 1'200U) << "held, like a cap";
  // A new helper cannot ask the driver what its predecessor locked.
  start(helper());
  EXPECT_TRUE(Raplfs::eventually([&] { return stub_.device(0).clock_max_mhz == 0U; })) << agent_->log();
}

TEST_F(ChildHelper, inside_kubernetes_a_child_is_refused) {
  start(helper(), {"KUBERNETES_SERVICE_HOST=10.0.0.1"});
  EXPECT_EQ(agent_->exit_status(), 2);
  EXPECT_THAT(agent_->log(), HasSubstr("gpu.helper: child is refused inside Kubernetes"));
}

}  // namespace
}  // namespace headroom::rapl_agent
