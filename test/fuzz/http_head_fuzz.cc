// Any bytes as the head of a request, and as YAML: no crash, and an accepted head has one meaning.
// Run: http_head_fuzz -max_len=8192 <corpus>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "runtime/config_file.h"
#include "runtime/http_framing.h"

namespace {

using namespace headroom::runtime;

constexpr std::size_t kBodyLimit = 1'000;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_head(std::string_view bytes) {
  const auto checked = check_request_head(bytes, kBodyLimit);
  if (const auto* refusal = std::get_if<HeadRefusal>(&checked)) {
    check(refusal->status >= 400 && refusal->status < 500 && !refusal->reason.empty());
    return;
  }
  const auto& head = std::get<RequestHead>(checked);
  check(bytes.find("\r\n\r\n") != std::string_view::npos);
  check(head.headers.count("Host") <= 1);
  check(head.headers.count("Content-Length") + head.headers.count("Transfer-Encoding") <= 1);
  check(head.content_length <= kBodyLimit);
  check((head.framing == BodyFraming::chunked) == (head.headers.count("Transfer-Encoding") == 1));
}

void check_yaml(std::string_view bytes) {
  const auto tree = parse_yaml(bytes, "f");
  if (!tree) {
    check(tree.error().message.starts_with("f"));
    return;
  }
  // What it means is JSON, and JSON is YAML of the same meaning (keys longer than YAML's 1,024 characters excepted).
  const std::string json = to_json(*tree);
  const auto again = parse_yaml(json, "json");
  check(!again || to_json(*again) == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_head(bytes);
  check_yaml(bytes);
  return 0;
}
