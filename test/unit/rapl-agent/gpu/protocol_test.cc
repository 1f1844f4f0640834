#include "rapl-agent/gpu/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace headroom::rapl_agent::gpu {
namespace {

Request a_write() {
  Request request;
  request.id = 0x0102030405060708;
  request.operation = Operation::write;
  request.deadline_ms = 5'000;
  request.uuid = "GPU-7a0c1f00-0000-0000-0000-000000000001";
  request.field = core::Field::long_term_limit;
  request.value = 4'294'967'296'000'000;
  return request;
}

Reply a_full_reply() {
  Reply reply;
  reply.id = 7;
  reply.generation = 3;
  reply.access = {core::Outcome::no_permission, 12, 4, "needs CAP_SYS_ADMIN"};
  reply.reading.outcome = core::Outcome::ok;
  reply.reading.energy = base::microjoules(123'456'789'012);
  reply.reading.power = base::watts(350);
  reply.reading.temperature = base::celsius(-5);
  reply.devices.resize(2);
  reply.devices[0] = {.uuid = "GPU-a",
                      .pci = "00000000:17:00.0",
                      .name = "NVIDIA H100 80GB",
                      .scope = LimitScope::module,
                      .min_uw = 200'000'000,
                      .max_uw = 700'000'000,
                      .generation = 2,
                      .energy = true,
                      .power = true,
                      .temperature = false,
                      .present = false,
                      .notes = {"one", "two"}};
  reply.devices[1].uuid = "GPU-b";
  reply.gone = {"GPU-c"};
  reply.notes = {"a note"};
  return reply;
}

bool same_reading(const core::MeterReading& a, const core::MeterReading& b) {
  return a.outcome == b.outcome && a.code == b.code && a.energy == b.energy && a.power == b.power &&
         a.temperature == b.temperature;
}

TEST(Protocol, a_request_arrives_as_it_was_sent) {
  const auto decoded = decode_request(encode(a_write()));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, a_write());
}

TEST(Protocol, a_reply_arrives_as_it_was_sent) {
  const auto sent = a_full_reply();
  const auto decoded = decode_reply(encode(sent));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->id, sent.id);
  EXPECT_EQ(decoded->generation, sent.generation);
  EXPECT_EQ(decoded->access, sent.access);
  EXPECT_TRUE(same_reading(decoded->reading, sent.reading));
  EXPECT_EQ(decoded->devices, sent.devices);
  EXPECT_EQ(decoded->gone, sent.gone);
  EXPECT_EQ(decoded->notes, sent.notes);
}

TEST(Protocol, another_version_is_refused_in_words) {
  auto bytes = encode(a_write());
  bytes[0] = 9;
  const auto decoded = decode_request(bytes);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().kind, base::ErrorKind::unsupported);
  EXPECT_THAT(decoded.error().message, testing::HasSubstr("version 9"));
}

TEST(Protocol, no_prefix_of_a_message_is_a_message) {
  const auto request = encode(a_write());
  for (std::size_t size = 0; size < request.size(); ++size) EXPECT_FALSE(decode_request(request.substr(0, size)).ok());
  const auto reply = encode(a_full_reply());
  for (std::size_t size = 0; size < reply.size(); ++size) EXPECT_FALSE(decode_reply(reply.substr(0, size)).ok());
}

TEST(Protocol, bytes_behind_a_message_are_refused) {
  EXPECT_FALSE(decode_request(encode(a_write()) + "x").ok());
  EXPECT_FALSE(decode_reply(encode(a_full_reply()) + "x").ok());
}

TEST(Protocol, any_bytes_have_an_answer) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto request = encode(a_write());
  const auto reply = encode(a_full_reply());
  for (int round = 0; round < 20'000; ++round) {
    auto changed = round % 2 == 0 ? request : reply;
    for (int flips = 0; flips < 3; ++flips) changed[random() % changed.size()] = static_cast<char>(random());
    const auto as_request = decode_request(changed);
    const auto as_reply = decode_reply(changed);
    // What is taken for a message says the same when it is sent on.
    EXPECT_TRUE(!as_request.ok() || *decode_request(encode(*as_request)) == *as_request) << "seed " << seed;
    EXPECT_TRUE(!as_reply.ok() || decode_reply(encode(*as_reply))->devices == as_reply->devices) << "seed " << seed;
  }
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
