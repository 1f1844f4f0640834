#include "rapl-agent/sysfs/open_files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "test/support/sysfs_tree.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::sysfs {
namespace {

class OpenFilesTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  std::shared_ptr<DescriptorRoom> room = std::make_shared<DescriptorRoom>(2);
  OpenFiles files{room};
};

TEST_F(OpenFilesTest, every_read_gives_the_value_of_now) {
  const std::string file = directory.write("energy_uj", "100\n");
  EXPECT_EQ(files.read_number(file).value, 100U);
  (void)directory.write("energy_uj", "12345\n");
  EXPECT_EQ(files.read_number(file).value, 12'345U);
  EXPECT_EQ(*room, 1) << "one descriptor for both";
}

TEST_F(OpenFilesTest, every_write_is_one_from_the_start) {
  const std::string file = directory.write("limit", "125000000\n");
  EXPECT_EQ(files.write_number(file, 80'000'000, WriteTo::any_for_tests), 0);
  EXPECT_EQ(files.write_number(file, 90'000'000, WriteTo::any_for_tests), 0);
  EXPECT_EQ(test::content_of(file), "90000000\n\n");
}

TEST_F(OpenFilesTest, another_file_at_the_same_path_is_not_the_one_that_was_opened) {
  const std::string file = directory.write("energy_uj", "100\n");
  EXPECT_EQ(files.read_number(file).value, 100U);
  std::filesystem::rename(directory.write("other", "7\n"), file);
  EXPECT_EQ(files.read_number(file).value, 100U);
  EXPECT_EQ(OpenFiles(room).read_number(file).value, 7U);
}

TEST_F(OpenFilesTest, what_met_an_error_is_opened_anew) {
  const std::string file = directory.write("energy_uj", "abc\n");
  EXPECT_EQ(files.read_number(file).error, EBADMSG);
  EXPECT_EQ(*room, 2);
  (void)directory.write("energy_uj", "100\n");
  EXPECT_EQ(files.read_number(file).value, 100U);
  (void)directory.write("energy_uj", "\n");
  EXPECT_TRUE(files.read_number(file).empty);
  EXPECT_EQ(*room, 2);
}

TEST_F(OpenFilesTest, without_room_files_are_opened_for_each_call) {
  for (const char* name : {"a", "b", "c"}) {
    const std::string file = directory.write(name, "1\n");
    EXPECT_EQ(files.read_number(file).value, 1U);
    EXPECT_EQ(files.read_number(file).value, 1U);
  }
  EXPECT_EQ(*room, 0);
}

TEST_F(OpenFilesTest, descriptors_are_given_back) {
  {
    OpenFiles short_lived(room);
    EXPECT_EQ(short_lived.read_number(directory.write("a", "1\n")).value, 1U);
    EXPECT_EQ(*room, 1);
  }
  EXPECT_EQ(*room, 2);
}

TEST_F(OpenFilesTest, Fault_not_sysfs_is_not_written_to) {
  const std::string file = directory.write("limit", "125000000\n");
  EXPECT_EQ(files.write_number(file, 42, WriteTo::sysfs_only), kNotSysfs);
  EXPECT_EQ(files.write_number(file, 42, WriteTo::sysfs_only), kNotSysfs);
  EXPECT_EQ(test::content_of(file), "125000000\n");
}

}  // namespace
}  // namespace headroom::rapl_agent::sysfs
