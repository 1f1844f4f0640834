#include "runtime/router.h"

#include <algorithm>

namespace headroom::runtime {

void Router::add(std::string_view method, std::string_view path, HttpHandler handler) {
  exact_[std::string(path)][std::string(method)] = std::move(handler);
}

void Router::add_prefix(std::string_view prefix, HttpHandler handler, HttpStreamHandler streams) {
  prefixes_.push_back({std::string(prefix), std::move(handler), std::move(streams)});
  std::stable_sort(prefixes_.begin(), prefixes_.end(),
                   [](const Prefix& a, const Prefix& b) { return a.prefix.size() > b.prefix.size(); });
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) {
    const Methods& methods = found->second;
    auto handler = methods.find(method);
    if (handler == methods.end() && method == "HEAD") handler = methods.find("GET");
    if (handler != methods.end()) return {&handler->second, nullptr, 200, {}};
    Match refused{nullptr, nullptr, 405, {}};
    for (const auto& [name, ignored] : methods) refused.allowed += (refused.allowed.empty() ? "" : ", ") + name;
    return refused;
  }
  for (const Prefix& prefix : prefixes_) {
    if (!path.starts_with(prefix.prefix)) continue;
    return {&prefix.handler, prefix.streams && method != "HEAD" ? &prefix.streams : nullptr, 200, {}};
  }
  return {};
}

}  // namespace headroom::runtime
