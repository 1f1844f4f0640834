#include "rapl-agent/journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "rapl-agent/journal/journal_text.h"
#include "runtime/file.h"

namespace headroom::rapl_agent::journal {
namespace {

using core::Recovered;

constexpr std::size_t kLargestJournal = 4 << 20;

std::string said(int code) {
  return std::generic_category().message(code);
}

base::Status sync_directory(const std::string& path) {
  const runtime::UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return base::unavailable(path + ": " + said(errno));
  return base::ok_status();
}

base::Status write_synced(const std::string& directory, const char* name, const std::string& content) {
  auto status = runtime::write_file_atomically(directory + "/" + name, content);
  return status ? sync_directory(directory) : status;
}

struct Lock {
  runtime::UniqueFd file;
  bool held_by_another = false;
  std::string problem;
};

Lock take_lock(const std::string& directory) {
  Lock lock;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    lock.problem = directory + ": " + said(errno);
    return lock;
  }
  const std::string path = directory + "/lock";
  runtime::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    lock.problem = path + ": " + said(errno);
    return lock;
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    lock.file = std::move(file);
    return lock;
  }
  lock.held_by_another = errno == EWOULDBLOCK;
  lock.problem = path + ": " + said(errno);
  return lock;
}

// Kept beside for whoever wants to know what happened.
void put_aside(const std::string& path, const char* suffix, Recovered& recovered) {
  if (std::rename(path.c_str(), (path + suffix).c_str()) == 0) return;
  recovered.notes.push_back(path + " cannot be put aside: " + said(errno));
}

void read_state(const std::string& path, const std::string& boot_id, Recovered& recovered) {
  const auto text = runtime::read_file(path, kLargestJournal);
  if (!text && text.error().kind == base::ErrorKind::not_found) return;
  auto state = text ? parse_journal(*text) : base::Result<core::JournalState>(text.error());
  if (!state) {
    recovered.kind = Recovered::Kind::corrupt;
    recovered.notes.push_back("the journal cannot be read (" + state.error().message +
                              "): present limits count as originals and a release leaves them");
    if (text) put_aside(path, ".bad", recovered);
    return;
  }
  if (state->boot_id == boot_id) {
    recovered.kind = Recovered::Kind::same_boot;
    recovered.state = *std::move(state);
    return;
  }
  recovered.kind = Recovered::Kind::rebooted;
  recovered.state.order = std::move(state->order);
  put_aside(path, ".old", recovered);
}

// The order that outlives a reboot. Of this very boot it means that the journal beside the lock was lost.
void read_order(const std::string& path, const std::string& boot_id, Recovered& recovered) {
  const auto text = runtime::read_file(path, kLargestJournal);
  if (!text && text.error().kind == base::ErrorKind::not_found) return;
  auto state = text ? parse_journal(*text) : base::Result<core::JournalState>(text.error());
  if (!state) {
    recovered.notes.push_back("the order of before the reboot cannot be read: " + state.error().message);
    if (text) put_aside(path, ".bad", recovered);
    return;
  }
  if (!recovered.state.order) recovered.state.order = std::move(state->order);
  if (recovered.kind != Recovered::Kind::nothing) return;
  const bool lost = state->boot_id == boot_id;
  recovered.kind = lost ? Recovered::Kind::corrupt : Recovered::Kind::rebooted;
  if (lost) recovered.notes.push_back("the journal of this boot is gone: present limits count as originals");
}

}  // namespace

FileJournal::FileJournal(JournalPaths paths, runtime::UniqueFd lock)
    : paths_(std::move(paths)), lock_(std::move(lock)) {}

FileJournal::Opened FileJournal::open(JournalPaths paths, const std::string& boot_id) {
  Opened opened;
  Recovered& recovered = opened.recovered;
  Lock lock = take_lock(paths.run_directory);
  if (lock.held_by_another) {
    recovered.kind = Recovered::Kind::locked;
    recovered.notes.push_back("another agent holds the journal, so this one only observes");
  } else {
    if (!lock.problem.empty()) recovered.notes.push_back("the journal cannot be used: " + lock.problem);
    read_state(paths.run_directory + "/state.json", boot_id, recovered);
    if (recovered.kind != Recovered::Kind::same_boot && !paths.lib_directory.empty()) {
      read_order(paths.lib_directory + "/order.json", boot_id, recovered);
    }
  }
  recovered.state.boot_id = boot_id;
  opened.journal.reset(new FileJournal(std::move(paths), std::move(lock.file)));
  return opened;
}

base::Status FileJournal::save(const core::JournalState& state) {
  if (!lock_.valid()) return base::denied(paths_.run_directory + ": the journal's lock is not ours");
  auto status = write_synced(paths_.run_directory, "state.json", print_journal(state));
  if (!status || paths_.lib_directory.empty() || state.order == order_on_disk_) return status;
  core::JournalState order_alone;
  order_alone.boot_id = state.boot_id;
  order_alone.order = state.order;
  status = write_synced(paths_.lib_directory, "order.json", print_journal(order_alone));
  if (status) order_on_disk_ = state.order;
  return status;
}

}  // namespace headroom::rapl_agent::journal
