// Metrics in Prometheus' text form, over prometheus-cpp core. Counters, gauges and histograms only: its Summary costs
// three hundred times as much per observation.
//
// Keep the handles: registering looks labels up, using a handle costs nanoseconds. For values that exist per node, rack
// or policy, add a collector that computes them at scrape time from the current snapshot: then nothing has to be
// removed when a node goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http_message.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace headroom::runtime {

// Prometheus 3 refuses a scrape without it.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

using MetricLabels = std::map<std::string, std::string>;

// Handles: cheap to copy, valid as long as their registry, thread-safe.
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(double by = 1) const;  // REQUIRES: by >= 0
  [[nodiscard]] double value() const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;
  void add(double by) const;
  [[nodiscard]] double value() const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(double value) const;

 private:
  prometheus::Histogram* histogram_;
};

// Names follow Prometheus' rules: base units, `_total` on counters, base::names::kMetricPrefix in front.
struct MetricName {
  std::string name;
  std::string help;
};

enum class MetricType { counter, gauge };
struct CollectedSample {
  MetricLabels labels;
  double value = 0;
};
struct CollectedFamily {
  MetricName name;
  MetricType type = MetricType::gauge;
  std::vector<CollectedSample> samples;
};

// Called on every scrape, on the scraping thread; several scrapes may run at once.
using MetricCollector = std::function<std::vector<CollectedFamily>()>;

// Upper bounds in seconds for request latencies, 50 us to 5 s.
[[nodiscard]] std::vector<double> latency_buckets();

// Thread-safe. A name that Prometheus does not allow, or one name with two types, is a bug and throws at registration.
class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // Asking again for the same name and labels gives the same series.
  [[nodiscard]] Counter counter(const MetricName& name, const MetricLabels& labels = {});
  [[nodiscard]] Gauge gauge(const MetricName& name, const MetricLabels& labels = {});
  [[nodiscard]] Histogram histogram(const MetricName& name, const std::vector<double>& bounds,
                                    const MetricLabels& labels = {});
  void add_collector(MetricCollector collector);

  // All series in the text form.
  [[nodiscard]] std::string expose() const;
  // The reply to GET /metrics.
  [[nodiscard]] HttpResponse scrape_response() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::runtime
