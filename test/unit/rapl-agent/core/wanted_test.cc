#include "rapl-agent/core/wanted.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::core {
namespace {

using base::watts;

constexpr std::uint64_t W = 1'000'000;

Control rapl() {
  Control control;
  control.fields = {Field::long_term_limit, Field::short_term_limit, Field::long_term_window, Field::enabled};
  return control;
}

FieldValues values(std::uint64_t pl1, std::uint64_t pl2, std::uint64_t enabled = 1, std::uint64_t window = 999'424) {
  FieldValues result;
  result.set(Field::long_term_limit, pl1);
  result.set(Field::short_term_limit, pl2);
  result.set(Field::long_term_window, window);
  result.set(Field::enabled, enabled);
  return result;
}

struct Row {
  const char* name;
  FieldValues originals;
  base::Power cap;
  CapTerms terms;
  std::uint64_t pl1;
  std::optional<std::uint64_t> pl2;
};

class WantedForCap : public testing::TestWithParam<Row> {};

TEST_P(WantedForCap, shapes_both_limits) {
  const FieldValues wanted = wanted_for_cap(rapl(), GetParam().originals, GetParam().cap, GetParam().terms);
  EXPECT_EQ(wanted.get(Field::long_term_limit), GetParam().pl1);
  EXPECT_EQ(wanted.get(Field::short_term_limit), GetParam().pl2);
  EXPECT_EQ(wanted.get(Field::enabled), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WantedForCap,
    testing::Values(
        Row{"PL2 follows PL1 by the share", values(125 * W, 150 * W), watts(100), {}, 100 * W, 110 * W},
        Row{"PL2 never above its original", values(125 * W, 104 * W), watts(100), {}, 100 * W, 104 * W},
        Row{"PL2 never below PL1 by a small share",
            values(125 * W, 150 * W),
            watts(100),
            {base::percent(50), {}},
            100 * W,
            100 * W},
        Row{"PL2 left alone", values(125 * W, 150 * W), watts(100), {{}, {}, Pl2Policy::leave}, 100 * W, std::nullopt},
        Row{"PL1 never above its original", values(80 * W, 150 * W), watts(100), {}, 80 * W, 88 * W},
        Row{"limits that are turned round on some laptops stay so",
            values(200 * W, 44 * W),
            watts(60),
            {},
            60 * W,
            44 * W},
        Row{"a PL2 of 0 is none of our business", values(125 * W, 0), watts(100), {}, 100 * W, std::nullopt}),
    headroom::test::RowName());

TEST(WantedAtOriginal, a_zero_is_not_written_not_even_where_it_was_found) {
  const FieldValues wanted = wanted_at_original(rapl(), values(0, 150 * W, 0));
  EXPECT_FALSE(wanted.get(Field::long_term_limit));
  EXPECT_EQ(wanted.get(Field::short_term_limit), 150 * W);
  EXPECT_EQ(wanted.get(Field::enabled), 0u);
}

std::vector<Field> order_of(const std::vector<FieldWrite>& writes) {
  std::vector<Field> fields;
  for (const FieldWrite& write : writes) fields.push_back(write.field);
  return fields;
}

TEST(WritesBetween, a_lower_writes_PL1_first) {
  EXPECT_EQ(order_of(writes_between(values(125 * W, 150 * W), values(100 * W, 110 * W), watts(1))),
            (std::vector{Field::long_term_limit, Field::short_term_limit}));
}

TEST(WritesBetween, a_raise_writes_PL2_first) {
  EXPECT_EQ(order_of(writes_between(values(100 * W, 110 * W), values(125 * W, 150 * W), watts(1))),
            (std::vector{Field::short_term_limit, Field::long_term_limit}));
}

TEST(WritesBetween, PL1_stays_at_or_below_PL2_at_every_step) {
  for (const std::uint64_t from : {40 * W, 90 * W, 125 * W}) {
    for (const std::uint64_t to : {40 * W, 90 * W, 125 * W}) {
      FieldValues current = values(from, from * 11 / 10);
      for (const FieldWrite& write : writes_between(current, values(to, to * 11 / 10), watts(1))) {
        current.set(write.field, write.value);
        EXPECT_LE(*current.get(Field::long_term_limit), *current.get(Field::short_term_limit)) << from << " to " << to;
      }
    }
  }
}

TEST(WritesBetween, what_is_as_wanted_is_not_written_and_a_missing_enable_is_the_last) {
  EXPECT_TRUE(writes_between(values(100 * W, 110 * W), values(100 * W, 110 * W), watts(1)).empty());
  EXPECT_EQ(order_of(writes_between(values(125 * W, 150 * W, 0), values(100 * W, 110 * W), watts(1))).back(),
            Field::enabled);
}

TEST(WritesBetween, what_could_not_be_read_is_written) {
  EXPECT_EQ(writes_between({}, values(100 * W, 110 * W), watts(1)).size(), 4u);
}

TEST(SameValue, rounding_to_a_unit_and_to_a_window_encoding_is_the_same_value) {
  EXPECT_TRUE(same_value(Field::long_term_limit, 100'060'000, 100'000'000, base::microwatts(250'000)));
  EXPECT_FALSE(same_value(Field::long_term_limit, 100'000'000, 104'000'000, base::microwatts(250'000)));
  EXPECT_TRUE(same_value(Field::long_term_window, 1'000'000, 999'424, {}));
  EXPECT_FALSE(same_value(Field::enabled, 1, 0, {}));
}

}  // namespace
}  // namespace headroom::rapl_agent::core
