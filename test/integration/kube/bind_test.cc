#include "kube/bind.h"

#include <gtest/gtest.h>

#include <string>

#include "base/manual_clock.h"
#include "test/integration/kube/scripted_server.h"
#include "test/support/table.h"

namespace headroom::kube {
namespace {

// What kube-apiserver 1.37 says, word for word.
std::string conflict(const std::string& words) {
  std::string escaped;
  for (const char c : words) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Operation cannot be fulfilled )"
         R"(on pods/binding \"p\": )" +
         escaped + R"(","reason":"Conflict","details":{"name":"p","kind":"pods/binding"},"code":409})";
}

struct Row {
  std::string name;
  int status;
  std::string body;
  BindOutcome outcome;
  std::string node;
};
class BindingOnce : public testing::Test {
 protected:
  test::ScriptedServer server_;
  base::ManualClock clock_;
  ApiClient client_{*config_from_url(server_.url()), {}, clock_};
};
class Binding : public BindingOnce, public testing::WithParamInterface<Row> {};

TEST_P(Binding, HasTheOutcomeThatTheServersAnswerMeans) {
  server_.on_other(test::reply(GetParam().status, GetParam().body));
  const BindReply reply = bind_pod(client_, {"ns", "p", "uid-1", "n1", {}});
  EXPECT_EQ(reply.outcome, GetParam().outcome) << reply.message;
  EXPECT_EQ(reply.assigned_node, GetParam().node);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Binding,
    testing::Values(
        Row{"accepted", 201, R"({"kind":"Status","status":"Success","code":201})", BindOutcome::bound, ""},
        Row{"already assigned", 409, conflict(R"(pod p is already assigned to node "n2")"),
            BindOutcome::already_assigned, "n2"},
        Row{"another pod of the name", 409,
            conflict("Precondition failed: UID in precondition: uid-1, UID in object meta: uid-2"),
            BindOutcome::uid_mismatch, ""},
        Row{"a pod being deleted", 409, conflict("pod p is being deleted, cannot be assigned to a host"),
            BindOutcome::refused, ""},
        Row{"a gated pod", 409, conflict("pod p has non-empty .spec.schedulingGates"), BindOutcome::refused, ""},
        Row{"a conflict of another kind", 409, conflict("the object has been modified"), BindOutcome::unknown, ""},
        Row{"gone", 404, R"({"kind":"Status","reason":"NotFound","code":404})", BindOutcome::gone, ""},
        Row{"forbidden", 403, R"({"kind":"Status","reason":"Forbidden","code":403})", BindOutcome::refused, ""},
        Row{"invalid", 422, R"({"kind":"Status","reason":"Invalid","code":422})", BindOutcome::refused, ""},
        Row{"a server error", 500, R"({"kind":"Status","code":500})", BindOutcome::unknown, ""},
        Row{"a server timeout", 504, R"({"kind":"Status","reason":"Timeout","code":504})", BindOutcome::unknown, ""},
        Row{"a proxy's page", 502, "<html>", BindOutcome::unknown, ""}),
    test::RowName());

TEST_F(BindingOnce, CarriesUidAndAnnotationsInOneWrite) {
  server_.on_other(test::reply(201, "{}"));
  EXPECT_EQ(bind_pod(client_, {"ns", "p", "uid-1", "n1", {{"powercapping.example.com/decision", "{\"w\":1}"}}}).outcome,
            BindOutcome::bound);
  const test::SeenRequest request = server_.request(0);
  EXPECT_EQ(request.target, "/api/v1/namespaces/ns/pods/p/binding");
  EXPECT_EQ(
      request.body,
      R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"p","namespace":"ns","uid":"uid-1","annotations":)"
      R"({"powercapping.example.com/decision":"{\"w\":1}"}},"target":{"apiVersion":"v1","kind":"Node","name":"n1"}})");
}

TEST_F(BindingOnce, AnAnswerThatNeverComesIsUnknownAndNotRepeated) {
  test::Step cut = test::reply(201, "{\"kind\":\"Status\"}");
  cut.after = test::After::cut;
  server_.on_other(cut);
  EXPECT_EQ(bind_pod(client_, {"ns", "p", "uid-1", "n1", {}}).outcome, BindOutcome::unknown);
  EXPECT_EQ(server_.requests(), 1u);
}

}  // namespace
}  // namespace headroom::kube
