#include "extender/metrics.h"

#include <chrono>

namespace headroom::extender {
namespace {

double seconds(base::Microseconds span) {
  return std::chrono::duration<double>(span).count();
}

std::vector<runtime::Counter> by_reason(runtime::MetricsRegistry& registry, const runtime::MetricName& name) {
  std::vector<runtime::Counter> counters;
  for (std::size_t i = 0; i < scoring::kReasons; ++i) {
    const auto& text = scoring::text_of(static_cast<scoring::Reason>(i));
    counters.push_back(registry.counter(name, {{"reason", std::string(text.code)}}));
  }
  return counters;
}

// One counter for each value of a small enumeration.
template <class Enumeration>
std::vector<runtime::Counter> by_result(runtime::MetricsRegistry& registry, const runtime::MetricName& name,
                                        std::size_t values) {
  std::vector<runtime::Counter> counters;
  for (std::size_t i = 0; i < values; ++i) {
    counters.push_back(registry.counter(name, {{"result", std::string(to_string(static_cast<Enumeration>(i)))}}));
  }
  return counters;
}

void add_all(const std::vector<runtime::Counter>& counters, const ReasonCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) counters[i].add(counts[i]);
  }
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::filter: return "filter";
    case Verb::prioritize: return "prioritize";
    case Verb::preempt: return "preempt";
    case Verb::bind: return "bind";
  }
  return "filter";
}

std::string_view to_string(VerbResult result) {
  switch (result) {
    case VerbResult::ok: return "ok";
    case VerbResult::bad_request: return "bad_request";
    case VerbResult::not_ready: return "not_ready";
    case VerbResult::refused: return "refused";
  }
  return "refused";
}

Metrics::Metrics(runtime::MetricsRegistry& registry) {
  for (std::size_t v = 0; v < kVerbs; ++v) {
    const std::string verb(to_string(static_cast<Verb>(v)));
    for (std::size_t r = 0; r < kVerbResults; ++r) {
      requests_[v].push_back(
          registry.counter({"headroom_verb_requests_total", "Verb calls of kube-scheduler by how they were answered."},
                           {{"verb", verb}, {"result", std::string(to_string(static_cast<VerbResult>(r)))}}));
    }
    durations_.push_back(
        registry.histogram({"headroom_verb_duration_seconds", "Time from the whole body read to the reply made."},
                           runtime::latency_buckets(), {{"verb", verb}}));
  }
  refusals_ = by_reason(registry, {"headroom_refusals_total", "Nodes refused by filter, by reason code."});
  would_refuse_ = by_reason(
      registry, {"headroom_would_refuse_total", "Nodes passed by filter that a Recommend mode would have refused."});
  binds_ =
      by_result<BindResult>(registry, {"headroom_binds_total", "Bind calls and repetitions by result."}, kBindResults);
  patches_ = by_result<PatchResult>(
      registry, {"headroom_requeue_patches_total", "Patches of the pods' Headroom condition."}, kPatchResults);
}

void Metrics::observe(Verb verb, VerbResult result, base::Microseconds took) const {
  const auto v = static_cast<std::size_t>(verb);
  requests_[v][static_cast<std::size_t>(result)].add();
  durations_[v].observe(seconds(took));
}

void Metrics::count_refusals(const FilterDecision& decision) const {
  add_all(refusals_, decision.refused);
  add_all(would_refuse_, decision.would_refuse);
}

void Metrics::count(BindResult result) const {
  binds_[static_cast<std::size_t>(result)].add();
}

void Metrics::count(PatchResult result) const {
  patches_[static_cast<std::size_t>(result)].add();
}

}  // namespace headroom::extender
