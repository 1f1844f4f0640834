#include "runtime/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace headroom::runtime {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(written("plain-name.1"), R"("plain-name.1")");
  EXPECT_EQ(written("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(written("\n\t\r"), R"("\n\t\r")");
  EXPECT_EQ(written(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(written("ümläut €😀"), "\"ümläut €😀\"");
  EXPECT_EQ(written("\x7f"), "\"\\u007f\"");
}

TEST(JsonString, EveryByteAtEveryPlaceEndsThePlainPrefixOrNot) {
  for (std::size_t size = 1; size <= 24; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        const bool plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
        std::string text(size, '~');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(plain_json_prefix(text), plain ? size : at) << "byte " << byte << " at " << at << " of " << size;
      }
    }
  }
  EXPECT_EQ(plain_json_prefix(""), 0u);
}

TEST(JsonString, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(written("a\xff z"), R"("a\ufffd z")");
  EXPECT_EQ(written("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
  EXPECT_EQ(written("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // surrogate
  EXPECT_EQ(written("\xe2\x82"), R"("\ufffd\ufffd")");            // cut short
  EXPECT_EQ(written("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
}

TEST(JsonString, ValidTextSurvivesAnyParser) {
  std::mt19937 random(20'261'123);
  SCOPED_TRACE("seed 20261123");
  const std::vector<std::string> pieces = {"a", "\"", "\\", "\n", "\x7f", "ü", "€", "😀", "/", "\x01", "<", "&"};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += pieces[random() % pieces.size()];
    EXPECT_EQ(nlohmann::json::parse(written(text)).get<std::string>(), text);
  }
}

TEST(JsonString, AnyBytesGiveValidJson) {
  std::mt19937 random(7);
  SCOPED_TRACE("seed 7");
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += static_cast<char>(random() & 0xFFU);
    EXPECT_TRUE(nlohmann::json::accept(written(text)));
  }
}

}  // namespace
}  // namespace headroom::runtime
