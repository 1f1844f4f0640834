// Lists in pages, watches, and discovery over an ObjectStore.
//
// Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/durations.h"
#include "demo/api_reply.h"
#include "demo/api_resources.h"
#include "demo/json.h"
#include "demo/object_store.h"
#include "demo/selectors.h"
#include "runtime/http_server.h"

namespace headroom::demo {

class ApiLists {
 public:
  // The store must outlive it. A bookmark goes out after each `bookmark_interval` in which nothing else did.
  ApiLists(const ObjectStore& store, base::Milliseconds bookmark_interval)
      : store_(store), bookmark_interval_(bookmark_interval) {}

  [[nodiscard]] runtime::HttpResponse list(const ResourceType& type, const ApiPath& path,
                                           const runtime::HttpRequest& request) const;

  [[nodiscard]] static bool is_watch(const runtime::HttpRequest& request);
  // The stream of a watch; ends by itself after the request's timeoutSeconds.
  [[nodiscard]] runtime::HttpStream watch(const ResourceType& type, const ApiPath& path,
                                          const runtime::HttpRequest& request) const;

  // "/api", "/apis", "/api/v1", "/apis/group/version"; status 404 for other paths.
  [[nodiscard]] static runtime::HttpResponse discover(const std::vector<ResourceType>& types, const std::string& path);

 private:
  const ObjectStore& store_;
  const base::Milliseconds bookmark_interval_;
};

}  // namespace headroom::demo
