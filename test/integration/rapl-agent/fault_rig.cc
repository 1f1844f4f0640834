#include "test/integration/rapl-agent/fault_rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace headroom::rapl_agent::test {
namespace {

// The product's own: listing 64 zones through FUSE takes its time on a busy machine.
constexpr base::Milliseconds kDeadline{1'000};

}  // namespace

class FaultRig::KillingBackend final : public core::Backend {
 public:
  KillingBackend(core::Backend& backend, int at_write) : backend_(backend), at_write_(at_write) {}
  core::Inventory discover() override { return backend_.discover(); }
  core::Access read(const core::ControlKey& key) override { return backend_.read(key); }
  core::Access write(const core::ControlKey& key, std::uint64_t value) override {
    if (++writes_ == at_write_) throw Killed{};
    return backend_.write(key, value);
  }

 private:
  core::Backend& backend_;
  const int at_write_;
  int writes_ = 0;
};

FaultRig::FaultRig(const std::string& layout) {
  tree.command("node node-a " + layout);
  settings.mode = core::AgentMode::enforce;
  settings.timing = core::scaled({}, 20);
  settings.measure_reserve = false;
  rapl.powercap_root = tree.powercap("node-a");
  rapl.sysfs_root = tree.sys("node-a");
  rapl.write_to = sysfs::WriteTo::any_for_tests;
  rapl.permission_hint = "not permitted here";
}

FaultRig::~FaultRig() {
  tree.command("release all");
}

void FaultRig::poke(const std::string& zone, const std::string& file, const std::string& value) {
  const std::string path = tree.zone("node-a", zone).substr(tree.sys("node-a").size() + 1) + "/" + file;
  tree.command("poke node-a " + path + " " + value);
}

std::int64_t FaultRig::value(const std::string& zone, const std::string& file) const {
  const auto text = headroom::test::read_attribute(tree.zone("node-a", zone) + "/" + file);
  return text && !text->empty() ? std::stoll(*text) : -1;
}

std::int64_t FaultRig::chip_value(const std::string& device, int index, const std::string& file) const {
  const auto text = headroom::test::read_attribute(tree.sys("node-a") + "/devices/pci0000:00/" + device +
                                                   "/hwmon/hwmon" + std::to_string(index) + "/" + file);
  return text && text->size() > 1 ? std::stoll(*text) : -1;
}

std::vector<headroom::test::Recorded> FaultRig::writes(const std::string& zone, const std::string& file) const {
  auto all = tree.writes("node-a");
  std::erase_if(all, [&](const auto& line) {
    return file.empty() ? !line.file().starts_with(zone + "/") : line.file() != zone + "/" + file;
  });
  return all;
}

void FaultRig::start() {
  auto opened = journal::FileJournal::open({directory_.path("run"), ""}, boot_id);
  journal_ = std::move(opened.journal);
  const auto real = std::make_shared<powercap::RaplBackend>(rapl);
  deadlined_ = std::make_unique<sysfs::Deadlined>(sysfs::Wrapped{real, real}, kDeadline, clock_);
  backend_ = std::make_unique<KillingBackend>(*deadlined_, std::exchange(kill_at_write_, 0));
  std::vector<core::Source> sources{{"powercap", backend_.get(), deadlined_.get(), deadlined_.get()}};
  if (hwmon) {
    const auto chips = std::make_shared<rapl_agent::hwmon::HwmonBackend>(
        rapl_agent::hwmon::HwmonOptions{rapl.sysfs_root, rapl_agent::hwmon::Caps::on,
                                        rapl_agent::hwmon::Temperatures::show},
        rapl.write_to, "");
    chips_ = std::make_unique<sysfs::Deadlined>(sysfs::Wrapped{chips, chips}, kDeadline, clock_);
    sources.push_back({"hwmon", chips_.get(), chips_.get(), chips_.get()});
  }
  agent_ =
      std::make_unique<core::Agent>(settings, core::Agent::Parts{std::move(sources), journal_.get(), &inbox_, &outbox_},
                                    std::move(opened.recovered), clock_.mono_now());
  next_ = clock_.mono_now();
}

void FaultRig::stop() {
  agent_->stop(clock_.mono_now());
  kill();
}

void FaultRig::kill() {
  agent_.reset();
  journal_.reset();
  backend_.reset();
  deadlined_.reset();
  chips_.reset();
}

void FaultRig::send() {
  spec.stamp = {1, ++sequence_};
  inbox_.view.presence = core::CapView::Presence::present;
  inbox_.view.order = core::CapOrder{"uid-1", spec};
  next_ = clock_.mono_now();
}

void FaultRig::budget(std::int64_t watts) {
  spec.budget = base::watts(watts);
  send();
}

void FaultRig::turn() {
  (void)clock_.wait_until(next_, {});
  if (beating) inbox_.view.heartbeat = clock_.wall_now();
  next_ = agent_->tick(clock_.mono_now());
}

bool FaultRig::until(const std::function<bool()>& holds) {
  const base::MonoTime deadline = clock_.mono_now() + base::Seconds(30);
  do {
    turn();
    if (holds()) return true;
  } while (clock_.mono_now() < deadline);
  return false;
}

bool FaultRig::acknowledged() {
  return until([this] { return report().observed && report().observed->stamp.sequence == sequence_; });
}

bool FaultRig::budgeted(std::int64_t watts) {
  budget(watts);
  return acknowledged();
}

bool FaultRig::packages_capped(base::Power each) {
  spec.cpu_package = each;
  send();
  return acknowledged();
}

void FaultRig::turns(int count) {
  for (int i = 0; i < count; ++i) turn();
}

void FaultRig::pass(base::Milliseconds span) {
  const base::MonoTime end = clock_.mono_now() + span;
  while (clock_.mono_now() < end) turn();
}

core::DomainReport FaultRig::domain(const std::string& id) const {
  for (const auto& domain : report().domains) {
    if (domain.id == id) return domain;
  }
  ADD_FAILURE() << "no domain " << id;
  return {};
}

std::int64_t FaultRig::enforced(const std::string& id) const {
  const auto power = domain(id).enforced;
  return power ? power->count() : -1;
}

std::string FaultRig::told() const {
  std::ostringstream out;
  out << core::to_string(report().state) << " (" << report().state_reason << "), applied "
      << base::to_watts(report().applied) << " W, shortfall " << base::to_watts(report().shortfall) << " W, order '"
      << report().order_problem << "'\n";
  for (const auto& domain : report().domains) {
    out << domain.id << " " << core::to_string(domain.health) << " '" << domain.detail << "' cap "
        << (domain.cap ? base::to_watts(*domain.cap) : -1) << " enforced "
        << (domain.enforced ? base::to_watts(*domain.enforced) : -1) << " charged " << base::to_watts(domain.charged)
        << "\n";
  }
  for (const auto& notice : report().notices) out << notice.reason << ": " << notice.message << "\n";
  for (const auto& note : report().notes) out << "note: " << note << "\n";
  return out.str();
}

}  // namespace headroom::rapl_agent::test
