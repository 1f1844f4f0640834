#include "rapl-agent/sysfs/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "test/support/sysfs_tree.h"
#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::sysfs {
namespace {

struct NumberRow {
  const char* name;
  std::string content;
  int error;
  std::uint64_t value = 0;
  bool empty = false;
};

class ReadNumber : public testing::TestWithParam<NumberRow> {};

TEST_P(ReadNumber, Fault_garbage_content) {
  const test::TemporaryDirectory directory;
  const FileNumber read = read_number(directory.write("value", GetParam().content));
  EXPECT_EQ(read.error, GetParam().error);
  EXPECT_EQ(read.value, GetParam().value);
  EXPECT_EQ(read.empty, GetParam().empty);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReadNumber,
    testing::Values(NumberRow{"a value and its line feed", "125000000\n", 0, 125000000},
                    NumberRow{"a value alone", "0", 0, 0},
                    NumberRow{"the largest value", "18446744073709551615\n", 0, UINT64_MAX},
                    NumberRow{"more than 64 bits", "18446744073709551616\n", EBADMSG},
                    NumberRow{"nothing", "", EBADMSG, 0, true}, NumberRow{"an empty line", "\n", EBADMSG, 0, true},
                    NumberRow{"words", "abc\n", EBADMSG}, NumberRow{"a negative number", "-1\n", EBADMSG},
                    NumberRow{"a number with a tail", "12 W\n", EBADMSG}, NumberRow{"two lines", "1\n2\n", EBADMSG},
                    NumberRow{"4096 digits fill the bound", std::string(4096, '9'), EBADMSG},
                    NumberRow{"more than any attribute holds", std::string(4097, '9'), EFBIG},
                    NumberRow{"five megabytes", std::string(5'000'000, '1'), EFBIG}),
    test::RowName());

TEST(SysfsFiles, an_attribute_that_is_missing_is_not_made_by_writing_it) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(write_number(directory.path("constraint_0_power_limit_uw"), 100, WriteTo::any_for_tests), ENOENT);
  EXPECT_FALSE(exists(directory.path("constraint_0_power_limit_uw")));
}

// A plain file shows it: with O_TRUNC the tail of the longer old value would be gone.
TEST(SysfsFiles, writing_does_not_truncate_first) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("limit", "125000000\n");
  EXPECT_EQ(write_number(file, 42, WriteTo::any_for_tests), 0);
  EXPECT_EQ(test::content_of(file), "42\n000000\n");
}

TEST(SysfsFiles, file_systems_are_told_apart_by_their_kind) {
  const test::TemporaryDirectory directory;
  EXPECT_TRUE(same_kind_of_filesystem(directory.path(""), directory.path("")));
  EXPECT_FALSE(same_kind_of_filesystem(directory.path(""), "/proc"));
  EXPECT_FALSE(same_kind_of_filesystem(directory.path("none"), directory.path("none"))) << "nobody can say";
}

TEST(SysfsFiles, a_link_in_the_place_of_an_attribute_is_not_written_through) {
  const test::TemporaryDirectory directory;
  const std::string target = directory.write("target", "keep\n");
  ASSERT_EQ(::symlink(target.c_str(), directory.path("limit").c_str()), 0);
  EXPECT_EQ(write_number(directory.path("limit"), 42, WriteTo::any_for_tests), ELOOP);
  EXPECT_EQ(test::content_of(target), "keep\n");
}

TEST(SysfsFiles, Fault_not_sysfs) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("limit", "125000000\n");
  EXPECT_EQ(write_number(file, 42, WriteTo::sysfs_only), kNotSysfs);
  EXPECT_EQ(test::content_of(file), "125000000\n");
}

TEST(SysfsFiles, a_pipe_in_the_place_of_an_attribute_does_not_hold_the_reader_up) {
  const test::TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(read_number(directory.path("pipe")).empty);
  EXPECT_EQ(write_number(directory.path("pipe"), 1, WriteTo::any_for_tests), ENXIO);
}

TEST(SysfsFiles, a_full_device_is_a_failed_write) {
  EXPECT_EQ(write_number("/dev/full", 1, WriteTo::any_for_tests), ENOSPC);
}

TEST(SysfsFiles, temperatures_may_be_below_zero) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(read_signed(directory.write("temp1_input", "-5000\n")), -5000);
  EXPECT_EQ(read_signed(directory.write("temp2_input", "\n")), std::nullopt);
  EXPECT_EQ(read_signed(directory.path("temp3_input")), std::nullopt);
}

TEST(SysfsFiles, names_come_sorted_and_links_are_no_directories) {
  const test::TemporaryDirectory directory;
  test::make_tree({{"b", "dir", ""}, {"a", "0444", "1"}, {"c", "link", "b"}}, directory.path("tree"));
  EXPECT_EQ(list(directory.path("tree")).names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(is_directory(directory.path("tree/b")));
  EXPECT_FALSE(is_directory(directory.path("tree/c")));
  EXPECT_EQ(list(directory.path("nowhere")).error, ENOENT);
}

}  // namespace
}  // namespace headroom::rapl_agent::sysfs
