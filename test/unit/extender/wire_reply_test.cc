#include "extender/wire_reply.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/unit/extender/wire_bodies.h"

namespace headroom::extender {
namespace {

using nlohmann::json;
using test::padded;
using test::recorded;

TEST(FilterReply, NamesPassedAndRefusedNodesInGosFields) {
  const std::string body = padded(R"({"Pod":{},"NodeNames":["a","b","c\"d"]})");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  const FilterAnswer answer{{1}, {{0, "rack power"}, {2, "rack power"}}};
  EXPECT_EQ(
      write_filter_reply(*request, answer),
      R"({"Nodes":null,"NodeNames":["b"],"FailedNodes":{},"FailedAndUnresolvableNodes":{"a":"rack power","c\"d":"rack power"},"Error":""})");
}

// Packed names are copied in runs; the others are written one by one.
TEST(Replies, SayTheSameHoweverTheNamesStandInTheRequest) {
  const std::string packed = padded(R"({"Pod":{},"NodeNames":["a","bb","c","a","","e"]})");
  const std::string spaced = padded(R"({"Pod":{},"NodeNames":["a","bb","c","a" ,"","e"]})");
  const std::string escaped = padded(R"({"Pod":{},"NodeNames":["a","b\u0062","c","a","","e"]})");
  const FilterAnswer answers[] = {{{0, 1, 2, 4, 5}, {}},
                                  {{1, 5}, {{0, "x"}, {2, "\"y\""}, {4, "\"y\""}}},
                                  {{}, {{4, "x"}, {5, "x"}}},
                                  {{5, 1, 2}, {}}};
  for (const std::string* other : {&spaced, &escaped}) {
    const auto first = read_nodes_request(packed);
    const auto second = read_nodes_request(*other);
    ASSERT_TRUE(first.ok());
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(first->packed);
    EXPECT_FALSE(second->packed);
    for (const FilterAnswer& answer : answers) {
      EXPECT_EQ(write_filter_reply(*first, answer), write_filter_reply(*second, answer));
    }
    EXPECT_EQ(write_prioritize_reply(*first, {{0, 1}, {1, 2}, {4, 3}}),
              write_prioritize_reply(*second, {{0, 1}, {1, 2}, {4, 3}}));
  }
  EXPECT_EQ(
      write_filter_reply(*read_nodes_request(packed), answers[1]),
      R"({"Nodes":null,"NodeNames":["bb","e"],"FailedNodes":{},"FailedAndUnresolvableNodes":{"a":"x","c":"\"y\"","":"\"y\""},"Error":""})");
}

TEST(FilterReply, NobodyPassedIsAnEmptyListNeverNull) {
  const std::string body = padded(R"({"Pod":{},"NodeNames":["a"]})");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(json::parse(write_filter_reply(*request, {{}, {{0, "x"}}}))["NodeNames"], json::array());
}

TEST(FilterReply, NodeObjectsComeBackUnchanged) {
  const std::string body = recorded("filter.cache-false.3nodes.json");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  const std::string reply = write_filter_reply(*request, {{2, 0}, {{1, "too hot"}}});
  const json parsed = json::parse(reply);
  const json items = json::parse(body)["Nodes"]["items"];
  ASSERT_EQ(parsed["Nodes"]["items"].size(), 2u);
  EXPECT_EQ(parsed["Nodes"]["items"][0], items[2]);
  EXPECT_EQ(parsed["Nodes"]["items"][1], items[0]);
  EXPECT_TRUE(parsed["NodeNames"].is_null());
  EXPECT_EQ(parsed["FailedAndUnresolvableNodes"], json({{"node-00001", "too hot"}}));
  EXPECT_NE(reply.find(request->objects[0]), std::string::npos) << "byte for byte";
}

TEST(FilterReply, ErrorTextIsEscaped) {
  EXPECT_EQ(json::parse(write_filter_error("line\n\"quoted\""))["Error"], "line\n\"quoted\"");
}

TEST(PrioritizeReply, IsABareListOfHostsWithWholeScores) {
  const std::string body = padded(R"({"Pod":{},"NodeNames":["a","b","c"]})");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(write_prioritize_reply(*request, {{0, 10}, {1, 0}, {2, 7}}),
            R"([{"Host":"a","Score":10},{"Host":"b","Score":0},{"Host":"c","Score":7}])");
  EXPECT_EQ(write_prioritize_reply(*request, {{0, 11}, {1, -3}}),
            R"([{"Host":"a","Score":10},{"Host":"b","Score":0}])");
  EXPECT_EQ(write_prioritize_reply(*request, {}), "[]");
}

TEST(PreemptReply, EchoesVictimsInTheMetaFormWhicheverFormCame) {
  for (const char* file : {"preempt.cache-true.json", "preempt.cache-false.json"}) {
    const std::string body = recorded(file);
    const auto request = read_preempt_request(body);
    ASSERT_TRUE(request.ok());
    ASSERT_EQ(request->candidates.size(), 3u);
    const json reply = json::parse(write_preempt_reply(*request, {1}));
    const std::string node(request->candidates[1].node);
    ASSERT_EQ(reply["NodeNameToMetaVictims"].size(), 1u);
    const json& victims = reply["NodeNameToMetaVictims"][node];
    EXPECT_EQ(victims["NumPDBViolations"], request->candidates[1].pdb_violations);
    ASSERT_EQ(victims["Pods"].size(), request->candidates[1].victim_uids.size());
    EXPECT_EQ(victims["Pods"][0]["UID"], request->candidates[1].victim_uids[0]);
  }
}

// A reply with every candidate, read again, gives the same candidates.
TEST(PreemptReply, RoundTripKeepsEveryCandidate) {
  const std::string body = recorded("preempt.cache-true.json");
  const auto request = read_preempt_request(body);
  ASSERT_TRUE(request.ok());
  std::string again = write_preempt_reply(*request, {0, 1, 2});
  again.insert(1, R"("Pod":{},)");
  const auto second = read_preempt_request(again);
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(second->candidates.size(), request->candidates.size());
  for (std::size_t i = 0; i < second->candidates.size(); ++i) {
    EXPECT_EQ(second->candidates[i].node, request->candidates[i].node);
    EXPECT_EQ(second->candidates[i].victim_uids, request->candidates[i].victim_uids);
    EXPECT_EQ(second->candidates[i].pdb_violations, request->candidates[i].pdb_violations);
  }
}

TEST(BindReply, IsEmptyOrTheErrorText) {
  EXPECT_EQ(write_bind_reply(""), R"({"Error":""})");
  EXPECT_EQ(write_bind_reply("no \"room\""), R"({"Error":"no \"room\""})");
}

}  // namespace
}  // namespace headroom::extender
