#include "runtime/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace headroom::runtime {
namespace {

prometheus::MetricFamily to_prometheus(const CollectedFamily& family) {
  prometheus::MetricFamily out;
  out.name = family.name.name;
  out.help = family.name.help;
  out.type = family.type == MetricType::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  out.metric.reserve(family.samples.size());
  for (const CollectedSample& sample : family.samples) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    (family.type == MetricType::counter ? metric.counter.value : metric.gauge.value) = sample.value;
    out.metric.push_back(std::move(metric));
  }
  return out;
}

}  // namespace

void Counter::add(double by) const {
  counter_->Increment(by);
}
double Counter::value() const {
  return counter_->Value();
}
void Gauge::set(double value) const {
  gauge_->Set(value);
}
void Gauge::add(double by) const {
  gauge_->Increment(by);
}
double Gauge::value() const {
  return gauge_->Value();
}
void Histogram::observe(double value) const {
  histogram_->Observe(value);
}

std::vector<double> latency_buckets() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
}

class MetricsRegistry::Impl {
 public:
  // Merge: asking again for a name gives the family that is there.
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  mutable std::mutex mutex;
  std::vector<MetricCollector> collectors;
};

MetricsRegistry::MetricsRegistry() : impl_(std::make_unique<Impl>()) {}
MetricsRegistry::~MetricsRegistry() = default;

Counter MetricsRegistry::counter(const MetricName& name, const MetricLabels& labels) {
  return Counter(prometheus::BuildCounter().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels));
}

Gauge MetricsRegistry::gauge(const MetricName& name, const MetricLabels& labels) {
  return Gauge(prometheus::BuildGauge().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels));
}

Histogram MetricsRegistry::histogram(const MetricName& name, const std::vector<double>& bounds,
                                     const MetricLabels& labels) {
  return Histogram(
      prometheus::BuildHistogram().Name(name.name).Help(name.help).Register(impl_->registry).Add(labels, bounds));
}

void MetricsRegistry::add_collector(MetricCollector collector) {
  const std::lock_guard lock(impl_->mutex);
  impl_->collectors.push_back(std::move(collector));
}

std::string MetricsRegistry::expose() const {
  std::vector<MetricCollector> collectors;
  {
    const std::lock_guard lock(impl_->mutex);
    collectors = impl_->collectors;
  }
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  for (const MetricCollector& collect : collectors) {
    for (const CollectedFamily& family : collect()) families.push_back(to_prometheus(family));
  }
  // A family without series would show as help text only.
  std::erase_if(families, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

HttpResponse MetricsRegistry::scrape_response() const {
  HttpResponse response;
  response.content_type = std::string(kMetricsContentType);
  response.body = expose();
  return response;
}

}  // namespace headroom::runtime
