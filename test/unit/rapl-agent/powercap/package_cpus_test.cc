#include "rapl-agent/powercap/package_cpus.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::powercap {
namespace {

class Cpus {
 public:
  void online(int cpu, int package) {
    const std::string folder = "devices/system/cpu/cpu" + std::to_string(cpu);
    std::filesystem::create_directories(directory_.path(folder + "/topology"));
    directory_.write(folder + "/topology/physical_package_id", std::to_string(package) + "\n");
    directory_.write(folder + "/online", "1\n");
  }
  // As the kernel leaves it: without its topology.
  void offline(int cpu) {
    const std::string folder = "devices/system/cpu/cpu" + std::to_string(cpu);
    std::filesystem::remove_all(directory_.path(folder + "/topology"));
    directory_.write(folder + "/online", "0\n");
  }
  [[nodiscard]] std::string root() const { return directory_.path(""); }

 private:
  test::TemporaryDirectory directory_;
};

TEST(PackageCpus, a_package_is_offline_when_all_its_cpus_are) {
  Cpus machine;
  for (const int cpu : {0, 1}) machine.online(cpu, 0);
  for (const int cpu : {2, 3}) machine.online(cpu, 1);
  PackageCpus cpus(machine.root());
  cpus.look();
  EXPECT_FALSE(cpus.all_offline(0));
  EXPECT_FALSE(cpus.all_offline(1));
  machine.offline(2);
  cpus.look();
  EXPECT_FALSE(cpus.all_offline(1)) << "one is left";
  machine.offline(3);
  cpus.look();
  EXPECT_TRUE(cpus.all_offline(1));
  EXPECT_FALSE(cpus.all_offline(0));
  machine.online(3, 1);
  cpus.look();
  EXPECT_FALSE(cpus.all_offline(1));
}

TEST(PackageCpus, a_package_that_was_never_seen_is_not_offline) {
  Cpus machine;
  machine.online(0, 0);
  machine.offline(1);
  PackageCpus cpus(machine.root());
  cpus.look();
  EXPECT_FALSE(cpus.all_offline(1)) << "which package CPU 1 belongs to is not known";
  EXPECT_FALSE(cpus.all_offline(7));
}

TEST(PackageCpus, without_a_root_nothing_is_known) {
  PackageCpus cpus("");
  cpus.look();
  EXPECT_FALSE(cpus.all_offline(0));
}

}  // namespace
}  // namespace headroom::rapl_agent::powercap
