#include "rapl-agent/remount.h"

#include <gtest/gtest.h>

#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent {
namespace {

TEST(Remount, is_asked_for_once_a_boot) {
  const test::TemporaryDirectory directory;
  EXPECT_TRUE(may_end_for_remount(directory.path(""), "boot-1"));
  EXPECT_FALSE(may_end_for_remount(directory.path(""), "boot-1"));
  EXPECT_TRUE(may_end_for_remount(directory.path(""), "boot-2"));
}

TEST(Remount, is_not_asked_for_where_nothing_can_be_remembered) {
  EXPECT_FALSE(may_end_for_remount("/nowhere/at/all", "boot-1"));
}

}  // namespace
}  // namespace headroom::rapl_agent
