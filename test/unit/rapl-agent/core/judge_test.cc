#include "rapl-agent/core/judge.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::core {
namespace {

using base::watts;

struct Row {
  const char* name;
  std::uint64_t read_pl1;
  std::uint64_t read_pl2;
  std::uint64_t read_enabled;
  ReadBack verdict;
};

FieldValues in_watts(std::uint64_t pl1, std::uint64_t pl2, std::uint64_t enabled) {
  FieldValues values;
  values.set(Field::long_term_limit, pl1 * 1'000'000);
  values.set(Field::short_term_limit, pl2 * 1'000'000);
  values.set(Field::enabled, enabled);
  return values;
}

class JudgeReadBack : public testing::TestWithParam<Row> {};

// 100 W and 110 W were asked for where 125 W and 150 W stood; the floor is 50 W.
TEST_P(JudgeReadBack, says) {
  const Row& row = GetParam();
  EXPECT_EQ(
      judge_read_back(in_watts(100, 110, 1), in_watts(125, 150, 1),
                      in_watts(row.read_pl1, row.read_pl2, row.read_enabled), watts(50), base::microwatts(250'000)),
      row.verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JudgeReadBack,
    testing::Values(Row{"as asked", 100, 110, 1, ReadBack::as_asked},
                    Row{"the old value is an ignored write", 125, 150, 1, ReadBack::too_high},
                    Row{"something between is the firmware's floor", 112, 124, 1, ReadBack::clamped_up},
                    Row{"a little less is the hardware's quantum", 96, 110, 1, ReadBack::lower},
                    Row{"0 is a wrapped register", 0, 110, 1, ReadBack::below_floor},
                    Row{"less than the floor is not accepted", 40, 110, 1, ReadBack::below_floor},
                    Row{"a limit that is not enabled does not act", 100, 110, 0, ReadBack::disabled},
                    Row{"PL2 counts as well", 100, 150, 1, ReadBack::too_high},
                    Row{"a lower PL2 only protects more", 100, 101, 1, ReadBack::as_asked}),
    headroom::test::RowName());

TEST(JudgeReadBackUnknown, what_cannot_be_read_is_not_capped) {
  EXPECT_EQ(judge_read_back(in_watts(100, 110, 1), {}, {}, watts(50), {}), ReadBack::disabled);
  FieldValues limit_only;
  limit_only.set(Field::long_term_limit, 100'000'000);
  EXPECT_EQ(judge_read_back(limit_only, {}, {}, watts(50), {}), ReadBack::too_high);
}

}  // namespace
}  // namespace headroom::rapl_agent::core
