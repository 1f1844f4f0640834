#include "cli/agent_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headroom::cli {
namespace {

using testing::HasSubstr;

TEST(AgentPage, shows_each_domain_with_its_caps_and_health) {
  const auto text = agent_text(R"({"node":"node-a","mode":"enforce","state":"Active","reason":"the controller is alive",
    "budgetWatts":240.0,"budgetSource":"order","reserveWatts":40.0,"reserveBasis":"order","appliedWatts":239.8,
    "minWatts":140.0,"maxWatts":290.0,"orderProblem":"","apiServer":"",
    "domains":[{"id":"rapl/package-0","kind":"cpu_package","powerWatts":90.25,"capWatts":100.0,"enforcedWatts":99.875,
                "floorWatts":50.0,"ceilingWatts":125.0,"originalWatts":125.0,"health":"OK","detail":""},
               {"id":"rapl/psys","kind":"node_meter","powerWatts":null,"health":"HUNG","detail":"a call has not returned"}],
    "notes":["mounted read-only"]})");
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("node-a: Active (enforce), the controller is alive"));
  EXPECT_THAT(*text, HasSubstr("budget 240.0 W (order)"));
  EXPECT_THAT(*text, HasSubstr("99.9"));
  EXPECT_THAT(*text, HasSubstr("HUNG"));
  EXPECT_THAT(*text, HasSubstr("note: mounted read-only"));
  EXPECT_THAT(*text, testing::Not(HasSubstr("API server")));
}

TEST(AgentPage, says_that_the_cluster_is_paused) {
  const auto text = agent_text(R"({"state":"Holding","paused":true,"domains":[]})");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("paused: the whole cluster is"));
  EXPECT_THAT(*agent_text(R"({"paused":false,"domains":[]})"), testing::Not(HasSubstr("paused")));
}

TEST(AgentPage, members_that_are_absent_print_as_a_dash) {
  const auto text = agent_text(R"({"domains":[{"id":"x"}]})");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("x "));
  EXPECT_THAT(*text, HasSubstr(" - "));
}

TEST(AgentPage, an_agent_that_has_nothing_to_show_yet_says_so) {
  const auto text = agent_text("NotDiscovered: the domains have not been listed yet\n");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(text.error().message, HasSubstr("NotDiscovered"));
}

TEST(AgentPage, another_page_is_refused) {
  EXPECT_EQ(agent_text(R"({"racks":[]})").error().kind, base::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace headroom::cli
