// A watch: one streamed request from a resource version on, until it ends for one of the reasons in list.h.
#pragma once

#include <functional>
#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "kube/api_status.h"
#include "kube/connection.h"
#include "kube/json.h"
#include "kube/list.h"
#include "kube/resource.h"

namespace headroom::kube {

enum class WatchEventType { added, modified, deleted, bookmark, error };

struct WatchEvent {
  WatchEventType type = WatchEventType::bookmark;
  PaddedJson object;
};
// One line of a watch. Errors: invalid_input.
[[nodiscard]] base::Result<WatchEvent> parse_watch_event(PaddedJson line);

struct WatchRequest {
  Resource resource;
  std::string resource_version;
  base::Seconds timeout{300};  // asked of the server; random between 300 and 600 s, so that clients spread
  std::string label_selector{};
  std::string field_selector{};
};

// added, modified and deleted only; valid during the call. False ends the watch (as `complete`).
using OnWatchEvent = std::function<bool(const WatchEvent&)>;
[[nodiscard]] StreamEnd watch_events(Connection& connection, const WatchRequest& request, const OnWatchEvent& on_event);

}  // namespace headroom::kube
