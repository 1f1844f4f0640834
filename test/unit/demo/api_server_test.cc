// What test/conformance does not ask of both servers: the stand-in's own refusals, and its parts where they are subtle.
#include "demo/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "demo/field_ownership.h"
#include "demo/patches.h"
#include "demo/selectors.h"
#include "runtime/http_client.h"

namespace headroom::demo {
namespace {

using testing::HasSubstr;

class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest() : server_(options()) { EXPECT_TRUE(server_.start().ok()); }

  static ApiServerOptions options() {
    ApiServerOptions options;
    options.bookmark_interval = base::Milliseconds(50);
    return options;
  }
  Json call(const std::string& method, const std::string& path, const Json& body = Json::object(),
            const std::string& type = "application/json", const runtime::QueryParameters& query = {}) {
    const auto reply = server_.call({method, path, body.dump(), type, query});
    status_ = reply.status;
    return Json::parse(reply.body, nullptr, false);
  }
  Json create_pod(const std::string& name) {
    return call("POST", "/api/v1/namespaces/default/pods",
                {{"metadata", {{"name", name}}}, {"spec", {{"containers", {{{"name", "c"}}}}}}});
  }
  void install_crd() {
    call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Json::parse(R"({
      "metadata": {"name": "widgets.example.com"},
      "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
               "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}}]}})"));
    ASSERT_EQ(status_, 201);
  }
  // The lines of a watch until `wanted` of them are there.
  std::vector<Json> watch(const std::string& path, std::size_t wanted, const std::function<void()>& then) {
    const auto url = runtime::parse_url(server_.url());
    runtime::HttpClientOptions client;
    client.host = url->host;
    client.port = url->port;
    runtime::HttpRequest request;
    request.path = path;
    std::vector<Json> events;
    std::string buffer;
    bool acted = false;
    const auto reply = runtime::HttpClient(client).stream(request, [&](std::string_view piece) {
      buffer += piece;
      for (auto end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
        events.push_back(Json::parse(buffer.substr(0, end)));
        buffer.erase(0, end + 1);
      }
      if (!acted) then();
      acted = true;
      return events.size() < wanted;
    });
    EXPECT_TRUE(reply.ok());
    return events;
  }

  ApiServer server_;
  int status_ = 0;
};

TEST_F(ApiServerTest, BindsAPodOnceAndSaysWhere) {
  const Json pod = create_pod("p");
  const auto binding = [&](const std::string& uid, const std::string& node) {
    return call(
        "POST", "/api/v1/namespaces/default/pods/p/binding",
        {{"metadata", {{"name", "p"}, {"uid", uid}, {"annotations", {{"a", "b"}}}}}, {"target", {{"name", node}}}});
  };
  EXPECT_THAT(binding("other", "n1")["message"], HasSubstr("UID in precondition: other"));
  EXPECT_EQ(status_, 409);
  binding(pod["metadata"]["uid"], "n1");
  EXPECT_EQ(status_, 201);
  EXPECT_THAT(binding(pod["metadata"]["uid"], "n2")["message"], HasSubstr("already assigned to node \"n1\""));
  const Json bound = call("GET", "/api/v1/namespaces/default/pods/p");
  EXPECT_EQ(bound["spec"]["nodeName"], "n1");
  EXPECT_EQ(bound["metadata"]["annotations"]["a"], "b");
  EXPECT_EQ(bound["status"]["conditions"][0]["type"], "PodScheduled");
  call("POST", "/api/v1/namespaces/default/pods/none/binding", {{"target", {{"name", "n"}}}});
  EXPECT_EQ(status_, 404);
}

TEST_F(ApiServerTest, APodOnANodeIsDeletedInTwoSteps) {
  const Json pod = create_pod("p");
  call("POST", "/api/v1/namespaces/default/pods/p/binding", {{"target", {{"name", "n1"}}}});
  call("DELETE", "/api/v1/namespaces/default/pods/p");
  EXPECT_TRUE(call("GET", "/api/v1/namespaces/default/pods/p")["metadata"].contains("deletionTimestamp"));
  call("DELETE", "/api/v1/namespaces/default/pods/p", Json::object(), "application/json",
       {{"gracePeriodSeconds", "0"}});
  call("GET", "/api/v1/namespaces/default/pods/p");
  EXPECT_EQ(status_, 404);
}

TEST_F(ApiServerTest, StatusAndSpecAreWrittenApart) {
  install_crd();
  const std::string path = "/apis/example.com/v1/namespaces/default/widgets";
  Json widget = call("POST", path, {{"metadata", {{"name", "w"}}}, {"spec", {{"n", 1}}}, {"status", {{"x", 1}}}});
  EXPECT_FALSE(widget.contains("status"));
  const std::string merge = "application/merge-patch+json";
  widget = call("PATCH", path + "/w/status", {{"spec", {{"n", 5}}}, {"status", {{"x", 2}}}}, merge);
  EXPECT_EQ(widget["spec"]["n"], 1);
  EXPECT_EQ(widget["status"]["x"], 2);
  EXPECT_EQ(widget["metadata"]["generation"], 1);
  widget = call("PATCH", path + "/w", {{"spec", {{"n", 5}}}, {"status", {{"x", 3}}}}, merge);
  EXPECT_EQ(widget["status"]["x"], 2);
  EXPECT_EQ(widget["metadata"]["generation"], 2);
  call("PATCH", path + "/w", {{"metadata", {{"resourceVersion", "1"}}}}, merge);
  EXPECT_EQ(status_, 409);
  call("PATCH", path + "/w", {{"spec", {{"n", 6}}}}, "application/strategic-merge-patch+json");
  EXPECT_EQ(status_, 415);
}

TEST_F(ApiServerTest, AWriteThatChangesNothingKeepsTheVersion) {
  const Json pod = create_pod("p");
  const Json same = call("PATCH", "/api/v1/namespaces/default/pods/p", Json::object(), "application/merge-patch+json");
  EXPECT_EQ(same["metadata"]["resourceVersion"], pod["metadata"]["resourceVersion"]);
}

TEST_F(ApiServerTest, DeletingADefinitionTakesItsObjectsAndItsPath) {
  install_crd();
  const std::string path = "/apis/example.com/v1/namespaces/default/widgets";
  call("POST", path, {{"metadata", {{"name", "w"}}}});
  ASSERT_EQ(status_, 201);
  call("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com");
  const auto gone = server_.call({"GET", path});
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.body, "404 page not found\n");
  install_crd();
  EXPECT_TRUE(call("GET", path)["items"].empty());
}

TEST_F(ApiServerTest, ListsComeInPagesAndOldTokensExpire) {
  for (int i = 0; i < 5; ++i) create_pod("p" + std::to_string(i));
  const std::string path = "/api/v1/pods";
  Json page = call("GET", path, Json::object(), "", {{"limit", "2"}});
  EXPECT_EQ(page["items"].size(), 2u);
  EXPECT_EQ(page["metadata"]["remainingItemCount"], 3);
  const std::string token = page["metadata"]["continue"];
  page = call("GET", path, Json::object(), "", {{"limit", "5"}, {"continue", token}});
  EXPECT_EQ(page["items"].size(), 3u);
  EXPECT_FALSE(page["metadata"].contains("continue"));
  server_.compact();
  page = call("GET", path, Json::object(), "", {{"continue", token}});
  EXPECT_EQ(status_, 410);
  EXPECT_EQ(page["reason"], "Expired");
}

TEST_F(ApiServerTest, WatchesShowChangesAndBookmarks) {
  const std::string version = call("GET", "/api/v1/pods")["metadata"]["resourceVersion"];
  const auto events = watch(
      "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=" + version + "&fieldSelector=spec.nodeName%3Dn1",
      3, [&] {
        create_pod("p");  // not selected
        call("POST", "/api/v1/namespaces/default/pods/p/binding", {{"target", {{"name", "n1"}}}});
        call("DELETE", "/api/v1/namespaces/default/pods/p", {{"gracePeriodSeconds", 0}});
      });
  ASSERT_GE(events.size(), 3u);
  EXPECT_EQ(events[0]["type"], "BOOKMARK") << "the first piece, before anything has happened";
  EXPECT_EQ(events[1]["type"], "ADDED") << "to a watch that sees one node, a bound pod is new";
  EXPECT_EQ(events[2]["type"], "DELETED");
}

TEST_F(ApiServerTest, WatchesFromBeforeTheHistoryEndWith410InsideTheStream) {
  server_.compact();
  const auto events = watch("/api/v1/pods?watch=1&resourceVersion=1", 1, [] {});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["type"], "ERROR");
  EXPECT_EQ(events[0]["object"]["code"], 410);
}

TEST_F(ApiServerTest, ApplyOwnsFieldsAndRefusesForeignOnes) {
  install_crd();
  const std::string path = "/apis/example.com/v1/namespaces/default/widgets/w";
  const auto apply = [&](const std::string& manager, const Json& spec, bool force = false) {
    return call("PATCH", path,
                {{"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}}}, {"spec", spec}},
                "application/apply-patch+yaml", {{"fieldManager", manager}, {"force", force ? "true" : "false"}});
  };
  apply("one", {{"a", 1}, {"b", 1}});
  EXPECT_EQ(status_, 201);
  const Json refused = apply("two", {{"a", 2}});
  EXPECT_EQ(status_, 409);
  EXPECT_EQ(refused["details"]["causes"][0]["field"], ".spec.a");
  EXPECT_THAT(refused["message"], HasSubstr("conflict with \"one\""));
  apply("two", {{"a", 1}});
  EXPECT_EQ(status_, 200) << "the same value is no conflict";
  Json widget = apply("two", {{"a", 3}}, true);
  EXPECT_EQ(widget["spec"]["a"], 3);
  widget = apply("one", Json::object());
  EXPECT_FALSE(widget["spec"].contains("b")) << "applied before and left out now";
  EXPECT_EQ(widget["spec"]["a"], 3) << "another's";
  call("PATCH", path, {{"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}}}},
       "application/apply-patch+yaml");
  EXPECT_EQ(status_, 422) << "no field manager";
}

TEST_F(ApiServerTest, RefusesWhatIsNotAnObject) {
  EXPECT_EQ(server_.call({"POST", "/api/v1/namespaces/default/pods", "garbage"}).status, 400);
  EXPECT_EQ(server_.call({"POST", "/api/v1/namespaces/default/pods", "[]"}).status, 400);
  EXPECT_EQ(server_.call({"POST", "/api/v1/namespaces/default/pods", R"({"metadata": 5})"}).status, 422);
  EXPECT_EQ(server_.call({"POST", "/api/v1/namespaces/default/pods", "{}"}).status, 422);
  EXPECT_EQ(server_.call({"POST", "/api/v1/namespaces/none/pods", R"({"metadata":{"name":"p"}})"}).status, 404);
  EXPECT_EQ(server_.call({"PUT", "/api/v1/namespaces/default/pods/p", R"({"metadata":{"name":"p"}})"}).status, 404);
}

TEST(StrategicMerge, KeepsConditionsOfOtherTypes) {
  const Json target =
      Json::parse(R"({"status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "True"}]}})");
  const Json patch = Json::parse(
      R"({"status": {"conditions": [{"type": "B", "status": "False"}, {"type": "C", "status": "True", "reason": null},
                                                              {"type": "A", "$patch": "delete"}]}})");
  EXPECT_EQ(strategic_merge(target, patch).dump(),
            R"({"status":{"conditions":[{"status":"False","type":"B"},{"status":"True","type":"C"}]}})");
}

TEST(Selectors, SpeakKubernetesForms) {
  const Json object = {{"metadata", {{"name", "x"}, {"labels", {{"app", "kepler"}, {"tier", "a"}}}}}};
  const auto matches = [&](const std::string& text) {
    const auto selectors = Selectors::parse({{"labelSelector", text}});
    return selectors && selectors->matches(object);
  };
  EXPECT_TRUE(matches("app=kepler,tier in (a, b)"));
  EXPECT_TRUE(matches("app==kepler,tier!=b,tier,!none"));
  EXPECT_TRUE(matches("tier notin (b,c),none notin (x)"));
  EXPECT_FALSE(matches("tier notin (a)"));
  EXPECT_FALSE(matches("!app"));
  EXPECT_FALSE(matches("none"));
  EXPECT_FALSE(matches("=a"));
}

}  // namespace
}  // namespace headroom::demo
