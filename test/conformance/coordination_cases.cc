// Leases, elections and Events.
#include <gmock/gmock.h>

#include <optional>

#include "kube/election.h"
#include "kube/events.h"
#include "kube/lease.h"
#include "kube/resource.h"
#include "test/conformance/target.h"

namespace headroom::conformance {
namespace {

using nlohmann::json;

class Coordination : public ApiServer {
 protected:
  kube::ElectionOptions election(const std::string& identity) {
    return {ns(), "leader", identity, base::Seconds(3), base::Seconds(2), base::Seconds(1)};
  }
};

TEST_F(Coordination, a_lease_is_created_once_and_updated_only_from_its_newest_version) {
  kube::Lease lease;
  lease.ns = ns();
  lease.name = "lease";
  lease.holder = "one";
  lease.renewed = base::WallTime(std::chrono::hours(24 * 365 * 50)) + base::Microseconds(7);
  const auto made = kube::create_lease(client(), lease);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->renewed, lease.renewed) << "times keep their microseconds";
  EXPECT_EQ(kube::create_lease(client(), lease).error().kind, base::ErrorKind::conflict);
  kube::Lease next = *made;
  next.holder = "two";
  ASSERT_TRUE(kube::update_lease(client(), next));
  const auto stale = kube::update_lease(client(), *made);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(kube::get_lease(client(), ns(), "lease")->holder, "two");
}

TEST_F(Coordination, of_two_candidates_one_leads_and_the_other_follows_when_it_leaves) {
  std::optional<kube::LeaderElection> first(std::in_place, client(), election("first"));
  ASSERT_TRUE(eventually([&] { return first->leads(); }));
  const kube::LeaderElection second(client(), election("second"));
  ASSERT_TRUE(eventually([&] { return second.view().holder == "first"; }));
  EXPECT_FALSE(second.leads());
  first.reset();  // releases
  EXPECT_TRUE(eventually([&] { return second.leads(); }));
}

TEST_F(Coordination, an_event_can_be_read_back_with_its_object_and_reason) {
  const json pod = create_pod("p");
  {
    kube::EventRecorder recorder(client(), {"powercapping.example.com/conformance", "instance"});
    kube::Event event;
    event.regarding = {"v1", "Pod", ns(), "p", pod["metadata"]["uid"]};
    event.type = kube::EventType::warning;
    event.reason = "Refused";
    event.action = "Scheduling";
    event.note = "not enough power headroom";
    recorder.record(event);
    EXPECT_TRUE(eventually([&] { return recorder.counts().written == 1; }));
  }
  const json events = get(kube::resources::events(ns()).collection_path())["items"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["reason"], "Refused");
  EXPECT_EQ(events[0]["regarding"]["name"], "p");
  EXPECT_EQ(events[0]["note"], "not enough power headroom");
}

}  // namespace
}  // namespace headroom::conformance
