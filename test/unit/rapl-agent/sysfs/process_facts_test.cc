#include "rapl-agent/sysfs/process_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::sysfs {
namespace {

struct HintRow {
  const char* name;
  ProcessFacts facts;
  const char* says;
};

class PermissionHint : public testing::TestWithParam<HintRow> {};

TEST_P(PermissionHint, names_what_to_change) {
  EXPECT_THAT(permission_hint(GetParam().facts), testing::HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PermissionHint,
    testing::Values(HintRow{"root of a user namespace", {0, "         0     100000      65536\n"}, "hostUsers: true"},
                    HintRow{"root mapped to a user", {0, "         0       1000          1\n"}, "hostUsers: true"},
                    HintRow{"a plain user", {65534, "         0          0 4294967295\n"}, "runAsUser: 0"},
                    HintRow{"real root", {0, "         0          0 4294967295\n"}, "security module"},
                    HintRow{"no uid_map to be read", {0, ""}, "security module"}),
    test::RowName());

TEST(ProcessFacts, are_those_of_this_process) {
  const ProcessFacts facts = process_facts("/proc");
  EXPECT_EQ(facts.uid, static_cast<unsigned>(::geteuid()));
  EXPECT_FALSE(facts.uid_map.empty());
}

}  // namespace
}  // namespace headroom::rapl_agent::sysfs
