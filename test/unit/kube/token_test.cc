#include "kube/token.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/manual_clock.h"
#include "test/support/temporary_directory.h"

namespace headroom::kube {
namespace {

class Token : public testing::Test {
 protected:
  void write(const std::string& text) { directory_.write("token", text); }

  // Tests run side by side, one process each: a name of their own comes from the system, not from an address.
  test::TemporaryDirectory directory_;
  const std::string path_ = directory_.path("token");
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
