#include "runtime/http_framing.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::runtime {
namespace {

using headroom::test::RowName;

struct Row {
  std::string name;
  std::string raw;
  int status;  // 0: accepted

  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

class Head : public testing::TestWithParam<Row> {};

TEST_P(Head, IsAcceptedOrRefused) {
  const auto checked = check_request_head(GetParam().raw, 1'000);
  const auto* refusal = std::get_if<HeadRefusal>(&checked);
  EXPECT_EQ(GetParam().status, refusal == nullptr ? 0 : refusal->status)
      << (refusal == nullptr ? "accepted" : refusal->reason);
}

const std::string kPost = "POST /x HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    Table, Head,
    testing::Values(
        Row{"a plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        Row{"HTTP 1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
        Row{"length", kPost + "Content-Length: 5\r\n\r\n", 0},
        Row{"chunked in any case of letters", kPost + "transfer-encoding: Chunked\r\n\r\n", 0},
        Row{"identity content encoding", kPost + "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\n", 0},
        Row{"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        Row{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        Row{"two Content-Lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
        Row{"a list of lengths", kPost + "Content-Length: 5, 5\r\n\r\n", 400},
        Row{"length that is a word", kPost + "Content-Length: abc\r\n\r\n", 400},
        Row{"negative length", kPost + "Content-Length: -1\r\n\r\n", 400},
        Row{"length with a plus", kPost + "Content-Length: +5\r\n\r\n", 400},
        Row{"hexadecimal length", kPost + "Content-Length: 0x5\r\n\r\n", 400},
        Row{"empty length", kPost + "Content-Length:\r\n\r\n", 400},
        Row{"length past 64 bits", kPost + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        Row{"percent-encoded length", kPost + "Content-Length: %35\r\n\r\n", 400},
        Row{"length and chunked", kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Row{"two transfer encodings", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Row{"gzip and chunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
        Row{"identity transfer encoding", kPost + "Transfer-Encoding: identity\r\n\r\n", 400},
        Row{"chunked in HTTP 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Row{"blank before the colon", kPost + "Content-Length : 5\r\n\r\n", 400},
        Row{"continued line", kPost + "X: a\r\n b\r\n\r\n", 400},
        Row{"line without colon", kPost + "garbage\r\n\r\n", 400},
        Row{"bare line feed", kPost + "X: a\nY: b\r\n\r\n", 400},
        Row{"control character", kPost + "X: a\x01\r\n\r\n", 400},
        Row{"NUL in a header", kPost + std::string("X: a\0b\r\n\r\n", 10), 400}, Row{"no end of the head", kPost, 400},
        Row{"no version", "GET /\r\nHost: a\r\n\r\n", 400},
        Row{"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"future version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
        Row{"gzip body", kPost + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n", 415},
        Row{"brotli body", kPost + "Content-Encoding: br\r\nContent-Length: 5\r\n\r\n", 415},
        Row{"length above the limit", kPost + "Content-Length: 1001\r\n\r\n", 413}),
    RowName());

TEST(RequestHead, KeepsHeadersAsTheyWereSent) {
  const auto checked =
      check_request_head("GET / HTTP/1.1\r\nHost: a\r\nX-Percent: a%20b \r\nAccept: x\r\nAccept: y\r\n\r\n", 10);
  const auto& head = std::get<RequestHead>(checked);
  EXPECT_EQ(head.headers.find("x-percent")->second, "a%20b");
  EXPECT_EQ(head.headers.count("accept"), 2u);
  EXPECT_EQ(head.framing, BodyFraming::none);
}

}  // namespace
}  // namespace headroom::runtime
