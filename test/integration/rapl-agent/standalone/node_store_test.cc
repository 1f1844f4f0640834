#include "rapl-agent/standalone/node_store.h"

#include <gtest/gtest.h>

#include "runtime/system_clock.h"
#include "test/integration/rapl-agent/standalone/narrow_api.h"

namespace headroom::rapl_agent::standalone {
namespace {

class NodeStoreTest : public testing::Test {
 protected:
  NodeStoreTest() { api_.create_node("n1", {{"keep", "me"}}); }

  static NodeMarks one(const std::string& value) {
    NodeMarks marks;
    marks.labels["rapl/pmax"] = value;
    marks.annotations["rapl/provider"] = "sine";
    return marks;
  }

  runtime::SystemClock clock_;
  NarrowApi api_;
  kube::ApiClient client_{*kube::config_from_url(api_.url()), {}, clock_};
  NodeStore store_{client_, "n1"};
};

TEST_F(NodeStoreTest, where_patching_is_denied_the_node_is_updated_and_patching_is_not_tried_again) {
  ASSERT_TRUE(store_.write(one("1")).ok());
  ASSERT_TRUE(store_.write(one("2")).ok());
  EXPECT_EQ(api_.patches, 1);
  EXPECT_EQ(api_.updates, 2);
  EXPECT_EQ(api_.text("n1", "labels", "rapl/pmax"), "2");
  EXPECT_EQ(api_.text("n1", "annotations", "rapl/provider"), "sine");
  EXPECT_EQ(api_.text("n1", "labels", "keep"), "me");
}

TEST_F(NodeStoreTest, a_change_by_somebody_else_between_read_and_update_is_not_lost) {
  int left = 3;
  api_.before_update = [&] {
    if (left-- > 0) api_.label("n1", "other", std::to_string(left));
  };
  ASSERT_TRUE(store_.write(one("7")).ok());
  EXPECT_EQ(api_.updates, 4);
  EXPECT_EQ(api_.text("n1", "labels", "other"), "0");
  EXPECT_EQ(api_.text("n1", "labels", "rapl/pmax"), "7");
}

TEST_F(NodeStoreTest, somebody_who_is_faster_every_time_is_a_conflict) {
  int turn = 0;
  api_.before_update = [&] { api_.label("n1", "other", std::to_string(turn++)); };
  const auto status = store_.write(one("7"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, base::ErrorKind::conflict);
}

TEST_F(NodeStoreTest, what_stands_on_the_node_is_read) {
  ASSERT_TRUE(store_.write(one("5")).ok());
  const auto view = store_.read();
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_EQ(view->marks.labels.at("rapl/pmax"), "5");
  EXPECT_EQ(view->marks.annotations.at("rapl/provider"), "sine");
}

TEST_F(NodeStoreTest, a_node_that_is_not_there_is_not_found) {
  NodeStore other(client_, "n2");
  EXPECT_EQ(other.read().error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(other.write(one("1")).error().kind, base::ErrorKind::not_found);
}

TEST_F(NodeStoreTest, a_role_that_allows_neither_is_denied) {
  api_.closed = true;
  EXPECT_EQ(store_.read().error().kind, base::ErrorKind::denied);
  EXPECT_EQ(store_.write(one("1")).error().kind, base::ErrorKind::denied);
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
