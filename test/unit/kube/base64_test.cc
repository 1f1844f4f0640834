#include "kube/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace headroom::kube {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, EveryByteValueSurvivesTheWayThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
}

TEST(Base64, LineBreaksAreSkipped) {
  EXPECT_EQ(base64_decode("Zm9v\nYmFy\n"), "foobar");
}

TEST(Base64, WhatIsNotBase64IsRefused) {
  for (const char* text : {"Zm9", "Zm9v!", "Zg=A", "====", "Z"}) EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace headroom::kube
