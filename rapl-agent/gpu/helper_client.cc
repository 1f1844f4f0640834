#include "rapl-agent/gpu/helper_client.h"

#include <algorithm>
#include <string_view>

namespace headroom::rapl_agent::gpu {
namespace {

using core::Outcome;

constexpr std::string_view kGpuPrefix = "gpu/";
constexpr std::string_view kClockPrefix = "gpu-clock/";
constexpr auto kHelpersOwnTime = base::Milliseconds(500);
// A child that was just started needs a moment before it listens.
constexpr auto kStartPatience = base::Milliseconds(2'000);
constexpr auto kStartStep = base::Milliseconds(10);
// The driver rounds to what the board can do.
constexpr auto kTolerance = base::watts(1);

std::string uuid_of(std::string_view domain) {
  for (const auto prefix : {kGpuPrefix, kClockPrefix}) {
    if (domain.starts_with(prefix)) return std::string(domain.substr(prefix.size()));
  }
  return {};
}

// Where both ends of the constraints make sense.
std::optional<base::Power> hint_of(std::uint64_t microwatts) {
  if (microwatts == 0 || microwatts > INT64_MAX) return std::nullopt;
  return base::microwatts(static_cast<std::int64_t>(microwatts));
}

core::Domain gpu_domain(const DeviceFacts& device) {
  core::Domain domain;
  domain.id = std::string(kGpuPrefix) + device.uuid;
  domain.kind = device.scope == LimitScope::module ? core::DomainKind::module : core::DomainKind::gpu;
  domain.generation = device.generation;
  domain.label = device.name + " at " + device.pci;
  domain.notes = device.notes;
  if (!device.present) domain.notes.emplace_back("lost: the driver cannot reach it");
  domain.meter.energy = device.energy;
  domain.meter.power = device.power;
  domain.meter.temperature = device.temperature;
  if (device.scope == LimitScope::none) return domain;
  core::Control control;
  control.surface = core::Surface::nvml;
  control.fields = {core::Field::long_term_limit, core::Field::enforced_limit};
  control.min_hint = hint_of(device.min_uw);
  control.max_hint = hint_of(device.max_uw);
  control.tolerance = kTolerance;
  domain.controls.push_back(std::move(control));
  return domain;
}

core::Domain clock_domain(const DeviceFacts& device) {
  core::Domain domain;
  domain.id = std::string(kClockPrefix) + device.uuid;
  domain.kind = core::DomainKind::frequency;
  domain.generation = device.generation;
  domain.label = "clocks of " + device.name + " at " + device.pci;
  core::Control control;
  control.surface = core::Surface::nvml;
  control.fields = {core::Field::locked_clock};
  domain.controls.push_back(std::move(control));
  return domain;
}

Reply refusal(Outcome outcome, std::string hint) {
  Reply reply;
  reply.access = {outcome, 0, 0, std::move(hint)};
  reply.reading.outcome = outcome;
  return reply;
}

}  // namespace

std::string_view to_string(HelperState state) {
  switch (state) {
    case HelperState::unreachable: return "unreachable";
    case HelperState::no_driver: return "no-driver";
    case HelperState::attached: return "attached";
    case HelperState::hung: return "hung";
  }
  return "unknown";
}

HelperClient::HelperClient(ClientOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {
  if (options_.start) process_ = std::make_unique<HelperProcess>(*options_.start, clock_);
}

core::Inventory HelperClient::discover() {
  Request request;
  request.operation = Operation::discover;
  const Reply reply = ask(std::move(request));
  core::Inventory inventory;
  inventory.outcome = reply.access.outcome;
  inventory.notes = reply.notes;
  if (!reply.access.ok()) {
    if (!reply.access.hint.empty()) inventory.notes = {"GPUs: " + reply.access.hint};
    return inventory;
  }
  gone_.insert(reply.gone.begin(), reply.gone.end());
  for (const auto& device : reply.devices) {
    gone_.erase(device.uuid);
    inventory.domains.push_back(gpu_domain(device));
    if (options_.clocks == ClockControls::listed && device.scope != LimitScope::none)
      inventory.domains.push_back(clock_domain(device));
  }
  std::sort(inventory.domains.begin(), inventory.domains.end(),
            [](const core::Domain& a, const core::Domain& b) { return a.id < b.id; });
  for (const auto& uuid : gone_) {
    for (const auto prefix : {kGpuPrefix, kClockPrefix}) inventory.dark.push_back(std::string(prefix) + uuid);
  }
  state_ = reply.generation > 0 ? HelperState::attached : HelperState::no_driver;
  return inventory;
}

core::Access HelperClient::read(const core::ControlKey& key) {
  Request request;
  request.operation = Operation::read;
  request.uuid = uuid_of(key.domain);
  request.field = key.field;
  return ask(std::move(request)).access;
}

core::Access HelperClient::write(const core::ControlKey& key, std::uint64_t value) {
  if (key.field == core::Field::locked_clock && options_.clocks == ClockControls::off)
    return {Outcome::unsupported, 0, 0, "locked clocks are not switched on"};
  Request request;
  request.operation = Operation::write;
  request.uuid = uuid_of(key.domain);
  request.field = key.field;
  request.value = value;
  return ask(std::move(request)).access;
}

core::MeterReading HelperClient::sample(const std::string& domain) {
  Request request;
  request.operation = Operation::sample;
  request.uuid = uuid_of(domain);
  return ask(std::move(request)).reading;
}

Reply HelperClient::ask(Request request) {
  if (auto refused = blocked()) return *std::move(refused);
  request.id = ++last_id_;
  request.deadline_ms = static_cast<std::uint32_t>(options_.deadline.count());
  const auto deadline = clock_.mono_now() + options_.deadline + kHelpersOwnTime;
  if (const auto sent = stream_->send(encode(request), deadline); !sent) return lost_helper(sent.error());
  const auto message = stream_->receive(deadline);
  if (!message) return lost_helper(message.error());
  if (!*message) {
    late_ = request.id;
    return still_hung();
  }
  auto reply = decode_reply(**message);
  if (!reply) return lost_helper(reply.error());
  if (reply->id != request.id) return lost_helper(base::internal_error("answered another question"));
  state_ = reply->access.outcome == Outcome::hung             ? HelperState::hung
           : reply->access.outcome == Outcome::library_broken ? HelperState::no_driver
                                                              : HelperState::attached;
  return *std::move(reply);
}

// Why nothing can be asked now; nothing: ask.
std::optional<Reply> HelperClient::blocked() {
  if (!stream_) {
    if (auto refused = connect()) return refused;
  }
  return late_ ? drain_late() : std::nullopt;
}

std::optional<Reply> HelperClient::connect() {
  auto socket = connect_to(options_.socket);
  // A helper of an earlier agent may still be there, inside a call: then it is asked, and no second one is started.
  const auto patience = clock_.mono_now() + kStartPatience;
  while (!socket && process_ && process_->ensure() && clock_.mono_now() < patience) {
    (void)clock_.wait_until(clock_.mono_now() + kStartStep, {});
    socket = connect_to(options_.socket);
  }
  if (!socket) return lost_helper(socket.error());
  if (!is_trusted_peer(socket->get())) return lost_helper(base::denied("another user's process listens there"));
  stream_.emplace(*std::move(socket));
  late_.reset();
  return std::nullopt;
}

// A late answer is read and dropped: what it says is no longer true of the question that would be asked now.
std::optional<Reply> HelperClient::drain_late() {
  const auto message = stream_->receive(clock_.mono_now());
  if (!message) return lost_helper(message.error());
  if (!*message) return still_hung();
  late_.reset();
  return std::nullopt;
}

Reply HelperClient::still_hung() {
  state_ = HelperState::hung;
  return refusal(Outcome::hung, "the GPU helper has not answered in time");
}

Reply HelperClient::lost_helper(const base::Error& error) {
  stream_.reset();
  late_.reset();
  state_ = HelperState::unreachable;
  return refusal(Outcome::library_broken, "no GPU helper: " + error.message);
}

}  // namespace headroom::rapl_agent::gpu
