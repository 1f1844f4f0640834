#include "kube/line_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headroom::kube {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  LineBuffer buffer;
  std::vector<std::string> lines;
  for (const std::string& piece : pieces) {
    EXPECT_EQ(buffer.feed(piece,
                          [&](PaddedJson line) {
                            lines.emplace_back(line.text());
                            return true;
                          }),
              LineBuffer::Fed::all);
  }
  return lines;
}

TEST(LineBuffer, LinesAreTheSameHoweverTheStreamIsCut) {
  const std::string stream = "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}\n";
  const std::vector<std::string> whole = lines_of({stream});
  EXPECT_EQ(whole, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
  for (std::size_t size = 1; size < stream.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size(); at += size) pieces.push_back(stream.substr(at, size));
    EXPECT_EQ(lines_of(pieces), whole) << "pieces of " << size;
  }
}

TEST(LineBuffer, WhatHasNoNewlineYetIsKept) {
  LineBuffer buffer;
  const auto no_line = [](PaddedJson) { return false; };
  EXPECT_EQ(buffer.feed("{\"half", no_line), LineBuffer::Fed::all);
  EXPECT_EQ(buffer.rest(), "{\"half");
}

TEST(LineBuffer, ALineCallbackEndsTheFeeding) {
  LineBuffer buffer;
  int calls = 0;
  const auto fed = buffer.feed("1\n2\n3\n", [&](PaddedJson) { return ++calls < 2; });
  EXPECT_EQ(fed, LineBuffer::Fed::stopped);
  EXPECT_EQ(calls, 2);
}

TEST(LineBuffer, AnEndlessLineIsRefusedInsteadOfFillingTheMemory) {
  LineBuffer buffer(100);
  const auto any = [](PaddedJson) { return true; };
  EXPECT_EQ(buffer.feed(std::string(90, 'x'), any), LineBuffer::Fed::all);
  EXPECT_EQ(buffer.feed(std::string(20, 'x'), any), LineBuffer::Fed::line_too_long);
}

}  // namespace
}  // namespace headroom::kube
