#include "rapl-agent/gpu/nvml_outcome.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::rapl_agent::gpu {
namespace {

struct CodeRow {
  std::string name;
  int code;
  core::Outcome outcome;
};

class CodeRule : public testing::TestWithParam<CodeRow> {};

TEST_P(CodeRule, means) {
  EXPECT_EQ(outcome_of(static_cast<NvmlCode>(GetParam().code)), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CodeRule,
    testing::Values(CodeRow{"success is ok", 0, core::Outcome::ok},
                    CodeRow{"uninitialised breaks the attachment", 1, core::Outcome::library_broken},
                    CodeRow{"an invalid argument is a refused value", 2, core::Outcome::invalid},
                    CodeRow{"not supported", 3, core::Outcome::unsupported},
                    CodeRow{"no permission", 4, core::Outcome::no_permission},
                    CodeRow{"a driver that is not loaded breaks the attachment", 9, core::Outcome::library_broken},
                    CodeRow{"a function the library lacks is unsupported", 13, core::Outcome::unsupported},
                    CodeRow{"a lost GPU is lost", 15, core::Outcome::lost},
                    CodeRow{"a GPU that needs a reset is lost", 16, core::Outcome::lost},
                    CodeRow{"a blocked cgroup breaks the attachment", 17, core::Outcome::library_broken},
                    CodeRow{"a version mismatch breaks the attachment", 18, core::Outcome::library_broken},
                    CodeRow{"another version of a struct is unsupported", 25, core::Outcome::unsupported},
                    CodeRow{"a GPU that is not found is gone", 28, core::Outcome::gone},
                    CodeRow{"unknown breaks the attachment", 999, core::Outcome::library_broken},
                    CodeRow{"a code nobody named may pass", 42, core::Outcome::transient}),
    test::RowName());

TEST(Codes, only_a_new_process_helps_after_upgrade_blocked_cgroup_and_unknown) {
  for (const int code : {17, 18, 999}) EXPECT_TRUE(wants_new_process(static_cast<NvmlCode>(code))) << code;
  for (const int code : {0, 1, 2, 9, 15, 16, 42}) EXPECT_FALSE(wants_new_process(static_cast<NvmlCode>(code))) << code;
}

TEST(Codes, missing_permission_says_what_is_needed) {
  EXPECT_NE(hint_of(NvmlCode::no_permission).find("SYS_ADMIN"), std::string::npos);
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
