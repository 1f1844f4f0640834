#include "scoring/node_load.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::scoring {
namespace {

using base::watts;
using model::StaleTelemetry;

constexpr std::int64_t kUnknown = -1;

struct Row {
  std::string name;
  bool fresh = true;
  bool ever = true;
  std::int64_t measured = 0;
  std::int64_t at_least = 0;  // 0: as measured
  std::int64_t covered = 0;
  std::int64_t uncovered = 0;
  std::int64_t max = 1'000;  // kUnknown: the class does not say
  StaleTelemetry rule = StaleTelemetry::assume_peak;
  std::int64_t extra = 0;
  std::int64_t booked = 0;
  std::int64_t present = 0;
};

// Every node idles at 100 W.
class LoadRule : public testing::TestWithParam<Row> {};

TEST_P(LoadRule, holds) {
  const Row& row = GetParam();
  Measured measured;
  measured.fresh = row.fresh;
  measured.ever = row.ever;
  measured.power = watts(row.measured);
  measured.at_least = watts(std::max(row.measured, row.at_least));
  PodSums pods;
  pods.covered = watts(row.covered);
  pods.uncovered = watts(row.uncovered);
  NodePeak peak{watts(100), std::nullopt};
  if (row.max != kUnknown) peak.max = watts(row.max);
  const NodeLoad load = load_of(measured, pods, peak, row.rule);
  EXPECT_DOUBLE_EQ(base::to_watts(load.booked.with(watts(row.extra))), static_cast<double>(row.booked));
  EXPECT_DOUBLE_EQ(base::to_watts(load.present.with(watts(row.extra))), static_cast<double>(row.present));
}

INSTANTIATE_TEST_SUITE_P(
    Fresh, LoadRule,
    testing::Values(
        Row{.name = "an idle node counts what it idles at", .measured = 40, .booked = 100, .present = 40},
        Row{.name = "what is measured above the books counts",
            .measured = 400,
            .covered = 200,
            .booked = 400,
            .present = 400},
        Row{.name = "the books above what is measured count",
            .measured = 200,
            .covered = 300,
            .booked = 400,
            .present = 200},
        Row{.name = "uncovered pods come on top of either",
            .measured = 400,
            .covered = 200,
            .uncovered = 150,
            .booked = 550,
            .present = 550},
        Row{.name = "booked is at most what the machine can draw",
            .measured = 400,
            .covered = 800,
            .uncovered = 500,
            .booked = 1'000,
            .present = 900},
        Row{.name = "but never below what is measured", .measured = 1'200, .booked = 1'200, .present = 1'200},
        Row{.name = "where the class knows no maximum nothing is clamped",
            .measured = 400,
            .covered = 800,
            .uncovered = 500,
            .max = kUnknown,
            .booked = 1'400,
            .present = 900},
        Row{.name = "more watts add themselves", .measured = 400, .extra = 100, .booked = 500, .present = 500},
        Row{.name = "more watts add only up to the maximum",
            .measured = 950,
            .extra = 100,
            .booked = 1'000,
            .present = 1'050},
        Row{.name = "a silent partial source bounds the books and not the present load",
            .measured = 300,
            .at_least = 700,
            .booked = 700,
            .present = 300}),
    test::RowName());

INSTANTIATE_TEST_SUITE_P(
    Stale, LoadRule,
    testing::Values(Row{.name = "FailOpen counts the last value",
                        .fresh = false,
                        .measured = 600,
                        .covered = 200,
                        .rule = StaleTelemetry::fail_open,
                        .booked = 600,
                        .present = 600},
                    Row{.name = "FailOpen counts the books where they are more",
                        .fresh = false,
                        .measured = 250,
                        .covered = 300,
                        .rule = StaleTelemetry::fail_open,
                        .booked = 400,
                        .present = 400},
                    Row{.name = "under FailOpen what the last sample did not cover comes on top of it",
                        .fresh = false,
                        .measured = 250,
                        .uncovered = 300,
                        .rule = StaleTelemetry::fail_open,
                        .extra = 50,
                        .booked = 600,
                        .present = 600},
                    Row{.name = "AssumePeak counts the maximum",
                        .fresh = false,
                        .measured = 600,
                        .uncovered = 200,
                        .booked = 1'000,
                        .present = 1'000},
                    Row{.name = "AssumePeak counts the last value where it was more",
                        .fresh = false,
                        .measured = 1'100,
                        .booked = 1'100,
                        .present = 1'100},
                    Row{.name = "under AssumePeak a new pod adds only what exceeds the maximum",
                        .fresh = false,
                        .measured = 600,
                        .uncovered = 800,
                        .extra = 300,
                        .booked = 1'200,
                        .present = 1'200},
                    Row{.name = "under AssumePeak a new pod within the maximum adds nothing",
                        .fresh = false,
                        .measured = 600,
                        .uncovered = 200,
                        .extra = 300,
                        .booked = 1'000,
                        .present = 1'000},
                    Row{.name = "FailClosed counts as AssumePeak",
                        .fresh = false,
                        .measured = 600,
                        .rule = StaleTelemetry::fail_closed,
                        .booked = 1'000,
                        .present = 1'000},
                    Row{.name = "AssumePeak without a maximum counts the last value or the books",
                        .fresh = false,
                        .measured = 600,
                        .covered = 200,
                        .max = kUnknown,
                        .booked = 600,
                        .present = 600}),
    test::RowName());

INSTANTIATE_TEST_SUITE_P(
    NeverMetered, LoadRule,
    testing::Values(
        Row{.name = "the books alone count",
            .fresh = false,
            .ever = false,
            .uncovered = 300,
            .booked = 400,
            .present = 400},
        Row{.name = "AssumePeak does not apply", .fresh = false, .ever = false, .booked = 100, .present = 100},
        Row{.name = "the maximum clamps",
            .fresh = false,
            .ever = false,
            .uncovered = 2'000,
            .booked = 1'000,
            .present = 1'000},
        Row{.name = "a reading of unknown age raises",
            .fresh = false,
            .ever = false,
            .at_least = 700,
            .uncovered = 300,
            .booked = 700,
            .present = 700}),
    test::RowName());

}  // namespace
}  // namespace headroom::scoring
