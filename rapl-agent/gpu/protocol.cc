#include "rapl-agent/gpu/protocol.h"

#include "rapl-agent/gpu/wire.h"

namespace headroom::rapl_agent::gpu {
namespace {

template <class Quantity>
std::optional<std::int64_t> count_of(const std::optional<Quantity>& quantity) {
  return quantity ? std::optional(quantity->count()) : std::nullopt;
}

void write_texts(WireWriter& to, const std::vector<std::string>& texts) {
  to.number(static_cast<std::uint8_t>(texts.size() < UINT8_MAX ? texts.size() : UINT8_MAX));
  for (std::size_t n = 0; n < texts.size() && n < UINT8_MAX; ++n) to.text(texts[n]);
}

std::vector<std::string> read_texts(WireReader& from) {
  std::vector<std::string> texts(from.number<std::uint8_t>());
  for (auto& text : texts) text = from.text();
  return texts;
}

void write_device(WireWriter& to, const DeviceFacts& device) {
  to.text(device.uuid);
  to.text(device.pci);
  to.text(device.name);
  to.number(static_cast<std::uint8_t>(device.scope));
  to.number(device.min_uw);
  to.number(device.max_uw);
  to.number(device.generation);
  for (const bool fact : {device.energy, device.power, device.temperature, device.present})
    to.number<std::uint8_t>(fact ? 1 : 0);
  write_texts(to, device.notes);
}

DeviceFacts read_device(WireReader& from) {
  DeviceFacts device;
  device.uuid = from.text();
  device.pci = from.text();
  device.name = from.text();
  device.scope = from.choice(LimitScope::module);
  device.min_uw = from.number<std::uint64_t>();
  device.max_uw = from.number<std::uint64_t>();
  device.generation = from.number<std::uint64_t>();
  for (bool* fact : {&device.energy, &device.power, &device.temperature, &device.present})
    *fact = from.number<std::uint8_t>() != 0;
  device.notes = read_texts(from);
  return device;
}

void write_access(WireWriter& to, const core::Access& access) {
  to.number(static_cast<std::uint8_t>(access.outcome));
  to.number(access.value);
  to.number(static_cast<std::uint32_t>(access.code));
  to.text(access.hint);
}

core::Access read_access(WireReader& from) {
  core::Access access;
  access.outcome = from.choice(core::Outcome::unknown_key);
  access.value = from.number<std::uint64_t>();
  access.code = static_cast<int>(from.number<std::uint32_t>());
  access.hint = from.text();
  return access;
}

void write_reading(WireWriter& to, const core::MeterReading& reading) {
  to.number(static_cast<std::uint8_t>(reading.outcome));
  to.number(static_cast<std::uint32_t>(reading.code));
  to.optional_number(count_of(reading.energy));
  to.optional_number(count_of(reading.power));
  to.optional_number(reading.temperature ? std::optional(reading.temperature->millicelsius()) : std::nullopt);
}

core::MeterReading read_reading(WireReader& from) {
  core::MeterReading reading;
  reading.outcome = from.choice(core::Outcome::unknown_key);
  reading.code = static_cast<int>(from.number<std::uint32_t>());
  if (const auto energy = from.optional_number()) reading.energy = base::microjoules(*energy);
  if (const auto power = from.optional_number()) reading.power = base::microwatts(*power);
  if (const auto temperature = from.optional_number()) reading.temperature = base::millicelsius(*temperature);
  return reading;
}

// Nothing, or why the message behind it is not for us.
std::optional<base::Error> version_problem(WireReader& from) {
  const auto version = from.number<std::uint16_t>();
  if (!from.ok()) return base::invalid_input("shorter than its version");
  if (version == kProtocolVersion) return std::nullopt;
  return base::unsupported("speaks version " + std::to_string(version) + " of the GPU helper's protocol, not " +
                           std::to_string(kProtocolVersion));
}

}  // namespace

std::string encode(const Request& request) {
  WireWriter to;
  to.number(kProtocolVersion);
  to.number(request.id);
  to.number(static_cast<std::uint8_t>(request.operation));
  to.number(request.deadline_ms);
  to.text(request.uuid);
  to.number(static_cast<std::uint8_t>(request.field));
  to.number(request.value);
  return std::move(to).take();
}

base::Result<Request> decode_request(std::string_view bytes) {
  WireReader from(bytes);
  if (const auto problem = version_problem(from)) return *problem;
  Request request;
  request.id = from.number<std::uint64_t>();
  request.operation = from.choice(Operation::sample);
  request.deadline_ms = from.number<std::uint32_t>();
  request.uuid = from.text();
  request.field = from.choice(core::Field::locked_clock);
  request.value = from.number<std::uint64_t>();
  if (!from.finished() || request.operation < Operation::discover) return base::invalid_input("not a request");
  return request;
}

std::string encode(const Reply& reply) {
  WireWriter to;
  to.number(kProtocolVersion);
  to.number(reply.id);
  to.number(reply.generation);
  write_access(to, reply.access);
  write_reading(to, reply.reading);
  to.number(static_cast<std::uint8_t>(reply.devices.size()));
  for (const auto& device : reply.devices) write_device(to, device);
  write_texts(to, reply.gone);
  write_texts(to, reply.notes);
  return std::move(to).take();
}

base::Result<Reply> decode_reply(std::string_view bytes) {
  WireReader from(bytes);
  if (const auto problem = version_problem(from)) return *problem;
  Reply reply;
  reply.id = from.number<std::uint64_t>();
  reply.generation = from.number<std::uint64_t>();
  reply.access = read_access(from);
  reply.reading = read_reading(from);
  const auto devices = from.number<std::uint8_t>();
  for (unsigned n = 0; n < devices && from.ok(); ++n) reply.devices.push_back(read_device(from));
  reply.gone = read_texts(from);
  reply.notes = read_texts(from);
  if (!from.finished()) return base::invalid_input("not a reply");
  return reply;
}

}  // namespace headroom::rapl_agent::gpu
