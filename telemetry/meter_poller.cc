#include "telemetry/meter_poller.h"

#include <algorithm>

namespace headroom::telemetry {

base::Result<QueryApi*> MeterPoller::open(const Endpoint& endpoint) {
  for (const auto& [url, api] : apis_) {
    if (url == endpoint.url) return api.get();
  }
  auto made = factory_.prometheus(endpoint);
  if (!made) return made.error();
  const std::lock_guard lock(mutex_);
  if (cancelled_) return base::unavailable("stopping");
  apis_.emplace_back(endpoint.url, std::move(made).value());
  return apis_.back().second.get();
}

base::Result<MeterPoll> MeterPoller::ask(const Endpoint& endpoint, const TopologyQueries& queries) {
  const auto api = open(endpoint);
  if (!api) return api.error();
  MeterPoll poll;
  poll.endpoint = endpoint.url;
  for (const MeterQuery& query : queries) {
    auto readings = read_meters(**api, query);
    if (readings) {
      poll.problems.insert(poll.problems.end(), readings->problems.begin(), readings->problems.end());
      poll.answers.emplace_back(query, std::move(readings).value());
    } else if (readings.error().kind == base::ErrorKind::invalid_input) {
      poll.problems.push_back(readings.error().message);  // this query is wrong; the others may be right
    } else {
      return readings.error();
    }
  }
  return poll;
}

base::Result<MeterPoll> MeterPoller::poll(const std::vector<Endpoint>& prometheus, const TopologyQueries& queries) {
  std::vector<Endpoint> order = prometheus;
  std::stable_partition(order.begin(), order.end(), [&](const Endpoint& e) { return e.url == last_good_; });
  base::Error failure = base::unavailable("no Prometheus is configured or found");
  for (const Endpoint& endpoint : order) {
    auto poll = ask(endpoint, queries);
    if (poll) {
      last_good_ = endpoint.url;
      return poll;
    }
    failure = base::with_context(poll.error(), endpoint.url);
  }
  return failure;
}

void MeterPoller::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (const auto& [url, api] : apis_) api->cancel();
}

}  // namespace headroom::telemetry
