#include "rapl-agent/cap_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/names.h"
#include "kube/lease.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "policy/node_power_cap_json.h"

namespace headroom::rapl_agent {
namespace {

constexpr base::Milliseconds kLongestPatience{120'000};

const kube::RawObject* raw(const kube::ObjectEntry& entry) {
  const auto* const held = std::get_if<std::shared_ptr<const kube::RawObject>>(&entry.object);
  return held == nullptr ? nullptr : held->get();
}

std::uint64_t seed_of(std::uint64_t seed) {
  return seed != 0 ? seed : std::random_device()();
}

}  // namespace

class CapWatch::CapSink final : public kube::ObjectSink {
 public:
  explicit CapSink(CapWatch& watch) : watch_(watch) {}

  void replace(std::vector<kube::ObjectEntry> all) override {
    for (kube::ObjectEntry& entry : all) {
      if (entry.key == watch_.options_.node) return update(std::move(entry));
    }
    absent();
  }
  void update(kube::ObjectEntry entry) override {
    if (entry.key != watch_.options_.node) return;
    const kube::RawObject* const object = raw(entry);
    auto parsed = object == nullptr ? base::Result<model::NodePowerCap>(base::invalid_input(entry.error))
                                    : policy::parse_node_power_cap(object->json);
    {
      const std::lock_guard lock(watch_.mutex_);
      watch_.seen_.presence = core::CapView::Presence::present;
      watch_.seen_.unreadable = parsed ? std::string() : parsed.error().message;
      watch_.seen_.object.reset();
      if (parsed) watch_.seen_.object = *std::move(parsed);
    }
    watch_.changed_();
  }
  void remove(const kube::ObjectEntry& last) override {
    if (last.key == watch_.options_.node) absent();
  }

 private:
  void absent() {
    {
      const std::lock_guard lock(watch_.mutex_);
      watch_.seen_.presence = core::CapView::Presence::absent;
      watch_.seen_.unreadable.clear();
      watch_.seen_.object.reset();
    }
    watch_.changed_();
  }
  CapWatch& watch_;
};

class CapWatch::LeaseSink final : public kube::ObjectSink {
 public:
  explicit LeaseSink(CapWatch& watch) : watch_(watch) {}

  void replace(std::vector<kube::ObjectEntry> all) override {
    for (kube::ObjectEntry& entry : all) update(std::move(entry));
  }
  void update(kube::ObjectEntry entry) override {
    const kube::RawObject* const object = raw(entry);
    if (object == nullptr || object->meta.name != watch_.options_.lease_name) return;
    std::string json = object->json;
    const auto lease = kube::decode_lease(kube::PaddedJson::of(json));
    if (!lease) return;
    const auto word = lease->annotations.find(std::string(base::names::kPauseAnnotation));
    const bool paused = word != lease->annotations.end() && word->second == "true";
    {
      const std::lock_guard lock(watch_.mutex_);
      const bool beats = lease->renewed && watch_.seen_.heartbeat != lease->renewed;
      if (!beats && watch_.seen_.paused == paused) return;
      watch_.seen_.paused = paused;
      if (beats) {
        watch_.seen_.heartbeat = lease->renewed;
        ++watch_.seen_.beats;
      }
    }
    watch_.changed_();
  }
  void remove(const kube::ObjectEntry&) override {}

 private:
  CapWatch& watch_;
};

CapWatch::CapWatch(kube::ApiClient& client, CapWatchOptions options, std::function<void()> changed)
    : client_(client),
      options_(std::move(options)),
      changed_(std::move(changed)),
      random_(seed_of(options_.seed)),
      patience_(options_.silence),
      cap_sink_(std::make_unique<CapSink>(*this)),
      lease_sink_(std::make_unique<LeaseSink>(*this)) {}

CapWatch::~CapWatch() {
  stop();
}

void CapWatch::start() {
  open();
}

void CapWatch::stop() {
  caps_.reset();
  lease_.reset();
}

void CapWatch::open() {
  kube::ReflectorOptions caps{.resource = kube::resources::node_power_caps(), .decode = kube::decode_as_raw};
  caps.guard_deletions = true;
  caps.field_selector = "metadata.name=" + options_.node;
  caps_ = std::make_unique<kube::Reflector>(client_, std::move(caps), *cap_sink_, [this](const auto& status) {
    {
      const std::lock_guard lock(mutex_);
      seen_.caps = status;
    }
    changed_();
  });
  kube::ReflectorOptions lease{.resource = kube::resources::leases(options_.lease_namespace),
                               .decode = kube::decode_as_raw};
  lease.field_selector = "metadata.name=" + options_.lease_name;
  lease_ = std::make_unique<kube::Reflector>(client_, std::move(lease), *lease_sink_, [this](const auto& status) {
    const std::lock_guard lock(mutex_);
    seen_.lease = status;
  });
}

void CapWatch::keep_alive(base::MonoTime now) {
  if (caps_ == nullptr) return;
  std::uint64_t beats = 0;
  {
    const std::lock_guard lock(mutex_);
    beats = seen_.beats;
  }
  if (beats != beats_known_ || !reopen_at_) {
    if (beats != beats_known_) patience_ = options_.silence;
    beats_known_ = beats;
    // Up to half as long again, so that a thousand agents do not come back at one moment.
    const base::Milliseconds jitter(std::uniform_int_distribution<std::int64_t>(0, patience_.count() / 2)(random_));
    reopen_at_ = now + patience_ + jitter;
    return;
  }
  if (now < *reopen_at_) return;
  stop();
  open();
  patience_ = std::min(patience_ * 2, std::max(kLongestPatience, options_.silence));
  reopen_at_.reset();
  const std::lock_guard lock(mutex_);
  ++reopened_;
}

core::CapView CapWatch::latest() const {
  const std::lock_guard lock(mutex_);
  core::CapView view;
  view.heartbeat = seen_.heartbeat;
  view.paused = seen_.paused;
  if (seen_.caps.state == kube::ReflectorState::resource_missing) {
    view.presence = core::CapView::Presence::absent;
    return view;
  }
  if (seen_.caps.state == kube::ReflectorState::failing) return view;
  view.presence = seen_.presence;
  view.unreadable = seen_.unreadable;
  if (seen_.object) view.order = core::CapOrder{seen_.object->uid, seen_.object->spec};
  return view;
}

std::optional<model::NodePowerCap> CapWatch::object() const {
  const std::lock_guard lock(mutex_);
  return seen_.object;
}

std::string CapWatch::problem() const {
  const std::lock_guard lock(mutex_);
  const auto say = [](const char* what, const kube::ReflectorStatus& status) -> std::string {
    switch (status.state) {
      case kube::ReflectorState::synced: return {};
      case kube::ReflectorState::starting: return std::string(what) + ": not read yet";
      case kube::ReflectorState::resource_missing:
      case kube::ReflectorState::failing: return std::string(what) + ": " + status.error;
    }
    return {};
  };
  const std::string caps = say("NodePowerCap", seen_.caps);
  const std::string lease = say("heartbeat", seen_.lease);
  return caps.empty() || lease.empty() ? caps + lease : caps + "; " + lease;
}

std::uint64_t CapWatch::reopened() const {
  const std::lock_guard lock(mutex_);
  return reopened_;
}

}  // namespace headroom::rapl_agent
