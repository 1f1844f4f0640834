#include "runtime/connection_registry.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "runtime/unique_fd.h"

namespace headroom::runtime {
namespace {

// A connected pair; the near end is what the registry knows.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    near = UniqueFd(ends[0]);
    far = UniqueFd(ends[1]);
  }
  // Reading ends at once: the registry has given the connection up.
  [[nodiscard]] bool given_up() const {
    char byte = 0;
    return ::recv(near.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  UniqueFd near;
  UniqueFd far;
};

TEST(ConnectionRegistry, RoomIsMadeByTheOneIdleLongest) {
  ConnectionRegistry registry;
  const std::array<Pair, 3> pairs;
  for (const Pair& pair : pairs) ASSERT_TRUE(registry.add(pair.near.get()));
  for (const std::size_t i : {2u, 0u, 1u}) ASSERT_TRUE(registry.enter_idle(pairs[i].near.get()));
  ASSERT_TRUE(registry.leave_idle(pairs[2].near.get()));  // busy again: not a candidate
  registry.make_room();
  EXPECT_TRUE(pairs[0].given_up());
  EXPECT_FALSE(pairs[1].given_up());
  EXPECT_FALSE(pairs[2].given_up());
  EXPECT_FALSE(registry.leave_idle(pairs[0].near.get()));
  EXPECT_EQ(registry.evicted(), 1u);
}

TEST(ConnectionRegistry, RoomOwedIsMadeWhenOneBecomesIdle) {
  ConnectionRegistry registry;
  const Pair pair;
  ASSERT_TRUE(registry.add(pair.near.get()));
  registry.make_room();
  EXPECT_FALSE(pair.given_up());
  ASSERT_TRUE(registry.enter_idle(pair.near.get()));
  EXPECT_TRUE(pair.given_up());
}

TEST(ConnectionRegistry, RoomFoundElsewhereIsNotOwed) {
  ConnectionRegistry registry;
  const Pair pair;
  ASSERT_TRUE(registry.add(pair.near.get()));
  registry.make_room();
  registry.room_found();
  ASSERT_TRUE(registry.enter_idle(pair.near.get()));
  EXPECT_FALSE(pair.given_up());
}

TEST(ConnectionRegistry, DrainEndsIdleConnectionsAndLetsBusyOnesFinish) {
  ConnectionRegistry registry;
  const Pair idle;
  const Pair busy;
  const Pair late;
  ASSERT_TRUE(registry.add(idle.near.get()));
  ASSERT_TRUE(registry.add(busy.near.get()));
  ASSERT_TRUE(registry.enter_idle(idle.near.get()));
  registry.drain();
  EXPECT_TRUE(idle.given_up());
  EXPECT_FALSE(busy.given_up());
  EXPECT_FALSE(registry.enter_idle(busy.near.get()));
  EXPECT_FALSE(registry.add(late.near.get()));
  registry.abort();
  EXPECT_TRUE(busy.given_up());
}

}  // namespace
}  // namespace headroom::runtime
