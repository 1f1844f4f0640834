// Any bytes as a page of a list, a line of a watch, an object or a kubeconfig: no crash, and what is refused says why.
// Run: kube_fuzz -max_len=65536 <corpus> test/data/scheduler
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kube/api_status.h"
#include "kube/api_time.h"
#include "kube/config.h"
#include "kube/decode.h"
#include "kube/endpoint_slice.h"
#include "kube/lease.h"
#include "kube/line_buffer.h"
#include "kube/list.h"
#include "kube/object.h"
#include "kube/quantity.h"
#include "kube/watch.h"

namespace {

using namespace headroom::kube;

void check(bool holds) {
  if (!holds) std::abort();
}

void try_object(PaddedJson json) {
  const auto pod = decode_pod(json);
  check(pod ? !pod->name.empty() && pod->cpu_millis >= 0 : !pod.error().message.empty());
  const auto node = decode_node(json);
  check(node ? !node->name.empty() : !node.error().message.empty());
  (void)decode_endpoint_slice(json);
  (void)decode_lease(json);
  for (const auto* decode : {&decode_device_claim, &decode_device_claim_template}) {
    const auto claim = (*decode)(json);
    check(claim ? !claim->key.empty() : !claim.error().message.empty());
  }
  const ObjectEntry entry = decode_entry(json, decode_as_raw);
  check(entry.error.empty() != std::holds_alternative<std::monostate>(entry.object));
}

void try_watch(const std::string& text) {
  LineBuffer lines(1u << 20);
  const auto fed = lines.feed(text, [](PaddedJson line) {
    const auto event = parse_watch_event(line);
    if (event) try_object(event->object);
    return true;
  });
  check(fed != LineBuffer::Fed::stopped);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const PaddedJson json = PaddedJson::of(text);
  try_object(json);
  (void)split_list(json, try_object);
  try_watch(text);
  check(!to_error(parse_status(json)).message.empty());
  (void)parse_kubeconfig(text, "/nowhere");
  (void)parse_quantity(text);
  (void)parse_milli_quantity(text);
  const auto time = parse_api_time(text);
  // Offsets at either end of the four-digit years lead out of them.
  const headroom::base::WallTime last(std::chrono::sys_days(std::chrono::year(9999) / 12 / 31));
  if (time && *time >= headroom::base::WallTime() && *time < last) {
    check(parse_api_time(format_micro_time(*time)).ok());
  }
  return 0;
}
