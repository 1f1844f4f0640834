#include "extender/wire_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "test/support/table.h"
#include "test/unit/extender/wire_bodies.h"

namespace headroom::extender {
namespace {

using nlohmann::json;
using test::padded;
using test::recorded;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- what the real kube-scheduler sent ----

TEST(RecordedRequest, FilterWithNodeNamesGivesPodAndNamesInOrder) {
  const std::string body = recorded("filter.cache-true.3nodes.json");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->form, NodeForm::names);
  EXPECT_EQ(json::parse(request->pod_json), json::parse(body)["Pod"]);
  EXPECT_EQ(json(request->names), json::parse(body)["NodeNames"]);
  EXPECT_TRUE(request->objects.empty());
}

TEST(RecordedRequest, FilterWithNodeObjectsGivesEachObjectBesideItsName) {
  const std::string body = recorded("filter.cache-false.3nodes.json");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->form, NodeForm::objects);
  const json items = json::parse(body)["Nodes"]["items"];
  ASSERT_EQ(request->names.size(), items.size());
  ASSERT_EQ(request->objects.size(), items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(request->names[i], items[i]["metadata"]["name"].get<std::string>());
    EXPECT_EQ(json::parse(request->objects[i]), items[i]);
  }
}

TEST(RecordedRequest, FiveHundredAndFiveThousandNamesAreAllThere) {
  for (const char* file :
       {"filter.cache-true.5000nodes-default-500sent.json", "filter.cache-true.5000nodes-pnts100.json"}) {
    const std::string body = recorded(file);
    const auto request = read_nodes_request(body);
    ASSERT_TRUE(request.ok()) << file;
    EXPECT_EQ(json(request->names), json::parse(body)["NodeNames"]) << file;
  }
}

TEST(RecordedRequest, NamesPointIntoThePaddedBody) {
  const std::string body = recorded("filter.cache-true.3nodes.json");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->store.padded_copy, nullptr);
  for (const auto name : request->names) {
    EXPECT_GE(name.data(), body.data());
    EXPECT_LT(name.data(), body.data() + body.size());
  }
}

TEST(RecordedRequest, BodyWithoutSpareCapacityIsCopiedAndStaysValidAfterAMove) {
  std::string body = recorded("filter.cache-true.3nodes.json");
  body.shrink_to_fit();
  auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  const json expected = json::parse(body)["NodeNames"];
  body.assign(body.size(), 'x');
  const NodesRequest moved = std::move(*request);
  EXPECT_EQ(json(moved.names), expected);
}

TEST(RecordedRequest, PreemptInBothFormsGivesTheSameShape) {
  for (const char* file : {"preempt.cache-true.json", "preempt.cache-false.json"}) {
    const std::string body = recorded(file);
    const json sent = json::parse(body);
    const bool meta = !sent["NodeNameToMetaVictims"].is_null();
    const json& map = sent[meta ? "NodeNameToMetaVictims" : "NodeNameToVictims"];
    const auto request = read_preempt_request(body);
    ASSERT_TRUE(request.ok()) << file;
    EXPECT_EQ(json::parse(request->pod_json), sent["Pod"]);
    ASSERT_EQ(request->candidates.size(), map.size()) << file;
    for (const Candidate& candidate : request->candidates) {
      const json& victims = map[std::string(candidate.node)];
      EXPECT_EQ(candidate.pdb_violations, victims["NumPDBViolations"]);
      ASSERT_EQ(candidate.victim_uids.size(), victims["Pods"].size());
      for (std::size_t i = 0; i < candidate.victim_uids.size(); ++i) {
        const json& pod = victims["Pods"][i];
        EXPECT_EQ(candidate.victim_uids[i], (meta ? pod["UID"] : pod["metadata"]["uid"]).get<std::string>());
      }
    }
  }
}

TEST(RecordedRequest, BindGivesItsFourTexts) {
  const auto request = read_bind_request(recorded("bind.json"));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(*request,
            (BindRequest{"trainer-rich-true", "default", "cbb09ea7-b994-48e4-8403-db5abd8e2d7f", "node-00001"}));
}

// ---- bodies that another sender might send ----

struct AcceptedRow {
  const char* name;
  const char* body;
  std::vector<std::string> names;
  NodeForm form = NodeForm::names;
};
void PrintTo(const AcceptedRow& row, std::ostream* out) {
  *out << row.name;
}

class AcceptedNodesRequest : public testing::TestWithParam<AcceptedRow> {};

TEST_P(AcceptedNodesRequest, GivesTheNames) {
  const std::string body = padded(GetParam().body);
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(std::vector<std::string>(request->names.begin(), request->names.end()), GetParam().names);
  EXPECT_EQ(request->form, GetParam().form);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AcceptedNodesRequest,
    testing::Values(
        AcceptedRow{"empty list of names", R"({"Pod":{},"Nodes":null,"NodeNames":[]})", {}},
        AcceptedRow{"keys in another case and order", R"({"nodenames":["a"],"NODES":null,"pod":{}})", {"a"}},
        AcceptedRow{"absent other form", R"({"Pod":{},"NodeNames":["a","b"]})", {"a", "b"}},
        AcceptedRow{"duplicates are kept", R"({"Pod":{},"NodeNames":["a","b","a"]})", {"a", "b", "a"}},
        AcceptedRow{
            "unknown fields are ignored", R"({"X":[{"y":1}],"Pod":{"q":[1]},"NodeNames":["a"],"Z":null})", {"a"}},
        AcceptedRow{"escaped and non-ASCII names",
                    R"({"Pod":{},"NodeNames":["a\u003cb","ümlaut","q\"q","\\"]})",
                    {"a<b", "ümlaut", "q\"q", "\\"}},
        AcceptedRow{"blanks between names", "{\"Pod\":{},\"NodeNames\": [ \"a\" ,\n\t\"b\"\r\n]  }", {"a", "b"}},
        AcceptedRow{"blanks in an empty list", R"({"Pod":{},"NodeNames":[ ]})", {}},
        AcceptedRow{"an escape behind plain names", R"({"Pod":{},"NodeNames":["a","b\n","c"]})", {"a", "b\n", "c"}},
        AcceptedRow{"keys behind the names", R"({"NodeNames":["a"],"Nodes":null,"Pod":{}})", {"a"}},
        AcceptedRow{"an empty name", R"({"Pod":{},"NodeNames":[""]})", {""}},
        AcceptedRow{
            "white space everywhere", " {\n \"Pod\" : { } ,\t\"NodeNames\" : [ \"a\" , \"b\" ] } \n", {"a", "b"}},
        AcceptedRow{
            "objects with null items", R"({"Pod":{},"Nodes":{"metadata":{},"items":null}})", {}, NodeForm::objects},
        AcceptedRow{"objects without items", R"({"Pod":{},"Nodes":{}})", {}, NodeForm::objects},
        AcceptedRow{"object key in Go's case",
                    R"({"Pod":{},"Nodes":{"Items":[{"metadata":{"name":"a"}}]}})",
                    {"a"},
                    NodeForm::objects},
        AcceptedRow{
            "object whose metadata comes late",
            R"({"Pod":{},"Nodes":{"items":[{"status":{"a":[1,{}]},"metadata":{"labels":{"name":"x"},"name":"a"},"spec":{}},{"metadata":{"name":"b"}}]}})",
            {"a", "b"},
            NodeForm::objects}),
    test::RowName());

struct RefusedRow {
  const char* name;
  std::string body;
  const char* message;
};
void PrintTo(const RefusedRow& row, std::ostream* out) {
  *out << row.name;
}

class RefusedNodesRequest : public testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedNodesRequest, NamesTheField) {
  const auto request = read_nodes_request(padded(GetParam().body));
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(request.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedNodesRequest,
    testing::Values(
        RefusedRow{"empty body", "", "not valid JSON"},                                            //
        RefusedRow{"a list", "[]", "one object"},                                                  //
        RefusedRow{"a string", "\"x\"", "one object"},                                             //
        RefusedRow{"null", "null", "one object"},                                                  //
        RefusedRow{"not JSON", "filter please", "one object"},                                     //
        RefusedRow{"cut short", R"({"Pod":{},"NodeNames":["a)", "not valid JSON"},                 //
        RefusedRow{"not UTF-8", "{\"Pod\":{},\"NodeNames\":[\"\xff\"]}", "not valid JSON"},        //
        RefusedRow{"zero byte", std::string("{\"Pod\":{},\0}", 12), "not valid JSON"},             //
        RefusedRow{"trailing value", R"({"Pod":{},"NodeNames":["a"]}{})", "follows"},              //
        RefusedRow{"trailing text", R"({"Pod":{},"NodeNames":["a"]} x)", ""},                      //
        RefusedRow{"no pod", R"({"NodeNames":["a"]})", "Pod: missing"},                            //
        RefusedRow{"null pod", R"({"Pod":null,"NodeNames":["a"]})", "Pod: must not be null"},      //
        RefusedRow{"pod is a list", R"({"Pod":[],"NodeNames":["a"]})", "Pod: must be an object"},  //
        RefusedRow{"pod twice", R"({"Pod":{},"pod":{},"NodeNames":[]})", "Pod: given twice"},      //
        RefusedRow{"neither form", R"({"Pod":{}})", "neither"},                                    //
        RefusedRow{"both forms null", R"({"Pod":{},"Nodes":null,"NodeNames":null})", "neither"},   //
        RefusedRow{"both forms", R"({"Pod":{},"Nodes":{"items":[]},"NodeNames":[]})", "both"},     //
        RefusedRow{"names twice", R"({"Pod":{},"NodeNames":[],"NodeNames":[]})", "NodeNames: given twice"},
        RefusedRow{"names are an object", R"({"Pod":{},"NodeNames":{}})", "NodeNames: must be a list"},
        RefusedRow{"a name is a number", R"({"Pod":{},"NodeNames":["a",7]})", "NodeNames: item 1: must be a string"},
        RefusedRow{"a comma too many", R"({"Pod":{},"NodeNames":["a",]})", "NodeNames: item 1"},
        RefusedRow{"a comma missing", R"({"Pod":{},"NodeNames":["a""b"]})", "NodeNames"},
        RefusedRow{"a list that is not closed", R"({"Pod":{},"NodeNames":["a"})", ""},
        RefusedRow{"a name is null", R"({"Pod":{},"NodeNames":[null]})", "NodeNames: item 0: must be a string"},
        RefusedRow{"a bad escape", R"({"Pod":{},"NodeNames":["\q"]})", "NodeNames: item 0"},          //
        RefusedRow{"half a surrogate", R"({"Pod":{},"NodeNames":["\ud800"]})", "NodeNames: item 0"},  //
        RefusedRow{"nodes are a list", R"({"Pod":{},"Nodes":[]})", "Nodes: must be an object"},       //
        RefusedRow{"items twice", R"({"Pod":{},"Nodes":{"items":[],"items":[]}})", "items: given twice"},
        RefusedRow{"node is null", R"({"Pod":{},"Nodes":{"items":[null]}})", "item 0: must be an object"},
        RefusedRow{"node without metadata", R"({"Pod":{},"Nodes":{"items":[{}]}})", "metadata.name: missing"},
        RefusedRow{"node without name", R"({"Pod":{},"Nodes":{"items":[{"metadata":{}}]}})", "metadata.name: missing"},
        RefusedRow{"node name is a list", R"({"Pod":{},"Nodes":{"items":[{"metadata":{"name":[]}}]}})",
                   "Nodes: items: item 0: metadata: name: must be a string"},
        RefusedRow{"very deep",
                   R"({"Pod":{},"NodeNames":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}",
                   "NodeNames: item 0: must be a string"}),
    test::RowName());

TEST(NodesRequest, FiftyMegabytesOfNodesAreRead) {
  std::string body = padded(R"({"Pod":{},"Nodes":{"metadata":{},"items":[)");
  const std::string filler(9'000, 'x');
  constexpr std::size_t kNodes = 5'500;
  body.reserve(kNodes * (filler.size() + 64) + 1024);
  for (std::size_t i = 0; i < kNodes; ++i) {
    body += (i == 0 ? "" : ",");
    body += R"({"metadata":{"name":"node-)" + std::to_string(i) + R"("},"status":{"x":")" + filler + R"("}})";
  }
  body += "]}}";
  ASSERT_GT(body.size(), 49'000'000u);
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  ASSERT_EQ(request->names.size(), kNodes);
  EXPECT_EQ(request->names.back(), "node-5499");
  EXPECT_EQ(request->objects.back().front(), '{');
  EXPECT_EQ(request->objects.back().back(), '}');
}

// Every prefix of a real body is either refused or (never) half accepted.
TEST(NodesRequest, EveryPrefixOfARealBodyIsRefused) {
  const std::string body = recorded("filter.cache-true.3nodes.json");
  for (std::size_t length = 0; length < body.size(); length += 7) {
    EXPECT_FALSE(read_nodes_request(padded(std::string_view(body).substr(0, length))).ok()) << length;
  }
}

TEST(PreemptRequest, NullMapsMeanNoCandidates) {
  const std::string body = padded(R"({"Pod":{},"NodeNameToVictims":null,"NodeNameToMetaVictims":null})");
  const auto request = read_preempt_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->candidates.empty());
}

TEST(PreemptRequest, NullVictimsAndNullListsAreEmpty) {
  const std::string body =
      padded(R"({"Pod":{},"NodeNameToMetaVictims":{"a":null,"b":{"Pods":null,"NumPDBViolations":null}}})");
  const auto request = read_preempt_request(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  ASSERT_EQ(request->candidates.size(), 2u);
  EXPECT_EQ(request->candidates[0].node, "a");
  EXPECT_TRUE(request->candidates[1].victim_uids.empty());
}

TEST(PreemptRequest, NodeGivenTwiceCountsAsItsLastValue) {
  const std::string body =
      padded(R"({"Pod":{},"NodeNameToMetaVictims":{"a":{"Pods":[{"UID":"1"}]},"a":{"Pods":[{"UID":"2"}]}}})");
  const auto request = read_preempt_request(body);
  ASSERT_TRUE(request.ok());
  ASSERT_EQ(request->candidates.size(), 1u);
  EXPECT_THAT(request->candidates[0].victim_uids, ElementsAre("2"));
}

class RefusedPreemptRequest : public testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedPreemptRequest, NamesTheField) {
  const auto request = read_preempt_request(padded(GetParam().body));
  ASSERT_FALSE(request.ok());
  EXPECT_THAT(request.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedPreemptRequest,
    testing::Values(RefusedRow{"no pod", R"({"NodeNameToMetaVictims":{}})", "Pod: missing"},
                    RefusedRow{"both forms", R"({"Pod":{},"NodeNameToVictims":{},"NodeNameToMetaVictims":{}})", "both"},
                    RefusedRow{"victims are a list", R"({"Pod":{},"NodeNameToMetaVictims":{"a":[]}})",
                               "NodeNameToMetaVictims: a: must be an object"},
                    RefusedRow{"a victim without uid", R"({"Pod":{},"NodeNameToMetaVictims":{"a":{"Pods":[{}]}}})",
                               "Pods: item 0: UID: missing"},
                    RefusedRow{"a full victim without uid",
                               R"({"Pod":{},"NodeNameToVictims":{"a":{"Pods":[{"metadata":{}}]}}})",
                               "Pods: item 0: metadata.uid: missing"},
                    RefusedRow{"violations are a fraction",
                               R"({"Pod":{},"NodeNameToMetaVictims":{"a":{"NumPDBViolations":1.5}}})",
                               "NumPDBViolations: must be"}),
    test::RowName());

class RefusedBindRequest : public testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedBindRequest, NamesTheField) {
  const auto request = read_bind_request(padded(GetParam().body));
  ASSERT_FALSE(request.ok());
  EXPECT_THAT(request.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedBindRequest,
    testing::Values(RefusedRow{"empty object", "{}", "PodName: missing"},
                    RefusedRow{"no uid", R"({"PodName":"p","PodNamespace":"n","Node":"a"})", "PodUID: missing"},
                    RefusedRow{"empty node", R"({"PodName":"p","PodNamespace":"n","PodUID":"u","Node":""})",
                               "Node: must not be empty"},
                    RefusedRow{"null name", R"({"PodName":null,"PodNamespace":"n","PodUID":"u","Node":"a"})",
                               "PodName: must be a string"},
                    RefusedRow{"node twice", R"({"PodName":"p","PodNamespace":"n","PodUID":"u","Node":"a","Node":"b"})",
                               "Node: given twice"},
                    RefusedRow{"garbage", "\x01\x02", ""}),
    test::RowName());

}  // namespace
}  // namespace headroom::extender
