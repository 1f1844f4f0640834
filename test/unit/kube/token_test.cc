#include "kube/token.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/manual_clock.h"

namespace headroom::kube {
namespace {

class Token : public testing::Test {
 protected:
  Token() {
    path_ = std::filesystem::temp_directory_path() /
            ("token_test." + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "." +
             std::to_string(reinterpret_cast<std::uintptr_t>(this)));
  }
  ~Token() override { std::filesystem::remove(path_); }
  void write(const std::string& text) { std::ofstream(path_) << text; }

  std::filesystem::path path_;
  base::ManualClock clock_;
};

TEST_F(Token, ARotatedFileIsReadAgainWithinAMinute) {
  write("first\n");
  TokenSource token(path_, "", clock_);
  EXPECT_EQ(token.current(), "first");
  write("second\n");
  EXPECT_EQ(token.current(), "first");
  clock_.advance(base::Seconds(60));
  EXPECT_EQ(token.current(), "second");
}

TEST_F(Token, A401ReadsTheFileAtOnceAndSaysWhetherAskingAgainCanHelp) {
  write("first");
  TokenSource token(path_, "", clock_);
  EXPECT_FALSE(token.refresh("first"));
  write("second");
  EXPECT_TRUE(token.refresh("first"));
  EXPECT_EQ(token.current(), "second");
}

TEST_F(Token, AFileCaughtEmptyOrGoneKeepsTheLastToken) {
  write("first");
  TokenSource token(path_, "", clock_);
  write("");
  clock_.advance(base::Seconds(60));
  EXPECT_EQ(token.current(), "first");
  std::filesystem::remove(path_);
  clock_.advance(base::Seconds(60));
  EXPECT_EQ(token.current(), "first");
}

TEST_F(Token, AFixedTokenNeverChanges) {
  TokenSource token("", "fixed", clock_);
  EXPECT_EQ(token.current(), "fixed");
  EXPECT_FALSE(token.refresh("fixed"));
}

}  // namespace
}  // namespace headroom::kube
