#include "base/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace headroom::base {
namespace {

struct Pair {
  int first = 0;
  int second = 0;
};

TEST(Published, IsNullBeforeTheFirstPublication) {
  EXPECT_EQ(Published<Pair>().load(), nullptr);
}

TEST(Published, AReaderKeepsTheValueItLoaded) {
  Published<Pair> published(std::make_shared<const Pair>(Pair{1, 1}));
  const auto held = published.load();
  published.publish(std::make_shared<const Pair>(Pair{2, 2}));
  EXPECT_EQ(held->first, 1);
  EXPECT_EQ(published.load()->first, 2);
}

TEST(Published, ReadersNeverSeeHalfAValueWhileTheWriterPublishes) {
  Published<Pair> published(std::make_shared<const Pair>());
  std::vector<std::jthread> readers;
  std::atomic<int> torn{0};
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      for (int last = 0; last < 2'000;) {
        const auto seen = published.load();
        if (seen->first != seen->second || seen->first < last) ++torn;
        last = seen->first;
      }
    });
  }
  for (int n = 1; n <= 2'000; ++n) published.publish(std::make_shared<const Pair>(Pair{n, n}));
  readers.clear();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace headroom::base
