#include "runtime/http_target.h"

#include <gtest/gtest.h>

#include <variant>

#include "test/support/table.h"

namespace headroom::runtime {
namespace {

using headroom::test::RowName;

struct Row {
  std::string name;
  std::string target;
  std::string path;
  QueryParameters query;

  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

class Target : public testing::TestWithParam<Row> {};

TEST_P(Target, IsTakenApart) {
  const RequestTarget read = read_target(GetParam().target);
  EXPECT_EQ(read.path, GetParam().path);
  EXPECT_EQ(read.query, GetParam().query);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Target,
    testing::Values(
        Row{"a path alone", "/filter", "/filter", {}},
        Row{"parameters in order, some twice", "/x?b=1&a=2&b=3", "/x", {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
        Row{"codes", "/a%20b%2fc?k%3D=%41", "/a b/c", {{"k=", "A"}}},
        Row{"a plus is a blank in the query only", "/a+b?c=d+e%2Bf", "/a+b", {{"c", "d e+f"}}},
        Row{"percent signs that begin no code", "/100%?a=%zz&b=%4", "/100%", {{"a", "%zz"}, {"b", "%4"}}},
        Row{"no value, no name, nothing at all", "/x?watch&=1&&y=", "/x", {{"watch", ""}, {"y", ""}}},
        Row{"a second question mark", "/x?a=b?c", "/x", {{"a", "b?c"}}},
        Row{"a fragment", "/x?a=b#c=d", "/x", {{"a", "b"}}}, Row{"an empty text", "", "", {}}),
    RowName());

struct CloseRow {
  std::string name;
  std::string head;
  bool closes;

  friend void PrintTo(const CloseRow& row, std::ostream* out) { *out << row.name; }
};

class Close : public testing::TestWithParam<CloseRow> {};

TEST_P(Close, IsAskedForOrNot) {
  const auto head = check_request_head(GetParam().head + "\r\n", 10);
  ASSERT_TRUE(std::holds_alternative<RequestHead>(head));
  EXPECT_EQ(asks_for_close(std::get<RequestHead>(head)), GetParam().closes);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Close,
    testing::Values(CloseRow{"1.1 says nothing", "GET / HTTP/1.1\r\nHost: a\r\n", false},
                    CloseRow{"1.1 says close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n", true},
                    CloseRow{"1.0 says nothing", "GET / HTTP/1.0\r\n", true},
                    CloseRow{"1.0 says keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n", false}),
    RowName());

}  // namespace
}  // namespace headroom::runtime
