#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace headroom::base {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid_input("must be even");
  return n / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_EQ(half(3).error(), invalid_input("must be even"));
}

TEST(Result, ContextIsAddedInFrontAndKeepsTheKind) {
  const Error error = with_context(with_context(half(3).error(), "spec.count"), "read policy");
  EXPECT_EQ(error.message, "read policy: spec.count: must be even");
  EXPECT_EQ(error.kind, ErrorKind::invalid_input);
}

TEST(Result, MoveOnlyValuesMoveOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

}  // namespace
}  // namespace headroom::base
