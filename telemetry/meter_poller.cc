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
      std::erase(failing_, query);
      poll.problems.insert(poll.problems.end(), readings->problems.begin(), readings->problems.end());
      poll.answers.emplace_back(query, std::move(readings).value());
    } else if (readings.error().kind == base::ErrorKind::invalid_input) {
      poll.problems.push_back(readings.error().message);  // this query is wrong; the others may be right
    } else if (query.kind == MeterKind::performance && !poll.answers.empty()) {
      poll.problems.push_back(readings.error().message);
      failing_.push_back(query);
      break;
    } else {
      if (query.kind == MeterKind::performance) failing_.push_back(query);
      return readings.error();
    }
  }
  return poll;
}

// Tenants write queries of performance. One that is too dear costs a timeout a poll, and the others nothing: from now
// on it is asked last.
TopologyQueries MeterPoller::failing_last(const TopologyQueries& queries) {
  TopologyQueries order = queries;
  const auto good = std::stable_partition(order.begin(), order.end(), [this](const MeterQuery& query) {
    return std::find(failing_.begin(), failing_.end(), query) == failing_.end();
  });
  failing_.assign(good, order.end());
  return order;
}

base::Result<MeterPoll> MeterPoller::poll(const std::vector<Endpoint>& prometheus, const TopologyQueries& queries) {
  std::vector<Endpoint> order = prometheus;
  std::stable_partition(order.begin(), order.end(), [&](const Endpoint& e) { return e.url == last_good_; });
  const TopologyQueries in_order = failing_last(queries);
  base::Error failure = base::unavailable("no Prometheus is configured or found");
  for (const Endpoint& endpoint : order) {
    auto poll = ask(endpoint, in_order);
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
