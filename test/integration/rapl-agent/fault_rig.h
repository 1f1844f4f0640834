// The agent's loop on the kernel's files as FUSE shows them: real backend, deadlines, journal and core, without an API
// server. Orders are set by the test; the controller's heartbeat beats unless told to stop. Intervals are a twentieth
// of the product's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rapl-agent/core/agent.h"
#include "rapl-agent/hwmon/hwmon_backend.h"
#include "rapl-agent/journal/journal.h"
#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "runtime/system_clock.h"
#include "test/rigs/raplfs_fixture.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::test {

// Both packages of "server-2s" and their zones.
inline constexpr const char* kFirst = "rapl/package-0";
inline constexpr const char* kSecond = "rapl/package-1";
inline constexpr const char* kZone0 = "intel-rapl:0";
inline constexpr const char* kZone1 = "intel-rapl:1";

// Ends the process where a test says, as SIGKILL would: what was written stays written.
struct Killed {};

class FaultRig {
 public:
  explicit FaultRig(const std::string& layout);
  ~FaultRig();

  // --- the machine
  headroom::test::Raplfs tree;
  std::string command(const std::string& line) { return tree.command(line); }
  // "set node-a <rest>"
  void set(const std::string& rest) { tree.command("set node-a " + rest); }
  // Gives the fault's number.
  std::string fault(const std::string& rest) { return tree.command("fault node-a " + rest); }
  // As somebody else, or the firmware, writes it.
  void poke(const std::string& zone, const std::string& file, const std::string& value);
  // Microwatts, as the file says now; -1: cannot be read.
  [[nodiscard]] std::int64_t value(const std::string& zone, const std::string& file = kLongTerm) const;
  // Of a file of the hwmon chip of a PCI device.
  [[nodiscard]] std::int64_t chip_value(const std::string& device, int index, const std::string& file) const;
  // Writes to "<zone>/<file>" that the recorder saw, oldest first; an empty file: all of the zone.
  [[nodiscard]] std::vector<headroom::test::Recorded> writes(const std::string& zone,
                                                             const std::string& file = "") const;

  static constexpr const char* kLongTerm = "constraint_0_power_limit_uw";
  static constexpr const char* kShortTerm = "constraint_1_power_limit_uw";

  // --- the agent
  core::AgentSettings settings;    // before start()
  powercap::RaplOptions rapl;      // likewise
  bool hwmon = false;              // likewise: GPUs and sockets by hwmon, with caps
  std::string boot_id = "boot-1";  // likewise
  void start();
  // The loop's end by SIGTERM, and by SIGKILL.
  void stop();
  void kill();
  // The next start's write number `count` (from 1) kills the agent before the kernel hears of it.
  void kill_at_write(int count) { kill_at_write_ = count; }

  // --- the controller
  model::NodePowerCapSpec spec;  // send() stamps it with the next sequence and puts it into the inbox
  void send();
  void budget(std::int64_t watts);
  bool beating = true;

  // --- time passes
  // Turns the loop until `holds`; false after 30 s.
  [[nodiscard]] bool until(const std::function<bool()>& holds);
  // Until the newest order is acknowledged.
  [[nodiscard]] bool acknowledged();
  // Orders this and waits for its acknowledgement.
  [[nodiscard]] bool budgeted(std::int64_t watts);
  [[nodiscard]] bool packages_capped(base::Power each);
  void turns(int count);
  // Turns the loop for a time of the agent's clock.
  void pass(base::Milliseconds span);

  [[nodiscard]] const core::AgentReport& report() const { return outbox_.last; }
  [[nodiscard]] core::DomainReport domain(const std::string& id) const;
  [[nodiscard]] core::Health health(const std::string& id) const { return domain(id).health; }
  // Microwatts that read back; -1: not known, or not enforced.
  [[nodiscard]] std::int64_t enforced(const std::string& id) const;
  // For failure messages.
  [[nodiscard]] std::string told() const;

 private:
  struct Inbox final : core::CapInbox {
    core::CapView view;
    [[nodiscard]] core::CapView latest() const override { return view; }
  };
  struct Outbox final : core::StatusOutbox {
    core::AgentReport last;
    void publish(const core::AgentReport& report) override { last = report; }
  };
  class KillingBackend;
  void turn();

  headroom::test::TemporaryDirectory directory_;
  runtime::BootClock clock_;
  Inbox inbox_;
  Outbox outbox_;
  std::unique_ptr<sysfs::Deadlined> deadlined_;
  std::unique_ptr<sysfs::Deadlined> chips_;
  std::unique_ptr<KillingBackend> backend_;
  std::unique_ptr<journal::FileJournal> journal_;
  std::unique_ptr<core::Agent> agent_;
  base::MonoTime next_{};
  std::int64_t sequence_ = 0;
  int kill_at_write_ = 0;
};

}  // namespace headroom::rapl_agent::test
