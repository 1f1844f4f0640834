#include "rapl-agent/journal/journal_text.h"

#include <gtest/gtest.h>

#include "test/unit/rapl-agent/journal/sample_state.h"

namespace headroom::rapl_agent::journal {
namespace {

using test::sample_state;

TEST(JournalText, what_is_printed_is_read_back) {
  const auto read = parse_journal(print_journal(sample_state()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, sample_state());
}

TEST(JournalText, an_empty_state_is_one_too) {
  core::JournalState state;
  state.boot_id = "boot-1";
  const auto read = parse_journal(print_journal(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
}

// A crash while the file grows, on a file system that reorders: every length of it.
TEST(JournalTextFaults, Fault_journal_corrupt_truncated_at_every_length) {
  const std::string text = print_journal(sample_state());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_journal(text.substr(0, length))) << length;
  }
}

TEST(JournalTextFaults, Fault_journal_corrupt_in_any_byte) {
  const std::string text = print_journal(sample_state());
  for (std::size_t place = 0; place < text.size(); ++place) {
    std::string altered = text;
    altered[place] = static_cast<char>(altered[place] ^ 0x01);
    EXPECT_FALSE(parse_journal(altered)) << place;
  }
}

TEST(JournalText, names_that_are_not_utf8_do_not_keep_the_rest_from_being_written) {
  core::JournalState state = sample_state();
  state.controls[0].key.domain = "rapl/\xff";
  const auto read = parse_journal(print_journal(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->controls[1], state.controls[1]);
}

}  // namespace
}  // namespace headroom::rapl_agent::journal
