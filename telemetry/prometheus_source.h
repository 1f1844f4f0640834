// Reads the exporters' series through a Prometheus: for each of our series that it has, the bare selector and its
// timestamp() in one query, so that every sample carries the time at which its exporter was really scraped. What an
// exporter left behind when it died keeps its old time, although Prometheus repeats it for five minutes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "telemetry/sample_source.h"

namespace headroom::telemetry {

class PrometheusSource final : public SampleSource {
 public:
  explicit PrometheusSource(std::unique_ptr<QueryApi> api) : api_(std::move(api)) {}

  // A query for one series that fails (too large, too slow) does not take the others with it, unless none works.
  [[nodiscard]] base::Result<Poll> poll() override;
  void cancel() override { api_->cancel(); }

 private:
  [[nodiscard]] base::Status look_for_series();
  [[nodiscard]] base::Result<std::vector<Sample>> read_series(const std::string& name);

  std::unique_ptr<QueryApi> api_;
  std::vector<std::string> present_;  // names that this Prometheus has
  int polls_until_look_ = 0;
};

}  // namespace headroom::telemetry
