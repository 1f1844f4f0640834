// Any bytes as a policy and as a topology: an error or a value, never a crash; and a topology that was read prints so
// that it reads back the same and compiles.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "policy/parse_policy.h"
#include "topology/compile.h"
#include "topology/parse_topology.h"

namespace {

using headroom::topology::parse_topology;

void check(bool holds) {
  if (!holds) std::abort();
}

void read_topology(std::string_view text) {
  auto object = parse_topology(text);
  if (!object) return check(!object.error().message.empty());
  const auto compiled =
      headroom::topology::compile({{std::make_shared<headroom::model::TopologyObject>(*object)}, {}, {}, nullptr});
  check(compiled.elements.size() <= object->elements.size());
  auto again = parse_topology(headroom::topology::print_topology(*object));
  check(again.ok());
  // What print_topology leaves out on purpose.
  for (auto* either : {&*object, &*again}) {
    either->uid.clear();
    either->resource_version.clear();
    either->not_evaluated.clear();
  }
  check(*again == *object);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto policy = headroom::policy::parse_policy(text); !policy) check(!policy.error().message.empty());
  read_topology(text);
  return 0;
}
