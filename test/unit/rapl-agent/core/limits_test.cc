#include "rapl-agent/core/limits.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::core {
namespace {

using base::Power;
using base::watts;

struct Row {
  const char* name;
  std::optional<Power> original;
  std::optional<Power> maximum;
  std::optional<Power> minimum;
  std::optional<DomainLimits> limits;
};

class LimitsOf : public testing::TestWithParam<Row> {};

Domain package_with(const Row& row) {
  Domain domain;
  domain.id = "rapl/package-0";
  Control control;
  control.fields = {Field::long_term_limit};
  control.max_hint = row.maximum;
  control.min_hint = row.minimum;
  domain.controls = {control};
  return domain;
}

TEST_P(LimitsOf, come_from_original_and_hints) {
  EXPECT_EQ(limits_of(package_with(GetParam()), GetParam().original, {}), GetParam().limits);
}

INSTANTIATE_TEST_SUITE_P(
    Table, LimitsOf,
    testing::Values(
        Row{"a server package", watts(125), watts(125), {}, DomainLimits{watts(50), watts(125), watts(125)}},
        Row{"never above the original", watts(100), watts(125), {}, DomainLimits{watts(50), watts(100), watts(100)}},
        Row{"an original of 4090 W is no limit",
            watts(4'090),
            watts(95),
            {},
            DomainLimits{watts(38), watts(95), watts(190)}},
        Row{"without a maximum the original is the ceiling",
            watts(125),
            {},
            {},
            DomainLimits{watts(30), watts(125), watts(125)}},
        Row{"a maximum of 0 is none", watts(125), watts(0), {}, DomainLimits{watts(30), watts(125), watts(125)}},
        Row{"a maximum that no chip has is none",
            watts(125),
            watts(9'000),
            {},
            DomainLimits{watts(30), watts(125), watts(125)}},
        Row{"an original of 0 is none", watts(0), watts(125), {}, DomainLimits{watts(50), watts(125), watts(250)}},
        Row{"an original above the maximum is what it draws uncapped",
            watts(160),
            watts(125),
            {},
            DomainLimits{watts(50), watts(125), watts(160)}},
        Row{"a maximum below the floor says nothing: the original is all there is",
            watts(25),
            watts(15),
            {},
            DomainLimits{watts(25), watts(25), watts(25)}},
        Row{"a GPU tells its own minimum", watts(700), watts(700), watts(200),
            DomainLimits{watts(200), watts(700), watts(700)}},
        Row{"a floor above the ceiling is the ceiling",
            watts(15),
            watts(15),
            {},
            DomainLimits{watts(15), watts(15), watts(15)}},
        Row{"nothing known, nothing capped", {}, {}, {}, std::nullopt}),
    headroom::test::RowName());

TEST(LimitsOfConfigured, the_operator_sets_floors_and_lowers_ceilings) {
  AgentSettings settings;
  settings.floors["rapl/package-0"] = watts(70);
  settings.ceilings["cpu_package"] = watts(110);
  const Row row{"", watts(125), watts(125), {}, {}};
  EXPECT_EQ(limits_of(package_with(row), row.original, settings), (DomainLimits{watts(70), watts(110), watts(125)}));
  settings.ceilings["cpu_package"] = watts(500);
  EXPECT_EQ(limits_of(package_with(row), row.original, settings)->ceiling, watts(125));
}

TEST(Cappable, meters_and_dram_are_left_alone) {
  Domain domain = package_with({"", watts(125), watts(125), {}, {}});
  EXPECT_TRUE(cappable(domain, {}));
  domain.kind = DomainKind::node_meter;
  EXPECT_FALSE(cappable(domain, {}));
  domain.kind = DomainKind::dram;
  EXPECT_FALSE(cappable(domain, {}));
  AgentSettings settings;
  settings.cap_dram = true;
  EXPECT_TRUE(cappable(domain, settings));
}

}  // namespace
}  // namespace headroom::rapl_agent::core
