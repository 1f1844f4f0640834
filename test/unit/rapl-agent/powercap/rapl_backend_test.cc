#include "rapl-agent/powercap/rapl_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "rapl-agent/powercap/domains.h"
#include "test/support/sysfs_tree.h"
#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::powercap {
namespace {

using core::ControlKey;
using core::Domain;
using core::DomainKind;
using core::Field;
using core::Outcome;
using core::Surface;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "id kind [surface field...]", as an inventory lists them.
std::string described(const Domain& domain) {
  std::string text = domain.id + " " + std::string(to_string(domain.kind));
  for (const core::Control& control : domain.controls) {
    text += " " + std::string(to_string(control.surface)) + ":";
    for (const Field field : control.fields) text += " " + std::string(to_string(field));
  }
  return text;
}

class Machine {
 public:
  explicit Machine(const std::string& layout = "") {
    if (!layout.empty()) test::make_tree("test/data/powercap/" + layout + ".txt", root());
    options.powercap_root = root();
    options.sysfs_root = directory_.path("host/sys");
    options.write_to = sysfs::WriteTo::any_for_tests;
  }
  [[nodiscard]] std::string root() const { return directory_.path("host/powercap"); }
  [[nodiscard]] std::string host(const std::string& path) const { return directory_.path("host/sys/" + path); }
  [[nodiscard]] std::string zone(const std::string& path) const { return root() + "/intel-rapl/" + path; }

  RaplOptions options;

 private:
  test::TemporaryDirectory directory_;
};

Domain named(const core::Inventory& inventory, const std::string& id) {
  for (const Domain& domain : inventory.domains) {
    if (domain.id == id) return domain;
  }
  ADD_FAILURE() << "no domain " << id;
  return {};
}

struct DomainRow {
  std::string name;
  std::vector<std::string> domains;
};

class CapturedLayout : public testing::TestWithParam<DomainRow> {};

TEST_P(CapturedLayout, gives_these_domains) {
  const Machine machine(GetParam().name);
  RaplBackend backend(machine.options);
  std::vector<std::string> lines;
  for (const Domain& domain : backend.discover().domains) lines.push_back(described(domain));
  EXPECT_EQ(lines, GetParam().domains);
}

constexpr const char* kBoth = "msr: long_term_limit short_term_limit long_term_window enabled";

INSTANTIATE_TEST_SUITE_P(
    Table, CapturedLayout,
    testing::Values(
        DomainRow{"server-skylake-2s",
                  {std::string("rapl/package-0 cpu_package ") + kBoth, "rapl/package-0/dram dram",
                   std::string("rapl/package-1 cpu_package ") + kBoth, "rapl/package-1/dram dram"}},
        DomainRow{
            "server-sapphire-rapids-2s",
            {std::string("rapl/package-0 cpu_package ") + kBoth, "rapl/package-0/dram dram",
             std::string("rapl/package-1 cpu_package ") + kBoth, "rapl/package-1/dram dram", "rapl/psys node_meter"}},
        DomainRow{"client-ux3402za",
                  {std::string("rapl/package-0 cpu_package ") + kBoth +
                       " mmio: long_term_limit short_term_limit long_term_window enabled",
                   "rapl/package-0/core part_meter", "rapl/package-0/uncore part_meter"}},
        DomainRow{"amd-epyc", {"rapl/package-0 cpu_package", "rapl/package-0/core part_meter"}},
        DomainRow{"amd-threadripper-1950x", {"rapl/package-0-die-0 cpu_package", "rapl/package-0-die-1 cpu_package"}},
        DomainRow{"server-two-dies",
                  {std::string("rapl/package-0-die-0 cpu_package ") + kBoth, "rapl/package-0-die-0/dram dram",
                   std::string("rapl/package-0-die-1 cpu_package ") + kBoth, "rapl/package-0-die-1/dram dram",
                   "rapl/psys node_meter", "rapl/psys-0 node_meter"}}),
    test::RowName());

TEST(RaplBackend, dies_share_the_group_of_their_package) {
  const Machine machine("server-two-dies");
  RaplBackend backend(machine.options);
  const core::Inventory inventory = backend.discover();
  EXPECT_EQ(named(inventory, "rapl/package-0-die-0").group, "package-0");
  EXPECT_EQ(named(inventory, "rapl/package-0-die-1").group, "package-0");
}

struct MaximumRow {
  const char* name;
  const char* layout;
  std::optional<base::Power> maximum;
};

class Maximum : public testing::TestWithParam<MaximumRow> {};

TEST_P(Maximum, is_a_hint_where_the_kernel_says_something) {
  const Machine machine(GetParam().layout);
  RaplBackend backend(machine.options);
  EXPECT_EQ(named(backend.discover(), "rapl/package-0").controls.at(0).max_hint, GetParam().maximum);
}

INSTANTIATE_TEST_SUITE_P(Table, Maximum,
                         testing::Values(MaximumRow{"a server's", "server-skylake-2s", base::watts(125)},
                                         MaximumRow{"below the limit in force", "client-i9-9900k", base::watts(95)}),
                         test::RowName());

TEST(RaplBackend, a_maximum_of_zero_or_none_says_nothing) {
  const Machine machine("server-skylake-2s");
  test::put(machine.zone("intel-rapl:0/constraint_0_max_power_uw"), "0\n");
  std::filesystem::remove(machine.zone("intel-rapl:1/constraint_0_max_power_uw"));
  RaplBackend backend(machine.options);
  const core::Inventory inventory = backend.discover();
  EXPECT_EQ(named(inventory, "rapl/package-0").controls.at(0).max_hint, std::nullopt);
  EXPECT_EQ(named(inventory, "rapl/package-1").controls.at(0).max_hint, std::nullopt);
}

TEST(RaplBackend, limits_beyond_32_bits_are_read_whole) {
  const Machine machine("client-i9-9900k");
  RaplBackend backend(machine.options);
  (void)backend.discover();
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::msr, Field::long_term_limit}).value, 4'090'000'000U);
}

TEST(RaplBackend, reads_and_writes_the_control_that_was_named) {
  const Machine machine("client-ux3402za");
  RaplBackend backend(machine.options);
  (void)backend.discover();
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::msr, Field::long_term_limit}).value, 200'000'000U);
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::mmio, Field::short_term_limit}).value, 30'000'000U);
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::msr, Field::long_term_window}).value, 27'983'872U);
  EXPECT_TRUE(backend.write({"rapl/package-0", Surface::mmio, Field::enabled}, 1).ok());
  EXPECT_TRUE(backend.write({"rapl/package-0", Surface::msr, Field::long_term_limit}, 120'000'000).ok());
  EXPECT_EQ(test::content_of(machine.zone("intel-rapl:0/constraint_0_power_limit_uw")), "120000000\n");
}

TEST(RaplBackend, what_was_not_listed_has_no_controls) {
  const Machine machine("server-skylake-2s");
  RaplBackend backend(machine.options);
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::msr, Field::enabled}).outcome, Outcome::unknown_key);
  (void)backend.discover();
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::mmio, Field::enabled}).outcome, Outcome::unknown_key);
  EXPECT_EQ(backend.write({"rapl/package-0/dram", Surface::msr, Field::long_term_limit}, 1).outcome,
            Outcome::unknown_key);
  EXPECT_EQ(backend.sample("rapl/package-9").outcome, Outcome::unknown_key);
}

TEST(RaplBackend, a_limit_of_zero_is_never_written) {
  const Machine machine("server-skylake-2s");
  RaplBackend backend(machine.options);
  (void)backend.discover();
  for (const Field field : {Field::long_term_limit, Field::short_term_limit}) {
    EXPECT_EQ(backend.write({"rapl/package-0", Surface::msr, field}, 0).outcome, Outcome::invalid);
  }
  EXPECT_EQ(test::content_of(machine.zone("intel-rapl:0/constraint_0_power_limit_uw")), "125000000\n");
}

TEST(RaplBackend, Fault_not_sysfs) {
  Machine machine("server-skylake-2s");
  machine.options.write_to = sysfs::WriteTo::sysfs_only;
  RaplBackend backend(machine.options);
  (void)backend.discover();
  const auto access = backend.write({"rapl/package-0", Surface::msr, Field::long_term_limit}, 90'000'000);
  EXPECT_EQ(access.outcome, Outcome::not_kernel);
  EXPECT_THAT(access.hint, HasSubstr("not a file of the kernel's sysfs"));
  EXPECT_EQ(test::content_of(machine.zone("intel-rapl:0/constraint_0_power_limit_uw")), "125000000\n");
}

TEST(RaplBackend, Fault_no_powercap_dir) {
  const Machine machine;
  RaplBackend backend(machine.options);
  const core::Inventory inventory = backend.discover();
  EXPECT_EQ(inventory.outcome, Outcome::ok);
  EXPECT_THAT(inventory.domains, IsEmpty());
  EXPECT_THAT(inventory.notes, ElementsAre(HasSubstr("no RAPL zones")));
  EXPECT_FALSE(backend.mount_is_stale());
}

TEST(RaplBackend, an_empty_tree_is_told_as_masked) {
  const Machine machine;
  std::filesystem::create_directories(machine.root());
  RaplBackend backend(machine.options);
  EXPECT_THAT(backend.discover().notes, ElementsAre(HasSubstr("mount the host's /sys/devices/virtual/powercap at")));
  EXPECT_FALSE(backend.mount_is_stale());
}

TEST(RaplBackend, a_masked_tree_without_its_own_mount_is_told_by_the_class_directory) {
  const Machine machine;
  test::put(machine.host("class/powercap/intel-rapl:0/uevent"), "");
  RaplBackend backend(machine.options);
  EXPECT_THAT(backend.discover().notes, ElementsAre(HasSubstr("masked by the container runtime")));
}

TEST(RaplBackend, without_the_writable_mount_the_read_only_tree_is_metered) {
  const Machine machine;
  test::make_tree("test/data/powercap/server-skylake-2s.txt", machine.host("devices/virtual/powercap"));
  RaplBackend backend(machine.options);
  const core::Inventory inventory = backend.discover();
  EXPECT_EQ(inventory.domains.size(), 4U);
  EXPECT_THAT(inventory.notes, ElementsAre(HasSubstr("limits can be read and not written")));
  EXPECT_FALSE(backend.mount_is_stale());
  EXPECT_EQ(backend.sample("rapl/package-0").energy, base::microjoules(250'796'965));
}

TEST(RaplBackend, a_mount_that_outlived_its_directory_is_stale) {
  const Machine machine;
  std::filesystem::create_directories(machine.root());
  test::make_tree("test/data/powercap/server-skylake-2s.txt", machine.host("devices/virtual/powercap"));
  RaplBackend backend(machine.options);
  EXPECT_THAT(backend.discover().notes, ElementsAre(HasSubstr("a new mount helps")));
  EXPECT_TRUE(backend.mount_is_stale());
}

TEST(RaplBackend, dram_is_capped_only_when_asked_and_set_up_by_firmware) {
  Machine machine("server-sapphire-rapids-2s");
  machine.options.dram = DramLimits::cap;
  test::put(machine.zone("intel-rapl:2/intel-rapl:2:0/constraint_0_max_power_uw"), "0\n");
  RaplBackend backend(machine.options);
  const core::Inventory inventory = backend.discover();
  EXPECT_EQ(named(inventory, "rapl/package-0/dram").controls.size(), 1U);
  EXPECT_THAT(named(inventory, "rapl/package-1/dram").controls, IsEmpty());
  EXPECT_THAT(named(inventory, "rapl/package-1/dram").notes, Contains(HasSubstr("not set up by firmware")));
}

TEST(RaplBackend, one_surface_can_be_left_alone) {
  Machine machine("client-ux3402za");
  machine.options.surfaces = Surfaces::mmio_only;
  RaplBackend backend(machine.options);
  const Domain package = named(backend.discover(), "rapl/package-0");
  ASSERT_EQ(package.controls.size(), 1U);
  EXPECT_EQ(package.controls[0].surface, Surface::mmio);
  EXPECT_THAT(package.notes, Contains(HasSubstr("msr is left alone")));
}

TEST(RaplBackend, a_zone_that_left_and_returned_has_another_generation) {
  const Machine machine("server-skylake-2s");
  RaplBackend backend(machine.options);
  const auto before = named(backend.discover(), "rapl/package-1").generation;
  const std::string zone = machine.zone("intel-rapl:1");
  std::filesystem::rename(zone, machine.root() + "/aside");
  EXPECT_EQ(backend.read({"rapl/package-1", Surface::msr, Field::long_term_limit}).outcome, Outcome::gone);
  EXPECT_EQ(backend.sample("rapl/package-1").outcome, Outcome::gone);
  EXPECT_EQ(backend.discover().domains.size(), 2U);
  std::filesystem::rename(machine.root() + "/aside", machine.zone("intel-rapl:7"));
  const core::Inventory after = backend.discover();
  EXPECT_EQ(named(after, "rapl/package-1").generation, before + 1);
  EXPECT_EQ(named(after, "rapl/package-0").generation, before);
  EXPECT_EQ(backend.read({"rapl/package-1", Surface::msr, Field::long_term_limit}).value, 125'000'000U);
}

TEST(RaplBackend, Fault_garbage_content) {
  const Machine machine("server-skylake-2s");
  RaplBackend backend(machine.options);
  (void)backend.discover();
  test::put(machine.zone("intel-rapl:0/constraint_0_power_limit_uw"), "abc\n");
  test::put(machine.zone("intel-rapl:0/energy_uj"), "");
  EXPECT_EQ(backend.read({"rapl/package-0", Surface::msr, Field::long_term_limit}).outcome, Outcome::garbage);
  EXPECT_EQ(backend.sample("rapl/package-0").outcome, Outcome::garbage);
  EXPECT_EQ(backend.sample("rapl/package-0").energy, std::nullopt);
}

TEST(RaplBackend, control_types_of_other_drivers_are_left_alone_with_a_note) {
  const Machine machine("server-skylake-2s");
  test::put(machine.root() + "/dtpm/dtpm:0/name", "soc\n");
  RaplBackend backend(machine.options);
  EXPECT_THAT(backend.discover().notes, Contains(HasSubstr("control type dtpm is not driven")));
}

struct PackageRow {
  const char* name;
  std::optional<PackageName> parsed;
};

class Package : public testing::TestWithParam<PackageRow> {};

TEST_P(Package, name_is_taken_apart) {
  EXPECT_EQ(parse_package(GetParam().name), GetParam().parsed);
}

INSTANTIATE_TEST_SUITE_P(Table, Package,
                         testing::Values(PackageRow{"package-0", PackageName{0, std::nullopt}},
                                         PackageRow{"package-10", PackageName{10, std::nullopt}},
                                         PackageRow{"package-1-die-3", PackageName{1, 3U}},
                                         PackageRow{"package-", std::nullopt}, PackageRow{"package-x", std::nullopt},
                                         PackageRow{"package-0-die-", std::nullopt},
                                         PackageRow{"package-0-core", std::nullopt}, PackageRow{"psys", std::nullopt}),
                         test::RowName());

}  // namespace
}  // namespace headroom::rapl_agent::powercap
