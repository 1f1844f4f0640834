#include "rapl-agent/journal/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "test/support/temporary_directory.h"
#include "test/unit/rapl-agent/journal/sample_state.h"

namespace headroom::rapl_agent::journal {
namespace {

using core::Recovered;
using test::sample_state;

class Journal : public testing::Test {
 protected:
  Journal() { std::filesystem::create_directory(directory_.path("lib")); }
  FileJournal::Opened open(const std::string& boot_id = "boot-1") {
    return FileJournal::open({directory_.path("run"), directory_.path("lib")}, boot_id);
  }
  // An agent that saved and was killed.
  void leave(const core::JournalState& state) { ASSERT_TRUE(open(state.boot_id).journal->save(state)); }

  headroom::test::TemporaryDirectory directory_;
};

class JournalFaults : public Journal {};

TEST_F(Journal, the_first_start_recovers_nothing) {
  const auto opened = open();
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::nothing);
  EXPECT_EQ(opened.recovered.state.boot_id, "boot-1");
  EXPECT_TRUE(opened.recovered.notes.empty());
}

TEST_F(Journal, an_agent_of_the_same_boot_recovers_all_of_it) {
  leave(sample_state());
  const auto opened = open();
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::same_boot);
  EXPECT_EQ(opened.recovered.state, sample_state());
}

TEST_F(Journal, nobody_else_may_read_it) {
  leave(sample_state());
  struct stat info {};
  ASSERT_EQ(::stat(directory_.path("run/state.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(JournalFaults, Fault_reboot_keeps_the_order_and_no_original) {
  leave(sample_state());
  const auto opened = open("boot-2");
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::rebooted);
  EXPECT_TRUE(opened.recovered.state.controls.empty());
  EXPECT_EQ(opened.recovered.state.order, sample_state().order);
  EXPECT_FALSE(opened.recovered.state.heartbeat_seen);
  EXPECT_EQ(opened.recovered.state.boot_id, "boot-2");
  EXPECT_TRUE(std::filesystem::exists(directory_.path("run/state.json.old")));
}

TEST_F(JournalFaults, Fault_reboot_empties_run_and_the_order_survives_on_disk) {
  leave(sample_state());
  std::filesystem::remove_all(directory_.path("run"));
  const auto opened = open("boot-2");
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::rebooted);
  EXPECT_EQ(opened.recovered.state.order, sample_state().order);
}

TEST_F(JournalFaults, Fault_journal_corrupt_lost_within_a_boot_makes_originals_uncertain) {
  leave(sample_state());
  std::filesystem::remove(directory_.path("run/state.json"));
  EXPECT_EQ(open().recovered.kind, Recovered::Kind::corrupt);
}

TEST_F(JournalFaults, Fault_journal_corrupt_is_kept_beside_and_said) {
  leave(sample_state());
  const std::string text = "headroom-journal 1 crc32=00000000 bytes=3\n{}\n";
  static_cast<void>(directory_.write("run/state.json", text));
  const auto opened = open();
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::corrupt);
  EXPECT_TRUE(std::filesystem::exists(directory_.path("run/state.json.bad")));
  EXPECT_EQ(opened.recovered.state.order, sample_state().order) << "the order's own file is whole";
  ASSERT_FALSE(opened.recovered.notes.empty());
  EXPECT_TRUE(opened.journal->save(sample_state())) << "the next journal is written again";
}

TEST_F(JournalFaults, Fault_journal_corrupt_truncated_is_corrupt) {
  leave(sample_state());
  std::filesystem::resize_file(directory_.path("run/state.json"), 100);
  EXPECT_EQ(open().recovered.kind, Recovered::Kind::corrupt);
}

// A full disk as a process sees it: the write in the middle of a file fails.
class FullDisk {
 public:
  FullDisk() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    struct rlimit tiny = before_;
    tiny.rlim_cur = 64;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &tiny);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  struct rlimit before_ {};
  void (*handler_)(int) = SIG_DFL;
};

TEST_F(JournalFaults, Fault_journal_corrupt_disk_full_is_an_error_and_leaves_the_last_one_whole) {
  leave(sample_state());
  core::JournalState next = sample_state();
  next.controls[0].last_written = 300'000'000;
  {
    auto opened = open();
    const FullDisk full;
    EXPECT_FALSE(opened.journal->save(next));
  }
  const auto opened = open();
  EXPECT_EQ(opened.recovered.state, sample_state());
  EXPECT_TRUE(opened.journal->save(next)) << "there is room again";
}

TEST_F(JournalFaults, Fault_journal_corrupt_read_only_directory_is_said_and_saves_fail) {
  static_cast<void>(directory_.write("plain", "a file where the directory should be"));
  const auto opened = FileJournal::open({directory_.path("plain/run"), ""}, "boot-1");
  EXPECT_EQ(opened.recovered.kind, Recovered::Kind::nothing);
  EXPECT_FALSE(opened.recovered.notes.empty());
  EXPECT_FALSE(opened.journal->save(sample_state()));
}

TEST_F(JournalFaults, Fault_second_agent_instance_observes_until_the_first_has_ended) {
  auto first = open();
  auto second = open();
  EXPECT_EQ(second.recovered.kind, Recovered::Kind::locked);
  EXPECT_FALSE(second.journal->save(sample_state()));
  EXPECT_FALSE(std::filesystem::exists(directory_.path("run/state.json")));
  first.journal.reset();
  EXPECT_EQ(open().recovered.kind, Recovered::Kind::nothing);
}

}  // namespace
}  // namespace headroom::rapl_agent::journal
