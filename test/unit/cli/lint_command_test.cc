#include "cli/lint_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace headroom::cli {
namespace {

using testing::HasSubstr;

TEST(LintCommand, TheShippedConfigurationIsClean) {
  const Outcome outcome = run_lint({.files = {"deploy/scheduler-config.yaml"}, .options = {}});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out, "deploy/scheduler-config.yaml: extender entries 2, findings 0\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(LintCommand, EveryShippedVariantIsClean) {
  int variants = 0;
  for (const auto& file : std::filesystem::directory_iterator("deploy/variants")) {
    if (!file.path().filename().string().starts_with("scheduler-config")) continue;
    const Outcome outcome = run_lint({.files = {file.path().string()}, .options = {}});
    EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
    ++variants;
  }
  EXPECT_GE(variants, 2);
}

TEST(LintCommand, ABrokenConfigurationIsToldLineByLine) {
  const Outcome outcome = run_lint({.files = {"test/data/scheduler-config/traps.yaml"}, .options = {}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("traps.yaml:7: error: extenders[0].nodeCacheCapable is false"));
  EXPECT_THAT(outcome.out, HasSubstr("[https-without-ca]"));
  EXPECT_THAT(outcome.out, HasSubstr("[missing-preempt-verb]"));
  EXPECT_THAT(outcome.out, HasSubstr("[ignorable]"));
  EXPECT_THAT(outcome.out, HasSubstr("[sampling]"));
}

TEST(LintCommand, NotesAloneAreNoFindings) {
  const Outcome outcome = run_lint({.files = {"deploy/scheduler-config.yaml", "deploy/scheduler-config.yaml"},
                                    .options = {.scheduler_name = "headroom", .nodes = 5, .bind_timeout = {}}});
  EXPECT_EQ(outcome.status, 0);
}

TEST(LintCommand, AFileThatIsNotThereIsNamed) {
  const Outcome outcome = run_lint({.files = {"test/data/scheduler-config/absent.yaml"}, .options = {}});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("test/data/scheduler-config/absent.yaml"));
}

TEST(LintCommand, AnotherKindOfFileIsRefusedWithItsName) {
  const Outcome outcome = run_lint({.files = {"deploy/examples/deployment.yaml"}, .options = {}});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("deploy/examples/deployment.yaml: is not a KubeSchedulerConfiguration"));
}

}  // namespace
}  // namespace headroom::cli
