#include "test/e2e/kernel/cases/agent_in_guest.h"

#include <ctime>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "test/e2e/kernel/cases/guest_kernel.h"

namespace headroom::guest {

namespace {

base::MonoTime boot_time() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return base::MonoTime(Seconds(time.tv_sec) + base::Milliseconds(time.tv_nsec / 1'000'000));
}

}  // namespace

AgentOptions enforcing() {
  AgentOptions options;
  options.settings.mode = core::AgentMode::enforce;
  return options;
}

AgentInGuest::AgentInGuest() : AgentInGuest(enforcing()) {
  forget();
  restart();
}

AgentInGuest::AgentInGuest(AgentOptions options) : options_(std::move(options)), now_(boot_time()) {}

void AgentInGuest::forget() const {
  std::filesystem::remove_all(options_.journal_directory);
}

void AgentInGuest::restart() {
  kill();
  namespace powercap = rapl_agent::powercap;
  powercap::RaplOptions rapl;
  rapl.powercap_root = options_.powercap_root;
  rapl.sysfs_root = "/sys";
  backend_ = std::make_shared<powercap::RaplBackend>(std::move(rapl));
  deadlined_ = std::make_unique<rapl_agent::sysfs::Deadlined>(rapl_agent::sysfs::Wrapped{backend_, backend_},
                                                              base::Milliseconds(1'000), clock_);
  auto opened = rapl_agent::journal::FileJournal::open({options_.journal_directory, ""},
                                                       read_file("/proc/sys/kernel/random/boot_id"));
  journal_ = std::move(opened.journal);
  core::Agent::Parts parts;
  parts.sources = {{"powercap", deadlined_.get(), deadlined_.get(), deadlined_.get()}};
  parts.journal = journal_.get();
  parts.inbox = &inbox_;
  parts.outbox = &outbox_;
  agent_ = std::make_unique<core::Agent>(options_.settings, std::move(parts), std::move(opened.recovered), now_);
}

core::CapOrder AgentInGuest::next_order() {
  core::CapOrder order;
  order.uid = "guest";
  order.spec.stamp = {1, ++sequence_};
  return order;
}

void AgentInGuest::order(core::CapOrder order) {
  inbox_.view.presence = core::CapView::Presence::present;
  inbox_.view.order = std::move(order);
}

void AgentInGuest::order_budget(base::Power budget) {
  core::CapOrder next = next_order();
  next.spec.budget = budget;
  order(std::move(next));
}

void AgentInGuest::order_package(base::Power cap) {
  core::CapOrder next = next_order();
  next.spec.cpu_package = cap;
  order(std::move(next));
}

void AgentInGuest::beat() {
  inbox_.view.heartbeat = inbox_.view.heartbeat.value_or(base::WallTime(Seconds(1'800'000'000))) + Seconds(1);
}

void AgentInGuest::run(base::Seconds length) {
  const base::MonoTime end = now_ + length;
  while (now_ < end) {
    beat();
    const base::MonoTime wanted = agent_->tick(now_);
    now_ = std::clamp(wanted, now_ + base::Milliseconds(10), now_ + Seconds(1));
  }
}

void AgentInGuest::tick_now() {
  beat();
  tick_silently();
}

void AgentInGuest::tick_silently() {
  now_ = std::max(now_, boot_time());
  agent_->tick(now_);
}

bool AgentInGuest::run_until(const std::function<bool()>& holds) {
  const base::MonoTime end = now_ + Seconds(120);
  do {
    run(Seconds(1));
    if (holds()) return true;
  } while (now_ < end);
  describe();
  return false;
}

void AgentInGuest::describe() const {
  std::printf("  state %s: %s\n", std::string(core::to_string(report().state)).c_str(), report().state_reason.c_str());
  for (const auto& domain : report().domains) {
    std::printf("  %s %s: %s\n", domain.id.c_str(), std::string(core::to_string(domain.health)).c_str(),
                domain.detail.c_str());
    for (const auto& control : domain.controls) {
      std::printf("    %s: original %lld, asked %lld, reads %lld\n", core::to_string(control.key).c_str(),
                  static_cast<long long>(control.original.value_or(0)),
                  static_cast<long long>(control.requested.value_or(0)),
                  static_cast<long long>(control.read_back.value_or(0)));
    }
  }
}

bool AgentInGuest::has(const std::string& id) const {
  const auto& domains = report().domains;
  return std::any_of(domains.begin(), domains.end(), [&](const auto& domain) { return domain.id == id; });
}

const core::DomainReport& AgentInGuest::domain(const std::string& id) const {
  for (const auto& domain : report().domains) {
    if (domain.id == id) return domain;
  }
  throw std::runtime_error("the agent reports no domain " + id);
}

}  // namespace headroom::guest
