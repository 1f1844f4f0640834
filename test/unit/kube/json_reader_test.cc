#include "kube/json_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headroom::kube {
namespace {

base::Status read(std::string text, JsonCursor::OnField on_field) {
  return read_json_object(PaddedJson::of(text), on_field);
}

TEST(JsonReader, TheFirstErrorNamesItsPathThroughObjectsAndLists) {
  const auto status = read(R"({"spec":{"items":[{"n":1},{"n":"two"}]}})", [](std::string_view, JsonCursor& spec) {
    spec.fields([](std::string_view, JsonCursor& list) {
      list.items([](JsonCursor& item) {
        item.fields([](std::string_view, JsonCursor& n) { static_cast<void>(n.integer()); });
      });
    });
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "spec.items[1].n: must be an integer");
}

TEST(JsonReader, NullIsTheEmptyValueOfEveryKind) {
  const auto status = read(R"({"a":null})", [](std::string_view, JsonCursor& value) { EXPECT_EQ(value.text(), ""); });
  EXPECT_TRUE(status.ok());
  const auto flag = read(R"({"a":null})", [](std::string_view, JsonCursor& value) { EXPECT_TRUE(value.flag(true)); });
  EXPECT_TRUE(flag.ok());
  const auto object = read(R"({"a":null})", [](std::string_view, JsonCursor& value) {
    value.fields([](std::string_view, JsonCursor&) { FAIL() << "null has no fields"; });
  });
  EXPECT_TRUE(object.ok());
  const auto list = read(R"({"a":null})", [](std::string_view, JsonCursor& value) {
    value.items([](JsonCursor&) { FAIL() << "null has no items"; });
  });
  EXPECT_TRUE(list.ok());
}

TEST(JsonReader, ValuesThatAreNotAskedForAreSteppedOver) {
  std::string seen;
  const auto status = read(R"({"skip":{"deep":[1,{"x":[[]]}]},"take":"it"})", [&](std::string_view key, JsonCursor& v) {
    if (key == "take") seen = v.text();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen, "it");
}

TEST(JsonReader, RawGivesTheTextOfObjectsListsAndScalars) {
  std::vector<std::string> raws;
  const auto status = read(R"({"a":{"b":[1, 2]},"c":[3],"d":"e"})",
                           [&](std::string_view, JsonCursor& value) { raws.emplace_back(value.raw()); });
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(raws[0], R"({"b":[1, 2]})");
  EXPECT_EQ(raws[1], "[3]");
  EXPECT_EQ(raws[2].substr(0, 3), R"("e")");
}

TEST(JsonReader, EscapesInKeysAndValuesAreUndone) {
  const auto status = read(R"({"kub\u0065":"a\"b\\\u00e4"})", [](std::string_view key, JsonCursor& value) {
    EXPECT_EQ(key, "kube");
    EXPECT_EQ(value.text(), "a\"b\\\xc3\xa4");
  });
  EXPECT_TRUE(status.ok());
}

TEST(JsonReader, WhatIsNoObjectIsRefusedInWords) {
  for (const char* text : {"", "[]", "3", "\"x\"", "{", "{\"a\":1", "{\"a\"}", "null", "{\"a\":1}}"}) {
    const auto status = read(text, [](std::string_view, JsonCursor& value) { static_cast<void>(value.integer()); });
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().kind, base::ErrorKind::invalid_input);
    EXPECT_FALSE(status.error().message.empty());
  }
}

}  // namespace
}  // namespace headroom::kube
