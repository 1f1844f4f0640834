#include "cluster/slice_poller.h"

#include <algorithm>
#include <utility>

#include "kube/endpoint_slice.h"

namespace headroom::cluster {
namespace {

constexpr base::Seconds kAfterFailure{5};

}  // namespace

SlicePoller::SlicePoller(kube::ApiClient& client, std::vector<std::string> namespaces, base::Seconds period,
                         OnSlices on_slices)
    : clock_(client.clock()),
      namespaces_(std::move(namespaces)),
      period_(period),
      on_slices_(std::move(on_slices)),
      connection_(client.open({})),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

SlicePoller::~SlicePoller() {
  thread_.request_stop();
  connection_->cancel();
}

SlicePoller::View SlicePoller::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void SlicePoller::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool all_read = poll_once(stop);
    const base::Seconds delay = all_read ? period_ : std::min(period_, kAfterFailure);
    static_cast<void>(clock_.wait_until(clock_.mono_now() + delay, stop));
  }
}

bool SlicePoller::poll_once(const std::stop_token& stop) {
  std::string errors;
  for (const std::string& ns : namespaces_) {
    auto slices = kube::list_endpoint_slices(*connection_, ns);
    if (stop.stop_requested()) return false;
    if (slices) {
      by_namespace_[ns] = *std::move(slices);
    } else {
      errors += (errors.empty() ? "" : "; ") + slices.error().message;
    }
  }
  std::vector<model::EndpointSlice> all;
  for (const auto& [ns, slices] : by_namespace_) all.insert(all.end(), slices.begin(), slices.end());
  {
    const std::lock_guard lock(mutex_);
    view_.slices = all.size();
    view_.status.state = errors.empty() ? kube::ReflectorState::synced : kube::ReflectorState::failing;
    view_.status.error = errors;
  }
  if (!handed_on_once_ || all != handed_on_) {
    handed_on_once_ = true;
    handed_on_ = std::move(all);
    on_slices_(handed_on_);
  }
  return errors.empty();
}

}  // namespace headroom::cluster
