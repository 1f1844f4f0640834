#include "cluster/store.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "base/names.h"
#include "cluster/cluster_state.h"
#include "cluster/slice_poller.h"
#include "cluster/sources.h"
#include "runtime/logging.h"
#include "runtime/wake.h"
#include "telemetry/topology_queries.h"

namespace headroom::cluster {

namespace {

constexpr std::string_view kClaimsFailing =
    "source not in order: a pod whose claims were never read counts the most that one may draw";

bool is_claims(SourceKind kind) {
  return kind == SourceKind::resource_claims || kind == SourceKind::resource_claim_templates;
}

}  // namespace

class Store::Impl {
 public:
  Impl(StoreOptions options, StoreEdges edges)
      : options_(std::move(options)), edges_(std::move(edges)), clock_(edges_.client.clock()) {
    if (options_.system_namespace.empty()) options_.system_namespace = base::names::kSystemNamespace;
    published_.publish(state_.snapshot(clock_.wall_now(), telemetry()));
    for (const SourceKind kind : kSources) {
      views_.push_back({name_of(kind), {}, 0});
      sinks_.push_back(std::make_unique<QueueSink>(kind, [this](Change change) { push(std::move(change)); }));
    }
  }
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start() {
    if (writer_.joinable()) return;
    writer_ = std::jthread([this](const std::stop_token& stop) { write(stop); });
    for (std::size_t i = 0; i < kSources.size(); ++i) {
      QueueSink& sink = *sinks_[i];
      reflectors_.push_back(std::make_unique<kube::Reflector>(
          edges_.client, reflector_options(kSources[i], options_.system_namespace), sink,
          [&sink](const kube::ReflectorStatus& status) { sink.status(status); }));
    }
    if (edges_.collector == nullptr || options_.discovery_namespaces.empty()) return;
    auto slices =
        std::make_shared<SlicePoller>(edges_.client, options_.discovery_namespaces, options_.discovery_period,
                                      [this](const auto& found) { edges_.collector->set_endpoint_slices(found); });
    const std::lock_guard lock(mutex_);
    slices_ = std::move(slices);
  }

  void stop() {
    std::shared_ptr<SlicePoller> slices;
    {
      const std::lock_guard lock(mutex_);
      slices.swap(slices_);
    }
    slices.reset();
    reflectors_.clear();
    writer_ = {};
  }

  void telemetry_published() {
    {
      const std::lock_guard lock(mutex_);
      telemetry_changed_ = true;
    }
    wake_.notify();
  }

  [[nodiscard]] const base::Published<model::ClusterSnapshot>& published() const { return published_; }

  [[nodiscard]] std::vector<SourceView> sources() const {
    std::vector<SourceView> views;
    std::shared_ptr<const SlicePoller> slices;
    {
      const std::lock_guard lock(mutex_);
      views = views_;
      slices = slices_;
    }
    if (slices) views.push_back({"endpointslices", slices->view().status, slices->view().slices});
    return views;
  }

 private:
  void push(Change change) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(change));
    }
    wake_.notify();
  }

  void write(const std::stop_token& stop) {
    base::MonoTime not_before = clock_.mono_now();
    bool dirty = false;
    for (;;) {
      const base::MonoTime deadline = dirty ? not_before : expiry();
      if (!wake_.wait(clock_, deadline, stop)) return;
      dirty = take_changes() || dirty || clock_.wall_now() >= state_.next_expiry();
      if (!dirty || clock_.mono_now() < not_before) continue;
      publish();
      dirty = false;
      not_before = clock_.mono_now() + options_.least_interval;
    }
  }

  // When a deleted node is due to leave, or a day.
  base::MonoTime expiry() const {
    const base::WallTime now = clock_.wall_now();
    const base::WallTime next = std::min(state_.next_expiry(), now + std::chrono::hours(24));
    return clock_.mono_now() + (next - now);
  }

  bool take_changes() {
    std::vector<Change> changes;
    bool dirty = false;
    {
      const std::lock_guard lock(mutex_);
      changes.swap(queue_);
      dirty = std::exchange(telemetry_changed_, false);
    }
    for (Change& change : changes) {
      if (change.what == Change::What::status) log_status(change);
      dirty = state_.apply(std::move(change), clock_.wall_now()) || dirty;
    }
    return dirty;
  }

  static void log_status(const Change& change) {
    const std::string name = name_of(change.source);
    switch (change.status.state) {
      case kube::ReflectorState::starting: return;
      case kube::ReflectorState::synced: return runtime::log_info("cluster", "source in order", {{"source", name}});
      case kube::ReflectorState::resource_missing:
        if (is_claims(change.source)) {
          return runtime::log_info("cluster",
                                   "not served by this API server: a pod that claims devices counts the most",
                                   {{"source", name}});
        }
        [[fallthrough]];
      case kube::ReflectorState::failing:
        return runtime::log_warning("cluster", is_claims(change.source) ? kClaimsFailing : "source not in order",
                                    {{"source", name}, {"error", change.status.error}});
    }
  }

  void publish() {
    const auto snapshot = state_.snapshot(clock_.wall_now(), telemetry());
    published_.publish(snapshot);
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < kSources.size(); ++i) {
        views_[i].status = state_.status(kSources[i]);
        views_[i].objects = state_.objects(kSources[i]);
      }
    }
    if (edges_.on_publish) edges_.on_publish();
    if (edges_.collector != nullptr) tell_collector(*snapshot);
  }

  void tell_collector(const model::ClusterSnapshot& snapshot) {
    tell_nodes(snapshot);
    const QueriesTold now{state_.version(SourceKind::topologies),
                          options_.performance_queries ? state_.version(SourceKind::policies) : 0};
    if (now == told_queries_) return;
    told_queries_ = now;
    std::vector<model::TopologyObject> objects;
    for (const auto& topology : snapshot.topologies) objects.push_back(*topology);
    telemetry::TopologyQueries queries = telemetry::queries_of(objects);
    std::vector<model::PolicyObject> policies;
    for (const auto& policy : snapshot.policies) policies.push_back(*policy);
    if (!options_.performance_queries) policies.clear();
    for (auto& query : telemetry::queries_of(policies)) queries.push_back(std::move(query));
    edges_.collector->set_topology_queries(std::move(queries));
  }

  void tell_nodes(const model::ClusterSnapshot& snapshot) {
    const NodesTold now{state_.version(SourceKind::nodes), snapshot.deleted_nodes.size()};
    if (now == told_nodes_) return;
    told_nodes_ = now;
    std::vector<telemetry::NodeIdentity> nodes;
    nodes.reserve(snapshot.nodes.size() + snapshot.deleted_nodes.size());
    for (const auto& node : snapshot.nodes) nodes.push_back(telemetry::identity_of(*node));
    // A deleted node's machine may still draw, and its exporters may still say so.
    for (const auto& deleted : snapshot.deleted_nodes) nodes.push_back(telemetry::identity_of(*deleted.node));
    edges_.collector->set_nodes(nodes);
  }

  [[nodiscard]] std::shared_ptr<const model::TelemetrySnapshot> telemetry() const {
    auto snapshot = edges_.collector == nullptr ? nullptr : edges_.collector->snapshot();
    if (snapshot == nullptr) return no_telemetry_;
    return snapshot;
  }

  struct NodesTold {
    std::uint64_t version = 0;
    std::size_t deleted = 0;
    bool operator==(const NodesTold&) const = default;
  };

  struct QueriesTold {
    std::uint64_t topologies = 0;
    std::uint64_t policies = 0;
    bool operator==(const QueriesTold&) const = default;
  };

  StoreOptions options_;
  const StoreEdges edges_;
  base::Clock& clock_;
  const std::shared_ptr<const model::TelemetrySnapshot> no_telemetry_ =
      std::make_shared<const model::TelemetrySnapshot>();
  base::Published<model::ClusterSnapshot> published_;

  ClusterState state_;        // the writer's
  NodesTold told_nodes_;      // the writer's
  QueriesTold told_queries_;  // the writer's

  mutable std::mutex mutex_;
  std::vector<Change> queue_;            // guarded by mutex_
  bool telemetry_changed_ = false;       // guarded by mutex_
  std::vector<SourceView> views_;        // guarded by mutex_
  std::shared_ptr<SlicePoller> slices_;  // guarded by mutex_
  runtime::Wake wake_;

  std::vector<std::unique_ptr<QueueSink>> sinks_;
  std::jthread writer_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
};

Store::Store(StoreOptions options, StoreEdges edges)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(edges))) {}
Store::~Store() = default;

void Store::start() {
  impl_->start();
}
void Store::stop() {
  impl_->stop();
}
const base::Published<model::ClusterSnapshot>& Store::published() const {
  return impl_->published();
}
void Store::telemetry_published() {
  impl_->telemetry_published();
}
std::vector<SourceView> Store::sources() const {
  return impl_->sources();
}

}  // namespace headroom::cluster
