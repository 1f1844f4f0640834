#include "cluster/pod_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace headroom::cluster {
namespace {

using base::Seconds;
using base::WallTime;
using Strings = std::vector<std::string>;

const WallTime kNow(Seconds(1'800'000'000));

kube::ObjectEntry pod(const std::string& name, const std::string& uid, const std::string& node = "") {
  auto made = std::make_shared<model::Pod>();
  made->ns = "ns";
  made->name = name;
  made->uid = uid;
  made->node_name = node;
  return {"ns/" + name, uid, std::shared_ptr<const model::Pod>(made), ""};
}
kube::ObjectEntry unreadable(const std::string& name, const std::string& uid) {
  return {"ns/" + name, uid, {}, "spec.priority: must be an integer"};
}

Strings uids(PodTable& table) {
  Strings uids;
  for (const auto& one : table.pods()) uids.push_back(one->uid);
  return uids;
}

TEST(PodTable, AListReplacesEverythingAndNamesWhatIsMissingFromIt) {
  PodTable table;
  table.replace({pod("b", "2"), pod("a", "1")}, kNow);
  EXPECT_EQ(uids(table), (Strings{"1", "2"}));
  table.replace({pod("b", "2"), pod("c", "3")}, kNow);
  EXPECT_EQ(uids(table), (Strings{"2", "3"}));
  EXPECT_EQ(table.deleted(), (Strings{"1"}));
  EXPECT_EQ(table.list_generation(), 2u);
}

TEST(PodTable, ANameUnderANewUidIsAnotherPod) {
  PodTable table;
  table.replace({pod("a", "1")}, kNow);
  table.update(pod("a", "2"), kNow);
  EXPECT_EQ(uids(table), (Strings{"2"}));
  EXPECT_EQ(table.deleted(), (Strings{"1"}));
}

TEST(PodTable, ALateDeletionOfTheEarlierPodLeavesTheNewOneAlone) {
  PodTable table;
  table.update(pod("a", "2"), kNow);
  table.remove(pod("a", "1"), kNow);
  EXPECT_EQ(uids(table), (Strings{"2"}));
  table.remove(pod("a", "2"), kNow);
  EXPECT_TRUE(uids(table).empty());
  EXPECT_EQ(table.deleted(), (Strings{"1", "2"}));
}

TEST(PodTable, APodThatCannotBeReadKeepsItsLastVersionAndIsReported) {
  PodTable table;
  table.update(pod("a", "1", "n1"), kNow);
  table.update(unreadable("a", "1"), kNow);
  ASSERT_EQ(table.pods().size(), 1u);
  EXPECT_EQ(table.pods().front()->node_name, "n1");
  ASSERT_EQ(table.unreadable().size(), 1u);
  EXPECT_EQ(table.unreadable().front().name, "ns/a");
  table.update(pod("a", "1", "n2"), kNow);
  EXPECT_TRUE(table.unreadable().empty());
  EXPECT_EQ(table.pods().front()->node_name, "n2");
}

TEST(PodTable, AListOfUnreadablePodsTakesNoneAway) {
  PodTable table;
  table.replace({pod("a", "1")}, kNow);
  table.replace({unreadable("a", "1")}, kNow);
  EXPECT_EQ(uids(table), (Strings{"1"}));
  EXPECT_TRUE(table.deleted().empty());
}

TEST(PodTable, DeletionsAreRememberedForAsLongAsAsked) {
  PodTable table;
  table.update(pod("a", "1"), kNow);
  table.remove(pod("a", "1"), kNow);
  table.update(pod("b", "2"), kNow);
  table.remove(pod("b", "2"), kNow + Seconds(60));
  table.forget_deleted_before(kNow + Seconds(1));
  EXPECT_EQ(table.deleted(), (Strings{"2"}));
}

}  // namespace
}  // namespace headroom::cluster
