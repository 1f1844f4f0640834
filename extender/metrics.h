// The extender's own metrics: handles for the hot path, and the collector for what is computed at scrape time.
// docs/metrics.md lists them; a test holds the two together.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "extender/bind_service.h"
#include "extender/decide.h"
#include "extender/decision.h"
#include "extender/ledger_guard.h"
#include "extender/requeue_loop.h"
#include "runtime/metrics.h"

namespace headroom::extender {

enum class Verb { filter, prioritize, preempt, bind };
inline constexpr std::size_t kVerbs = 4;
[[nodiscard]] std::string_view to_string(Verb verb);

// How a verb call was answered.
enum class VerbResult {
  ok,
  bad_request,  // the body could not be read
  not_ready,    // no usable books
  refused,      // filter, preempt: no node left. bind: an error
};
inline constexpr std::size_t kVerbResults = 4;
[[nodiscard]] std::string_view to_string(VerbResult result);

// Thread-safe.
class Metrics {
 public:
  explicit Metrics(runtime::MetricsRegistry& registry);

  void observe(Verb verb, VerbResult result, base::Microseconds took) const;
  void count_refusals(const FilterDecision& decision) const;
  void count(BindResult result) const;
  void count(PatchResult result) const;

 private:
  std::array<std::vector<runtime::Counter>, kVerbs> requests_;
  std::vector<runtime::Histogram> durations_;
  std::vector<runtime::Counter> refusals_;
  std::vector<runtime::Counter> would_refuse_;
  std::vector<runtime::Counter> binds_;
  std::vector<runtime::Counter> patches_;
};

struct ScrapeSources {
  const PublishedDecision& decisions;
  const LedgerGuard& ledger;
  const RequeueLoop& requeue;
  base::Clock& clock;
};
// Racks, elements, sources, conditions, ledger, waiting pods and the books' age. The sources outlive the collector.
[[nodiscard]] runtime::MetricCollector make_collector(ScrapeSources sources);

}  // namespace headroom::extender
