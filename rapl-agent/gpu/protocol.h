// What the agent and its GPU helper say to each other over a Unix stream socket.
//
// A frame is a length (u32, of what follows) and a message; a message is its fields in the order declared below. All
// integers are little-endian; a text is its length (u16) and its bytes; an optional number is a presence byte and the
// number. The client sends one Request and waits for the Reply with its id; a reply that comes after the client stopped
// waiting is read and dropped. Both begin with the version: agent and helper may come from different images for the
// minutes of an update, and then each refuses the other in words instead of misreading it.
//
// Limits travel in microwatts, clocks in megahertz: the units of core::Field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rapl-agent/core/access.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/core/control.h"

namespace headroom::rapl_agent::gpu {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kLongestFrame = 64 << 10;

enum class Operation : std::uint8_t { discover = 1, read = 2, write = 3, sample = 4 };

struct Request {
  std::uint64_t id = 0;  // chosen by the client, grows
  Operation operation = Operation::discover;
  std::uint32_t deadline_ms = 0;  // the helper answers `hung` when the driver takes longer
  std::string uuid;               // of the GPU; empty for discover
  core::Field field = core::Field::long_term_limit;
  std::uint64_t value = 0;  // of a write

  bool operator==(const Request&) const = default;
};

enum class LimitScope : std::uint8_t {
  none,    // there is no limit to set: a vGPU, or a device without power management
  gpu,     // the GPU alone
  module,  // the GPU with the CPU beside it
};

struct DeviceFacts {
  std::string uuid;
  std::string pci;
  std::string name;
  LimitScope scope = LimitScope::none;
  std::uint64_t min_uw = 0;  // constraints; 0: not told
  std::uint64_t max_uw = 0;
  std::uint64_t generation = 0;  // another one: what was set before is gone
  bool energy = false;
  bool power = false;
  bool temperature = false;
  bool present = true;             // false: known from before, and the driver says it is lost
  std::vector<std::string> notes;  // for people

  bool operator==(const DeviceFacts&) const = default;
};

struct Reply {
  std::uint64_t id = 0;
  std::uint64_t generation = 0;      // of the attachment to the driver; handles of an earlier one are dead
  core::Access access;               // of read and write; discover and sample use outcome, code and hint
  core::MeterReading reading;        // of sample
  std::vector<DeviceFacts> devices;  // of discover, sorted by UUID
  std::vector<std::string> gone;     // of discover: UUIDs seen before that the driver says are not on the bus
  std::vector<std::string> notes;    // of discover, for people
};

// Without the length in front.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Reply& reply);

// Total: any bytes give a value or invalid_input; unsupported: another version of the protocol.
[[nodiscard]] base::Result<Request> decode_request(std::string_view bytes);
[[nodiscard]] base::Result<Reply> decode_reply(std::string_view bytes);

}  // namespace headroom::rapl_agent::gpu
