#include "controller/agent_presences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/cluster_builder.h"

namespace headroom::controller::test {
namespace {

using policy::AgentPresence;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Presences : public testing::Test {
 protected:
  Presences() {
    cluster.node("n1");
    cluster.node("n2");
  }
  model::Pod& agent(const std::string& node) {
    auto handle = cluster.pod("agent-" + node).ns("headroom-agents").label("app.kubernetes.io/component", "agent");
    handle.on(node);
    return handle.pod;
  }
  AgentPresences::ByNode after(base::Seconds time) {
    return presences.seen(*cluster.snapshot(), base::MonoTime(base::Seconds(100) + time));
  }

  headroom::test::ClusterBuilder cluster;
  AgentPresences presences{{"headroom-agents", base::Seconds(300)}};
};

TEST_F(Presences, WithoutAnyAgentPodNobodyIsMissing) {
  cluster.pod("else").ns("headroom-agents").on("n1");
  EXPECT_THAT(after(base::Seconds(0)), IsEmpty());
}

TEST_F(Presences, ANodeWithoutAReadyAgentIsMissingAndAfterTheGraceTimeMore) {
  agent("n1").ready = true;
  agent("n2").ready = false;
  EXPECT_THAT(after(base::Seconds(0)), ElementsAre(Pair("n2", AgentPresence::unready_within_grace)));
  EXPECT_THAT(after(base::Seconds(299)), ElementsAre(Pair("n2", AgentPresence::unready_within_grace)));
  EXPECT_THAT(after(base::Seconds(300)), ElementsAre(Pair("n2", AgentPresence::unready_past_grace)));
  agent("n2").ready = true;
  EXPECT_THAT(after(base::Seconds(301)), IsEmpty());
  agent("n2").ready = false;
  EXPECT_THAT(after(base::Seconds(302)), ElementsAre(Pair("n2", AgentPresence::unready_within_grace)));
}

TEST_F(Presences, ANodeWithoutAgentPodIsMissingWhereOthersHaveOne) {
  agent("n1").ready = true;
  EXPECT_THAT(after(base::Seconds(0)), ElementsAre(Pair("n2", AgentPresence::unready_within_grace)));
}

TEST_F(Presences, AnotherNamespaceCannotSpeakForAgents) {
  agent("n1").ready = true;
  agent("n2").ready = true;
  agent("n2").ns = "tenant";
  EXPECT_THAT(after(base::Seconds(0)), ElementsAre(Pair("n2", AgentPresence::unready_within_grace)));
}

}  // namespace
}  // namespace headroom::controller::test
