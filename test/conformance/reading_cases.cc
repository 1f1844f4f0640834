// Lists, watches and the reflector that lives on them.
#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "kube/list.h"
#include "kube/reflector.h"
#include "kube/resource.h"
#include "kube/watch.h"
#include "test/conformance/target.h"

namespace headroom::conformance {
namespace {

using kube::EndKind;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsSupersetOf;

class Reading : public ApiServer {
 protected:
  std::string selector() { return "conformance=" + ns(); }
  void remove_node(const std::string& name) { ASSERT_TRUE(client().remove(node_path(name))); }
};

std::string name_of(kube::PaddedJson object) {
  return json::parse(object.text()).at("metadata").at("name").get<std::string>();
}

TEST_F(Reading, a_list_in_pages_gives_every_object_once_and_a_version_to_watch_from) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 7; ++i) wanted.push_back(unique("page" + std::to_string(i)));
  for (const std::string& name : wanted) create_node(name);
  const auto connection = client().open({});
  std::vector<std::string> names;
  const kube::StreamEnd end = kube::list_pages(*connection, {kube::resources::nodes(), 2, selector()},
                                               [&](kube::PaddedJson object) { names.push_back(name_of(object)); });
  EXPECT_EQ(end.kind, EndKind::complete);
  EXPECT_FALSE(end.resource_version.empty());
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(wanted));
}

TEST_F(Reading, a_watch_from_the_lists_version_sees_what_happened_since_in_order) {
  const auto connection = client().open({});
  const kube::StreamEnd listed =
      kube::list_pages(*connection, {kube::resources::nodes(), 500, selector()}, [](auto) {});
  const std::string name = unique("watched");
  create_node(name);
  ASSERT_TRUE(client().patch({node_path(name), kube::PatchKind::merge, R"({"metadata":{"labels":{"step":"two"}}})"}));
  remove_node(name);
  std::vector<kube::WatchEventType> seen;
  std::string label;
  const kube::StreamEnd end = kube::watch_events(
      *connection, {kube::resources::nodes(), listed.resource_version, base::Seconds(60), selector()},
      [&](const kube::WatchEvent& event) {
        // Whoever plays the kubelets may change the node too.
        if (seen.empty() || seen.back() != event.type) seen.push_back(event.type);
        const json object = json::parse(event.object.text());
        if (event.type == kube::WatchEventType::modified) label = object["metadata"]["labels"].value("step", "");
        return event.type != kube::WatchEventType::deleted;
      });
  EXPECT_EQ(end.kind, EndKind::complete);
  EXPECT_THAT(seen,
              ElementsAre(kube::WatchEventType::added, kube::WatchEventType::modified, kube::WatchEventType::deleted));
  EXPECT_EQ(label, "two");
}

TEST_F(Reading, a_watch_that_nothing_happens_on_ends_by_itself_when_its_time_is_over) {
  const auto connection = client().open({});
  const kube::StreamEnd listed =
      kube::list_pages(*connection, {kube::resources::nodes(), 500, selector()}, [](auto) {});
  const auto started = std::chrono::steady_clock::now();
  const kube::StreamEnd end =
      kube::watch_events(*connection, {kube::resources::nodes(), listed.resource_version, base::Seconds(1), selector()},
                         [](const kube::WatchEvent&) { return true; });
  EXPECT_EQ(end.kind, EndKind::complete);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
}

TEST_F(Reading, a_kind_that_is_not_served_is_missing_not_empty) {
  const auto connection = client().open({});
  const kube::Resource nonsense{"powercapping.example.com", "v1alpha1", "unicorns", {}};
  EXPECT_EQ(kube::list_pages(*connection, {nonsense}, [](auto) {}).kind, EndKind::resource_missing);
}

TEST_F(Reading, an_object_that_does_not_exist_is_not_found) {
  const auto reply = client().get(node_path("no-such-node"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, base::ErrorKind::not_found);
}

TEST_F(Reading, custom_resources_are_listed_like_any_other) {
  create_topology(unique("topology"));
  const auto connection = client().open({});
  std::set<std::string> names;
  const auto end = kube::list_pages(*connection, {kube::resources::topologies()},
                                    [&](kube::PaddedJson object) { names.insert(name_of(object)); });
  EXPECT_EQ(end.kind, EndKind::complete);
  EXPECT_TRUE(names.contains(unique("topology")));
  EXPECT_TRUE(client().remove(kube::resources::topologies().object_path(unique("topology"))));
}

class Mirror final : public kube::ObjectSink {
 public:
  void replace(std::vector<kube::ObjectEntry> all) override {
    const std::lock_guard lock(mutex_);
    keys_.clear();
    for (const kube::ObjectEntry& entry : all) keys_.insert(entry.key);
  }
  void update(kube::ObjectEntry entry) override {
    const std::lock_guard lock(mutex_);
    keys_.insert(std::move(entry.key));
  }
  void remove(const kube::ObjectEntry& last) override {
    const std::lock_guard lock(mutex_);
    keys_.erase(last.key);
  }
  [[nodiscard]] bool holds(const std::set<std::string>& keys) const {
    const std::lock_guard lock(mutex_);
    return keys_ == keys;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> keys_;
};

TEST_F(Reading, a_reflector_mirrors_creations_changes_and_deletions) {
  const std::string first = unique("first");
  const std::string second = unique("second");
  create_node(first);
  Mirror mirror;
  kube::ReflectorOptions options{kube::resources::nodes(), kube::decode_as_node};
  options.label_selector = selector();
  const kube::Reflector reflector(client(), options, mirror, [](const kube::ReflectorStatus&) {});
  EXPECT_TRUE(eventually([&] { return mirror.holds({first}); }));
  create_node(second);
  EXPECT_TRUE(eventually([&] { return mirror.holds({first, second}); }));
  remove_node(first);
  EXPECT_TRUE(eventually([&] { return mirror.holds({second}); }));
  remove_node(second);
  EXPECT_TRUE(eventually([&] { return mirror.holds({}); }));
}

TEST_F(Reading, a_reflector_of_custom_resources_lets_go_of_a_deleted_object_while_the_kind_stays) {
  Mirror mirror;
  std::mutex mutex;
  std::vector<kube::ReflectorState> states;
  kube::ReflectorOptions options{kube::resources::policies(ns()), kube::decode_as_raw};
  options.guard_deletions = true;
  const kube::Reflector reflector(client(), options, mirror, [&](const kube::ReflectorStatus& status) {
    const std::lock_guard lock(mutex);
    states.push_back(status.state);
  });
  create("/apis/powercapping.example.com/v1alpha1/namespaces/" + ns() + "/powercappingpolicies",
         {{"apiVersion", "powercapping.example.com/v1alpha1"},
          {"kind", "PowerCappingPolicy"},
          {"metadata", {{"name", "team"}, {"namespace", ns()}}},
          {"spec", {{"powerCapLimit", 1000}}}});
  EXPECT_TRUE(eventually([&] { return mirror.holds({ns() + "/team"}); }));
  EXPECT_TRUE(client().remove(kube::resources::policies(ns()).object_path("team")));
  EXPECT_TRUE(eventually([&] { return mirror.holds({}); }));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(states, testing::Not(testing::Contains(kube::ReflectorState::resource_missing)));
}

}  // namespace
}  // namespace headroom::conformance
