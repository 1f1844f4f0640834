#include "kube/list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/object.h"
#include "kube/watch.h"

namespace headroom::kube {
namespace {

TEST(SplitList, HandsOnEveryObjectAndTheListsOwnMetadata) {
  std::string text = R"({"kind":"NodeList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],)"
                     R"("metadata":{"resourceVersion":"17","continue":"next","remainingItemCount":3}})";
  std::vector<std::string> names;
  const auto page = split_list(PaddedJson::of(text), [&](PaddedJson json) { names.push_back(read_meta(json).name); });
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(page->resource_version, "17");
  EXPECT_EQ(page->continue_token, "next");
}

TEST(SplitList, AListOfNothingMayBeNull) {
  std::string text = R"({"metadata":{"resourceVersion":"1"},"items":null})";
  const auto page = split_list(PaddedJson::of(text), [](PaddedJson) { FAIL() << "there is no object"; });
  EXPECT_TRUE(page.ok());
}

TEST(SplitList, OneBadObjectIsReportedAndTheOthersStay) {
  std::string text = R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"good"}},)"
                     R"({"metadata":{"name":"bad","uid":"u7"},"status":{"capacity":{"cpu":"many"}}},null,"junk",7]})";
  std::vector<ObjectEntry> entries;
  const auto page =
      split_list(PaddedJson::of(text), [&](PaddedJson json) { entries.push_back(decode_entry(json, decode_as_node)); });
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const model::Node>>(entries[0].object));
  EXPECT_EQ(entries[1].key, "bad");
  EXPECT_EQ(entries[1].uid, "u7");
  EXPECT_EQ(entries[1].error, "status.capacity.cpu: 'many' is not a quantity");
  for (std::size_t i = 2; i < 5; ++i) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(entries[i].object)) << i;
    EXPECT_FALSE(entries[i].error.empty());
  }
}

TEST(SplitList, WhatIsNoListIsRefused) {
  for (const char* body : {R"({"kind":"Status"})", R"({"items":[]})", "<html>", R"({"items":{},"metadata":{}})"}) {
    std::string text = body;
    EXPECT_FALSE(split_list(PaddedJson::of(text), [](PaddedJson) {}).ok()) << body;
  }
}

TEST(WatchEvent, TypeAndObjectAreFoundInEitherOrder) {
  std::string text = R"({"object":{"metadata":{"name":"n","resourceVersion":"5"}},"type":"MODIFIED"})";
  const auto event = parse_watch_event(PaddedJson::of(text));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->type, WatchEventType::modified);
  EXPECT_EQ(read_meta(event->object).resource_version, "5");
}

TEST(WatchEvent, AnUnknownTypeIsAnErrorThatNamesIt) {
  std::string text = R"({"type":"EXPLODED","object":{}})";
  const auto event = parse_watch_event(PaddedJson::of(text));
  ASSERT_FALSE(event.ok());
  EXPECT_EQ(event.error().message, "type: 'EXPLODED' is no watch event");
}

}  // namespace
}  // namespace headroom::kube
