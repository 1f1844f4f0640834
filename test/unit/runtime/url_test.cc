#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/http_client.h"
#include "test/support/table.h"

namespace headroom::runtime {
namespace {

struct Row {
  std::string name;
  std::string text;
  std::string parsed;  // scheme|host|port|path; what an error says, behind "!"
  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

class ParseUrl : public testing::TestWithParam<Row> {};

TEST_P(ParseUrl, GivesItsPartsOrSaysWhatIsWrong) {
  const auto url = parse_url(GetParam().text);
  if (GetParam().parsed.starts_with('!')) {
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.error().kind, base::ErrorKind::invalid_input);
    EXPECT_THAT(url.error().message, testing::HasSubstr(GetParam().parsed.substr(1)));
    return;
  }
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_EQ((url->https ? "https|" : "http|") + url->host + "|" + std::to_string(url->port) + "|" + url->path,
            GetParam().parsed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseUrl,
    testing::Values(Row{"usual port", "http://prometheus", "http|prometheus|80|/"},
                    Row{"https and path", "https://a.b:9090/api/v1/query", "https|a.b|9090|/api/v1/query"},
                    Row{"https port", "https://a.b/x?y=z", "https|a.b|443|/x?y=z"},
                    Row{"IPv6", "http://[fd00::1]:8080/metrics", "http|fd00::1|8080|/metrics"},
                    Row{"query without path", "http://a?x=1", "http|a|80|/?x=1"},
                    Row{"no scheme", "a.b:80", "!must begin with http"}, Row{"other scheme", "ftp://a", "!must begin"},
                    Row{"no host", "http://:80/", "!names no host"}, Row{"port zero", "http://a:0/", "!port"},
                    Row{"port too large", "http://a:65536/", "!port"}, Row{"port not a number", "http://a:x/", "!port"},
                    Row{"user in it", "http://u:p@a/", "!user and password"}, Row{"blank", "http://a b/", "!blank"},
                    Row{"open bracket", "http://[::1/", "!bracket"}),
    headroom::test::RowName());

TEST(PercentEncoded, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a/b c+d=e\xC3\xA9"), "a%2Fb%20c%2Bd%3De%C3%A9");
}

}  // namespace
}  // namespace headroom::runtime
