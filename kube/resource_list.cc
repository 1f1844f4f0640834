#include "kube/resource_list.h"

#include <algorithm>
#include <string>

#include "kube/quantity.h"

namespace headroom::kube {
namespace {

std::int64_t amount(JsonCursor& value, base::Result<std::int64_t> (*parse)(std::string_view)) {
  const std::string_view text = value.scalar_text();
  if (value.failed()) return 0;
  const auto parsed = parse(text);
  if (!parsed) {
    value.fail(parsed.error().message);
    return 0;
  }
  // The API server refuses negative amounts; from elsewhere one must not lower a sum.
  return std::max<std::int64_t>(*parsed, 0);
}

}  // namespace

bool is_device(std::string_view resource) {
  const auto slash = resource.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = resource.substr(0, slash);
  return domain != "kubernetes.io" && !domain.ends_with(".kubernetes.io");
}

ResourceList read_resource_list(JsonCursor& cursor) {
  ResourceList list;
  cursor.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "cpu") {
      list.cpu_millis = amount(value, parse_milli_quantity);
    } else if (is_device(key)) {
      list.devices.push_back({std::string(key), amount(value, parse_quantity)});
    }
  });
  std::sort(list.devices.begin(), list.devices.end(),
            [](const auto& a, const auto& b) { return a.resource < b.resource; });
  return list;
}

ResourceNeeds read_resource_needs(JsonCursor& cursor) {
  ResourceNeeds needs;
  cursor.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "requests") {
      needs.requests = read_resource_list(value);
    } else if (key == "limits") {
      needs.limits = read_resource_list(value);
    }
  });
  return needs;
}

}  // namespace headroom::kube
