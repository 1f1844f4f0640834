#include "rapl-agent/gpu/nvml_session.h"

#include <algorithm>

#include "rapl-agent/gpu/nvml_outcome.h"

namespace headroom::rapl_agent::gpu {
namespace {

using core::Access;
using core::Field;
using core::Outcome;

constexpr std::uint64_t kMicroPerMilli = 1'000;

Access access_of(NvmlCode code, std::uint64_t value) {
  return {outcome_of(code), code == NvmlCode::success ? value : 0, static_cast<int>(code), hint_of(code)};
}

NvmlScope scope_of(const DeviceFacts& facts) {
  return facts.scope == LimitScope::module ? NvmlScope::module : NvmlScope::gpu;
}

bool is_lost(NvmlCode code) {
  return outcome_of(code) == Outcome::lost;
}

}  // namespace

Reply NvmlSession::answer(const Request& request, base::MonoTime now) {
  Reply reply;
  reply.id = request.id;
  if (request.operation == Operation::discover) {
    discover(reply, now);
  } else if (!attach(now)) {
    reply.access = away();
    reply.reading.outcome = reply.access.outcome;
    reply.reading.code = reply.access.code;
  } else if (const auto found = gpus_.find(request.uuid); found == gpus_.end()) {
    reply.access = {Outcome::unknown_key, 0, 0, "no GPU " + request.uuid};
    reply.reading.outcome = reply.access.outcome;
  } else if (request.operation == Operation::sample) {
    reply.reading = sample(found->second, now);
    reply.access = {reply.reading.outcome, 0, reply.reading.code, {}};
  } else {
    reply.access =
        request.operation == Operation::read ? read(found->second, request, now) : write(found->second, request, now);
  }
  reply.generation = generation_;
  return reply;
}

void NvmlSession::close() {
  if (attached_) (void)library_->shutdown();
  attached_ = false;
  library_.reset();
}

// ------------------------------------------------------------------------------------------------------- attachment

bool NvmlSession::load() {
  if (library_) return true;
  auto opened = NvmlLibrary::open(options_.libraries);
  if (!opened) {
    away_code_ = NvmlCode::success;
    why_away_ = opened.error().message;
    return false;
  }
  library_.emplace(*std::move(opened));
  return true;
}

bool NvmlSession::attach(base::MonoTime now) {
  if (attached_) return true;
  if (now < next_attempt_) return false;
  if (!load()) return pause(now), false;
  const NvmlCode started = library_->init();
  if (started != NvmlCode::success) return detach(started, now), false;
  attached_ = true;
  attached_at_ = now;
  ++generation_;
  const NvmlCode listed = enumerate();
  if (breaks_attachment(listed)) return detach(listed, now), false;
  ever_attached_ = true;
  return true;
}

void NvmlSession::detach(NvmlCode code, base::MonoTime now) {
  calm_after_long_attachment(now);
  away_code_ = code;
  why_away_ = hint_of(code);
  hopeless_ = gpu::wants_new_process(code) ? hopeless_ + 1 : 0;
  close();
  // A driver that left has forgotten every limit.
  valid_since_ = generation_ + 1;
  pause(now);
}

void NvmlSession::calm_after_long_attachment(base::MonoTime now) {
  if (!attached_ || now - attached_at_ < options_.longest_pause) return;
  pause_ = options_.first_pause;
  hopeless_ = 0;
}

void NvmlSession::pause(base::MonoTime now) {
  next_attempt_ = now + pause_;
  pause_ = std::min(pause_ * 2, options_.longest_pause);
}

Access NvmlSession::away() const {
  return {Outcome::library_broken, 0, static_cast<int>(away_code_), why_away_};
}

Access NvmlSession::judged(NvmlCode code, Gpu& gpu, base::MonoTime now) {
  auto access = access_of(code, 0);
  if (is_lost(code)) gpu.facts.present = false;
  if (breaks_attachment(code)) detach(code, now);
  return access;
}

// -------------------------------------------------------------------------------------------------------- discovery

void NvmlSession::discover(Reply& reply, base::MonoTime now) {
  reattach_for_lost(now);
  if (attached_) {
    const NvmlCode listed = enumerate();
    if (breaks_attachment(listed)) detach(listed, now);
  }
  if (!attach(now)) {
    reply.notes = {why_away_};
    // A node that never had the library is a node without GPUs.
    reply.access = !ever_attached_ && away_code_ == NvmlCode::success ? Access{} : away();
    return;
  }
  for (const auto& [uuid, gpu] : gpus_) reply.devices.push_back(gpu.facts);
  reply.gone.assign(gone_.begin(), gone_.end());
}

void NvmlSession::reattach_for_lost(base::MonoTime now) {
  const bool lost = std::any_of(gpus_.begin(), gpus_.end(), [](const auto& gpu) { return !gpu.second.facts.present; });
  if (!attached_ || !lost || now < next_attempt_) return;
  calm_after_long_attachment(now);
  (void)library_->shutdown();
  attached_ = false;
  if (!attach(now)) return;
  pause(now);
}

NvmlCode NvmlSession::enumerate() {
  const auto count = library_->count();
  if (!count.ok()) return count.code;
  Gpus found;
  for (std::uint32_t index = 0; index < count.value; ++index) {
    const auto listed = library_->by_index(index);
    if (breaks_attachment(listed.code)) return listed.code;
    if (!listed.ok()) continue;  // lost, or not ours to see: known ones are kept below
    auto gpu = examine(listed.value);
    if (breaks_attachment(gpu.code)) return gpu.code;
    if (gpu.ok()) found.emplace(gpu.value.facts.uuid, gpu.value);
  }
  keep_lost(found);
  adopt(std::move(found));
  return NvmlCode::success;
}

// Known GPUs that were not listed but are still on the bus.
void NvmlSession::keep_lost(Gpus& found) {
  for (const auto& [uuid, gpu] : gpus_) {
    if (found.contains(uuid) || gpu.facts.pci.empty()) continue;
    const NvmlCode code = library_->by_pci(gpu.facts.pci).code;
    if (outcome_of(code) == Outcome::gone) gone_.insert(uuid);
    if (!is_lost(code)) continue;
    Gpu kept = gpu;
    kept.facts.present = false;
    found.emplace(uuid, std::move(kept));
  }
}

// What was set holds for GPUs that were there all the time.
void NvmlSession::adopt(Gpus found) {
  for (auto& [uuid, gpu] : found) {
    gpu.facts.generation = generation_;
    gone_.erase(uuid);
    const auto known = gpus_.find(uuid);
    if (known == gpus_.end()) continue;
    const bool stayed = known->second.facts.generation >= valid_since_ && known->second.facts.present;
    if (!stayed && gpu.facts.present) continue;
    gpu.facts.generation = known->second.facts.generation;
    gpu.locked_mhz = known->second.locked_mhz;
  }
  gpus_ = std::move(found);
}

NvmlAnswer<NvmlSession::Gpu> NvmlSession::examine(NvmlDevice listed) {
  const auto physical = library_->physical(listed);
  if (!physical.ok()) return {physical.code, {}};
  Gpu gpu;
  gpu.handle = physical.value;
  const auto uuid = library_->uuid(gpu.handle);
  if (!uuid.ok()) return {uuid.code, {}};
  gpu.facts.uuid = uuid.value;
  gpu.facts.pci = library_->pci_bus_id(gpu.handle).value;
  gpu.facts.name = library_->name(gpu.handle).value;
  if (physical.value != listed) gpu.facts.notes.emplace_back("reached through one of its MIG devices");
  const NvmlCode limits = examine_limits(gpu);
  if (breaks_attachment(limits) || is_lost(limits)) return {limits, {}};
  examine_meters(gpu);
  return {NvmlCode::success, std::move(gpu)};
}

NvmlCode NvmlSession::examine_limits(Gpu& gpu) {
  const auto virtualization = library_->virtualization(gpu.handle);
  if (virtualization.ok() && virtualization.value == NvmlVirtualization::vgpu) {
    gpu.facts.notes.emplace_back("a vGPU: its power is limited on the host");
    return NvmlCode::success;
  }
  const auto take = [&](LimitScope scope, const PowerRange& range) {
    gpu.facts.scope = scope;
    gpu.facts.min_uw = range.min_mw * kMicroPerMilli;
    gpu.facts.max_uw = range.max_mw * kMicroPerMilli;
  };
  const auto module =
      library_->has_scopes() ? library_->range(gpu.handle, NvmlScope::module) : NvmlAnswer<PowerRange>{};
  const auto alone = library_->range(gpu.handle, NvmlScope::gpu);
  if (module.ok() && module.value.max_mw > 0) {
    // Capping the GPU alone would only let the CPU beside it take what the GPU leaves.
    take(LimitScope::module, module.value);
  } else if (alone.ok()) {
    take(LimitScope::gpu, alone.value);
  } else {
    gpu.facts.notes.emplace_back("no power limit: " + hint_of(alone.code));
  }
  const auto persistence = library_->persistence(gpu.handle);
  if (persistence.ok() && !persistence.value)
    gpu.facts.notes.emplace_back("persistence mode is off: its limit is lost whenever the driver lets the GPU go");
  return alone.code;
}

void NvmlSession::examine_meters(Gpu& gpu) {
  gpu.facts.power = library_->power_mw(gpu.handle, scope_of(gpu.facts)).ok();
  // The counter is the GPU's alone.
  gpu.facts.energy = gpu.facts.scope != LimitScope::module && library_->energy_mj(gpu.handle).ok();
  gpu.facts.temperature = library_->temperature(gpu.handle).ok();
}

// ------------------------------------------------------------------------------------------------- limits and meters

Access NvmlSession::read(Gpu& gpu, const Request& request, base::MonoTime now) {
  if (!gpu.facts.present) return access_of(NvmlCode::gpu_is_lost, 0);
  if (request.field == Field::locked_clock) return {Outcome::ok, gpu.locked_mhz, 0, {}};
  const bool enforced = request.field == Field::enforced_limit;
  if (gpu.facts.scope == LimitScope::none || (!enforced && request.field != Field::long_term_limit))
    return access_of(NvmlCode::not_supported, 0);
  const auto scope = scope_of(gpu.facts);
  const auto limit = enforced ? library_->enforced_limit(gpu.handle, scope) : library_->limit(gpu.handle, scope);
  auto access = judged(limit.code, gpu, now);
  if (limit.ok()) access.value = limit.value * kMicroPerMilli;
  return access;
}

Access NvmlSession::write(Gpu& gpu, const Request& request, base::MonoTime now) {
  if (!gpu.facts.present) return access_of(NvmlCode::gpu_is_lost, 0);
  if (request.field == Field::locked_clock) return write_clock(gpu, request.value, now);
  if (gpu.facts.scope == LimitScope::none || request.field != Field::long_term_limit)
    return access_of(NvmlCode::not_supported, 0);
  return write_limit(gpu, request.value, now);
}

Access NvmlSession::write_limit(Gpu& gpu, std::uint64_t microwatts, base::MonoTime now) {
  const std::uint64_t milliwatts = microwatts / kMicroPerMilli;
  if (milliwatts == 0 || milliwatts > UINT32_MAX)
    return {Outcome::invalid, 0, 0, "a limit of " + std::to_string(microwatts) + " uW is never written"};
  const auto scope = scope_of(gpu.facts);
  auto wanted = static_cast<std::uint32_t>(milliwatts);
  NvmlCode code = library_->set_limit(gpu.handle, scope, wanted);
  if (code == NvmlCode::invalid_argument) {
    // The constraints may have changed since discovery: once more, inside of what they are now.
    const auto range = library_->range(gpu.handle, scope);
    if (!range.ok()) return judged(range.code, gpu, now);
    gpu.facts.min_uw = range.value.min_mw * kMicroPerMilli;
    gpu.facts.max_uw = range.value.max_mw * kMicroPerMilli;
    const auto allowed = std::clamp(wanted, range.value.min_mw, std::max(range.value.min_mw, range.value.max_mw));
    if (allowed != wanted && allowed > 0) code = library_->set_limit(gpu.handle, scope, wanted = allowed);
  }
  auto access = judged(code, gpu, now);
  if (access.ok()) access.value = wanted * kMicroPerMilli;
  return access;
}

Access NvmlSession::write_clock(Gpu& gpu, std::uint64_t megahertz, base::MonoTime now) {
  if (megahertz > UINT32_MAX) return {Outcome::invalid, 0, 0, "no such clock"};
  const auto clock = static_cast<std::uint32_t>(megahertz);
  const NvmlCode code = clock == 0 ? library_->reset_clocks(gpu.handle) : library_->lock_clocks(gpu.handle, {0, clock});
  auto access = judged(code, gpu, now);
  if (access.ok()) access.value = gpu.locked_mhz = clock;
  return access;
}

core::MeterReading NvmlSession::sample(Gpu& gpu, base::MonoTime now) {
  core::MeterReading reading;
  if (!gpu.facts.present) {
    reading.outcome = Outcome::lost;
    reading.code = static_cast<int>(NvmlCode::gpu_is_lost);
    return reading;
  }
  if (gpu.facts.power) {
    const auto power = library_->power_mw(gpu.handle, scope_of(gpu.facts));
    const auto access = judged(power.code, gpu, now);
    reading.outcome = access.outcome;
    reading.code = access.code;
    if (!power.ok()) return reading;
    reading.power = base::microwatts(static_cast<std::int64_t>(power.value * kMicroPerMilli));
  }
  if (gpu.facts.energy) {
    const auto energy = library_->energy_mj(gpu.handle);
    if (energy.ok() && energy.value < INT64_MAX / kMicroPerMilli)
      reading.energy = base::microjoules(static_cast<std::int64_t>(energy.value * kMicroPerMilli));
  }
  if (gpu.facts.temperature) {
    const auto temperature = library_->temperature(gpu.handle);
    if (temperature.ok() && temperature.value < 1'000) reading.temperature = base::celsius(temperature.value);
  }
  return reading;
}

}  // namespace headroom::rapl_agent::gpu
