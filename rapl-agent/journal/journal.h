// The agent's memory on the node, as files:
//   <run>/state.json     originals, what was last written, the order and the heartbeat. On tmpfs: dies with the caps at
//                        reboot. 0600, written beside, synced, renamed over; CRC-32 over its content.
//   <run>/lock           held (flock) while an agent lives; a second one observes.
//   <lib>/order.json     the newest order alone, on disk: what a rebooted node holds before the controller speaks.
//
// Files that cannot be read are kept beside (.bad), those of another boot as .old. All errors are values: an agent
// whose journal fails goes on capping and says so.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "rapl-agent/core/journal_state.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::journal {

struct JournalPaths {
  std::string run_directory;  // "/run/headroom"; made if its parent exists
  std::string lib_directory;  // "/var/lib/headroom"; empty: no order survives a reboot
};

// One thread at a time.
class FileJournal final : public core::JournalStore {
 public:
  struct Opened;
  // Takes the lock and reads what is there. Never fails: what could not be done stands in Recovered::notes, and saves
  // then return errors.
  [[nodiscard]] static Opened open(JournalPaths paths, const std::string& boot_id);

  base::Status save(const core::JournalState& state) override;

 private:
  FileJournal(JournalPaths paths, runtime::UniqueFd lock);

  JournalPaths paths_;
  runtime::UniqueFd lock_;  // not valid: another agent has it, or the directory cannot be used
  std::optional<core::CapOrder> order_on_disk_;
};

struct FileJournal::Opened {
  std::unique_ptr<FileJournal> journal;
  core::Recovered recovered;
};

}  // namespace headroom::rapl_agent::journal
