#include "rapl-agent/powercap/zone_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/sysfs_tree.h"
#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::powercap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "type/parent/name constraint constraint", in the order of the tree.
std::vector<std::string> described(const ZoneTree& tree) {
  std::vector<std::string> lines;
  for (const Zone& zone : tree.zones) {
    std::string line = zone.control_type + "/" + (zone.parent.empty() ? "" : zone.parent + "/") + zone.name;
    for (const Constraint& constraint : zone.constraints) line += " " + constraint.name;
    lines.push_back(std::move(line));
  }
  return lines;
}

struct LayoutRow {
  std::string name;
  std::vector<std::string> zones;
};

class Layout : public testing::TestWithParam<LayoutRow> {};

TEST_P(Layout, gives_its_zones_by_name) {
  const test::TemporaryDirectory directory;
  test::make_tree("test/data/powercap/" + GetParam().name + ".txt", directory.path("powercap"));
  const ZoneTree tree = read_zone_tree(directory.path("powercap"));
  EXPECT_EQ(tree.state, TreeState::found);
  EXPECT_EQ(described(tree), GetParam().zones);
  EXPECT_TRUE(tree.notes.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Captured, Layout,
    testing::Values(
        LayoutRow{"server-skylake-2s",
                  {"intel-rapl/package-0 long_term short_term", "intel-rapl/package-0/dram long_term",
                   "intel-rapl/package-1 long_term short_term", "intel-rapl/package-1/dram long_term"}},
        LayoutRow{"server-sapphire-rapids-2s",
                  {"intel-rapl/package-0 long_term short_term", "intel-rapl/package-0/dram long_term",
                   "intel-rapl/psys long_term short_term", "intel-rapl/package-1 long_term short_term",
                   "intel-rapl/package-1/dram long_term"}},
        LayoutRow{
            "client-ux3402za",
            {"intel-rapl/package-0 long_term short_term peak_power", "intel-rapl/package-0/core long_term",
             "intel-rapl/package-0/uncore long_term", "intel-rapl-mmio/package-0 long_term short_term peak_power"}},
        LayoutRow{"client-yoga-aura",
                  {"intel-rapl/package-0 long_term short_term", "intel-rapl-mmio/package-0 long_term short_term",
                   "intel-rapl-mmio/package-0/dram long_term short_term"}},
        LayoutRow{"client-latitude-5420", {"intel-rapl/package-0 long_term short_term peak_power"}},
        LayoutRow{"client-haswell-4770s",
                  {"intel-rapl/package-0 long_term short_term", "intel-rapl/package-0/dram long_term"}},
        LayoutRow{"client-surface-pro-7", {"intel-rapl/package-0 long_term short_term"}},
        LayoutRow{"amd-epyc", {"intel-rapl/package-0", "intel-rapl/package-0/core"}},
        LayoutRow{"amd-threadripper-1950x", {"intel-rapl/package-0-die-0", "intel-rapl/package-0-die-1"}},
        LayoutRow{"server-two-dies",
                  {"intel-rapl/package-0-die-0 long_term short_term", "intel-rapl/package-0-die-0/dram long_term",
                   "intel-rapl/psys long_term short_term", "intel-rapl/package-0-die-1 long_term short_term",
                   "intel-rapl/package-0-die-1/dram long_term", "intel-rapl/psys-0 long_term short_term"}}),
    test::RowName());

TEST(ZoneTree, Fault_hex_zone_ids) {
  const test::TemporaryDirectory directory;
  test::make_tree("test/data/powercap/client-i9-9900k.txt", directory.path("powercap"));
  test::put(directory.path("powercap/intel-rapl/intel-rapl:10/name"), "package-16\n");
  const ZoneTree tree = read_zone_tree(directory.path("powercap"));
  EXPECT_THAT(described(tree),
              ElementsAre("intel-rapl/package-0 long_term short_term", "intel-rapl/package-0/core long_term",
                          "intel-rapl/package-10 long_term short_term", "intel-rapl/package-16"));
}

TEST(ZoneTree, a_constraint_is_found_by_its_name_and_not_by_its_number) {
  const test::TemporaryDirectory directory;
  const std::string zone = directory.path("powercap/intel-rapl/intel-rapl:0");
  test::put(zone + "/name", "package-0\n");
  test::put(zone + "/constraint_0_name", "short_term\n");
  test::put(zone + "/constraint_1_name", "long_term\n");
  const ZoneTree tree = read_zone_tree(directory.path("powercap"));
  ASSERT_EQ(tree.zones.size(), 1U);
  EXPECT_EQ(tree.zones[0].file("long_term", "power_limit_uw"), zone + "/constraint_1_power_limit_uw");
  EXPECT_EQ(tree.zones[0].file("peak_power", "power_limit_uw"), "");
}

// Following `device` or `subsystem` would recurse for ever; a file or a foreign directory is no zone.
TEST(ZoneTree, links_and_strangers_are_not_walked) {
  const test::TemporaryDirectory directory;
  const std::string root = directory.path("powercap");
  test::make_tree({{"intel-rapl/enabled", "0644", "1"},
                   {"intel-rapl/intel-rapl:0/name", "0444", "package-0"},
                   {"intel-rapl/intel-rapl:0/device", "link", "../../intel-rapl"},
                   {"intel-rapl/intel-rapl:0/subsystem", "link", "/nowhere/class/powercap"},
                   {"intel-rapl/intel-rapl:0/power/control", "0644", "auto"},
                   {"intel-rapl/intel-rapl:1", "link", "intel-rapl:0"},
                   {"intel-rapl/intel-rapl:x/name", "0444", "package-9"},
                   {"intel-rapl/other:0/name", "0444", "package-8"},
                   {"uevent", "0644", ""}},
                  root);
  EXPECT_THAT(described(read_zone_tree(root)), ElementsAre("intel-rapl/package-0"));
}

TEST(ZoneTree, a_zone_without_a_readable_name_is_left_out_with_a_note) {
  const test::TemporaryDirectory directory;
  const std::string root = directory.path("powercap");
  test::put(root + "/intel-rapl/intel-rapl:0/name", "package-0\n");
  test::put(root + "/intel-rapl/intel-rapl:1/enabled", "1\n");
  const ZoneTree tree = read_zone_tree(root);
  EXPECT_THAT(described(tree), ElementsAre("intel-rapl/package-0"));
  EXPECT_THAT(tree.notes, ElementsAre(HasSubstr("intel-rapl:1: left out: its name cannot be read")));
}

struct NothingRow {
  const char* name;
  std::vector<test::LayoutLine> layout;
  TreeState state;
};

class NothingToCap : public testing::TestWithParam<NothingRow> {};

TEST_P(NothingToCap, says_why) {
  const test::TemporaryDirectory directory;
  if (!GetParam().layout.empty()) test::make_tree(GetParam().layout, directory.path("host"));
  EXPECT_EQ(read_zone_tree(directory.path("host/powercap")).state, GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(Table, NothingToCap,
                         testing::Values(NothingRow{"no such directory", {}, TreeState::absent},
                                         NothingRow{
                                             "a file in its place", {{"powercap", "0644", ""}}, TreeState::absent},
                                         NothingRow{"an empty directory", {{"powercap", "dir", ""}}, TreeState::empty},
                                         NothingRow{"a control type without zones",
                                                    {{"powercap/intel-rapl/enabled", "0644", "1"}},
                                                    TreeState::no_zones}),
                         test::RowName());

}  // namespace
}  // namespace headroom::rapl_agent::powercap
