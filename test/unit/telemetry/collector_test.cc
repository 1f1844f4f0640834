#include "telemetry/collector.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "runtime/system_clock.h"
#include "telemetry/page_parser.h"

namespace headroom::telemetry {
namespace {

using model::PowerScope;

// What the fake endpoints answer, by URL. Thread-safe.
class World {
 public:
  enum class Behaviour { answers, fails, hangs };
  struct Site {
    Behaviour behaviour = Behaviour::answers;
    std::string page;
    std::map<std::string, std::vector<Sample>> queries;
    std::string hangs_on;  // this query alone
    int polls = 0;
  };

  void set(const std::string& url, Behaviour behaviour, const std::string& page = {}) {
    const std::lock_guard lock(mutex_);
    sites_[url].behaviour = behaviour;
    if (!page.empty()) sites_[url].page = page;
  }
  void answer(const std::string& url, const std::string& query, std::vector<Sample> rows) {
    const std::lock_guard lock(mutex_);
    sites_[url].queries[query] = std::move(rows);
  }
  void hang_on(const std::string& url, const std::string& query) {
    const std::lock_guard lock(mutex_);
    sites_[url].hangs_on = query;
  }
  [[nodiscard]] Site visit(const std::string& url) {
    const std::lock_guard lock(mutex_);
    ++sites_[url].polls;
    changed_.notify_all();
    return sites_[url];
  }
  void await_polls(const std::string& url, int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return sites_[url].polls >= count; })) << url;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Site> sites_;
};

// Blocks until cancelled.
class Hang {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    cancelled_.wait(lock, [&] { return done_; });
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    cancelled_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable cancelled_;
  bool done_ = false;
};

class FakeSource final : public SampleSource {
 public:
  FakeSource(World& world, std::string url, base::Clock& clock) : world_(world), url_(std::move(url)), clock_(clock) {}
  base::Result<Poll> poll() override {
    const World::Site site = world_.visit(url_);
    if (site.behaviour == World::Behaviour::hangs) hang_.wait();
    if (site.behaviour != World::Behaviour::answers) return base::unavailable("connection refused");
    return parse_page(site.page, clock_.wall_now());
  }
  void cancel() override { hang_.cancel(); }

 private:
  World& world_;
  std::string url_;
  base::Clock& clock_;
  Hang hang_;
};

class FakeApi final : public QueryApi {
 public:
  FakeApi(World& world, std::string url) : world_(world), url_(std::move(url)) {}
  base::Result<std::vector<Sample>> query(std::string_view promql) override {
    const World::Site site = world_.visit(url_);
    if (site.behaviour == World::Behaviour::hangs || site.hangs_on == promql) hang_.wait();
    if (site.behaviour != World::Behaviour::answers) return base::unavailable("connection refused");
    const auto found = site.queries.find(std::string(promql));
    return found == site.queries.end() ? std::vector<Sample>{} : found->second;
  }
  void cancel() override { hang_.cancel(); }

 private:
  World& world_;
  std::string url_;
  Hang hang_;
};

class FakeFactory final : public SourceFactory {
 public:
  FakeFactory(World& world, base::Clock& clock) : world_(world), clock_(clock) {}
  base::Result<std::unique_ptr<SampleSource>> exporter(const Endpoint& endpoint) override {
    if (endpoint.url.find("nofile") != std::string::npos) return base::invalid_input("/etc/ca.crt: no such file");
    return std::unique_ptr<SampleSource>(std::make_unique<FakeSource>(world_, endpoint.url, clock_));
  }
  base::Result<std::unique_ptr<QueryApi>> prometheus(const Endpoint& endpoint) override {
    return std::unique_ptr<QueryApi>(std::make_unique<FakeApi>(world_, endpoint.url));
  }

 private:
  World& world_;
  base::Clock& clock_;
};

std::string kepler(const std::string& node, int watts) {
  return "kepler_node_cpu_watts{node_name=\"" + node + "\",path=\"p\",zone=\"package\"} " + std::to_string(watts) +
         "\n";
}

class CollectorTest : public testing::Test {
 protected:
  using Snapshot = std::shared_ptr<const model::TelemetrySnapshot>;

  CollectorTest() {
    config_.discovery.enabled = true;
    config_.scrape_interval = base::Milliseconds(100);
    config_.prometheus_interval = base::Milliseconds(100);
    config_.publish_interval = base::Milliseconds(10);
    config_.concurrency = 4;
  }

  void exporter(const std::string& name, const std::string& page) {
    config_.exporters.push_back({name, url(name), "", {}});
    world_.set(url(name), World::Behaviour::answers, page);
  }
  static std::string url(const std::string& name) { return "http://" + name + "/metrics"; }

  Collector& start() {
    collector_ = std::make_unique<Collector>(config_, clock_, factory_, [this] {
      const std::lock_guard lock(mutex_);
      ++published_;
      changed_.notify_all();
    });
    collector_->set_nodes({{"a", "", {}}, {"b", "", {}}});
    collector_->start();
    return *collector_;
  }

  // The first published snapshot for which it holds.
  Snapshot await(const std::function<bool(const model::TelemetrySnapshot&)>& holds) {
    std::unique_lock lock(mutex_);
    Snapshot snapshot;
    const bool held = changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      snapshot = collector_->snapshot();
      return snapshot != nullptr && holds(*snapshot);
    });
    EXPECT_TRUE(held);
    return snapshot;
  }

  static std::optional<base::Power> package(const model::TelemetrySnapshot& snapshot, const std::string& node) {
    const auto found = snapshot.nodes.find(node);
    if (found == snapshot.nodes.end() || !found->second.of(PowerScope::package_dram)) return std::nullopt;
    return found->second.of(PowerScope::package_dram)->power;
  }
  static model::SourceStatus source(const model::TelemetrySnapshot& snapshot, const std::string& name) {
    for (const auto& one : snapshot.sources) {
      if (one.name == name) return one;
    }
    return {};
  }

  runtime::SystemClock clock_;
  World world_;
  FakeFactory factory_{world_, clock_};
  TelemetryConfig config_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int published_ = 0;
  std::unique_ptr<Collector> collector_;  // last: its threads end before what they use
};

TEST_F(CollectorTest, HasASnapshotAsSoonAsItIsStarted) {
  exporter("k", kepler("a", 100));
  EXPECT_NE(start().snapshot(), nullptr);
}

TEST_F(CollectorTest, PublishesWhatItsSourcesSay) {
  exporter("k1", kepler("a", 100));
  exporter("k2", kepler("b", 200));
  start();
  const auto snapshot = await([](const auto& s) { return package(s, "a") && package(s, "b"); });
  EXPECT_EQ(package(*snapshot, "a"), base::watts(100));
  EXPECT_EQ(package(*snapshot, "b"), base::watts(200));
  EXPECT_TRUE(source(*snapshot, "k1").up);
  EXPECT_EQ(source(*snapshot, "k1").samples, 1U);
}

TEST_F(CollectorTest, ADeadExporterIsMissingNotZeroAndItsLastReadingGrowsStale) {
  exporter("k", kepler("a", 100));
  start();
  await([](const auto& s) { return package(s, "a").has_value(); });
  world_.set(url("k"), World::Behaviour::fails);
  const auto dead = await([](const auto& s) { return !source(s, "k").up && source(s, "k").failures >= 2; });
  EXPECT_EQ(package(*dead, "a"), base::watts(100));
  EXPECT_EQ(source(*dead, "k").error, "connection refused");
  const auto when = dead->nodes.at("a").of(PowerScope::package_dram)->window_end;
  const auto later = await([](const auto& s) { return source(s, "k").failures >= 3; });
  EXPECT_EQ(later->nodes.at("a").of(PowerScope::package_dram)->window_end, when);
  world_.set(url("k"), World::Behaviour::answers, kepler("a", 50));
  await([](const auto& s) { return package(s, "a") == base::watts(50); });
}

TEST_F(CollectorTest, HangingExportersNeverDelayTheOthers) {
  // One hanging source fewer than threads in the first round; from then on they are suspects with half the threads.
  for (const char* name : {"h1", "h2", "h3"}) {
    exporter(name, "x 1\n");
    world_.set(url(name), World::Behaviour::hangs);
  }
  exporter("k", kepler("a", 100));
  start();
  world_.await_polls(url("k"), 10);
  EXPECT_TRUE(source(*collector_->snapshot(), "k").up);
}

TEST_F(CollectorTest, StoppingEndsRequestsInFlight) {
  exporter("h", "x 1\n");
  world_.set(url("h"), World::Behaviour::hangs);
  start();
  world_.await_polls(url("h"), 1);
  collector_->stop();
  collector_->stop();
}

model::EndpointSlice kepler_slice(const std::string& ns, const std::string& node, const std::string& ip) {
  model::EndpointSlice slice;
  slice.ns = ns;
  slice.name = "kepler-x";
  slice.labels = {{"app.kubernetes.io/name", "kepler"}, {"kubernetes.io/service-name", "kepler"}};
  slice.ports = {{"http", 28282}};
  slice.endpoints = {{{ip}, node, "kepler-pod", true}};
  return slice;
}

TEST_F(CollectorTest, FoundExportersComeAndGoAndSpeakOfTheirNodeOnly) {
  world_.set("http://10.0.0.1:28282/metrics", World::Behaviour::answers, kepler("a", 100) + kepler("b", 1));
  world_.set("http://10.6.6.6:28282/metrics", World::Behaviour::answers, kepler("b", 666));
  Collector& collector = start();
  collector.set_endpoint_slices({kepler_slice("kepler", "a", "10.0.0.1"), kepler_slice("tenant", "b", "10.6.6.6")});
  const auto found = await([](const auto& s) { return package(s, "a").has_value(); });
  EXPECT_EQ(package(*found, "b"), std::nullopt);
  EXPECT_EQ(found->unmatched_count, 1U);
  ASSERT_EQ(found->unmatched_series.size(), 1U);
  EXPECT_NE(found->unmatched_series[0].find("node_name=\"b\""), std::string::npos);
  collector.set_endpoint_slices({});
  const auto gone = await([](const auto& s) { return s.sources.empty(); });
  EXPECT_EQ(package(*gone, "a"), base::watts(100)) << "what it said last stays";
}

TEST_F(CollectorTest, NodesThatAreLearntLaterAreMatchedThen) {
  exporter("k", kepler("late", 100));
  Collector& collector = start();
  await([](const auto& s) { return s.unmatched_count == 1; });
  collector.set_nodes({{"late", "", {}}});
  const auto snapshot = await([](const auto& s) { return package(s, "late").has_value(); });
  EXPECT_EQ(snapshot->unmatched_count, 0U);
}

TEST_F(CollectorTest, AnEndpointThatCannotBeOpenedSaysWhy) {
  exporter("nofile", "x 1\n");
  start();
  await([](const auto& s) { return source(s, "nofile").error == "/etc/ca.crt: no such file"; });
}

TEST_F(CollectorTest, ElementMetersComeFromTheFirstPrometheusThatAnswers) {
  config_.prometheus = {{"dead", "http://dead", {}, false}, {"live", "http://live", {}, false}};
  world_.set("http://dead", World::Behaviour::fails);
  const auto now = clock_.wall_now();
  world_.answer("http://live", "pdu", {{"pdu", {{"rack", "r1"}}, 4200, now}});
  world_.answer("http://live", "timestamp(pdu)",
                {{"", {{"rack", "r1"}}, static_cast<double>(now.time_since_epoch().count()) / 1e6, now}});
  world_.set("http://live", World::Behaviour::answers);
  start().set_topology_queries(
      {{MeterKind::power, {"pdu", ""}, "", "rack"}, {MeterKind::power, {"absent", ""}, "x", ""}});
  const auto snapshot = await([](const auto& s) { return !s.element_meters.empty(); });
  EXPECT_EQ(snapshot->element_meters.at("r1").power, base::watts(4200));
  const auto status = source(*snapshot, "topology queries");
  EXPECT_EQ(status.endpoint, "http://live");
  EXPECT_NE(status.rejected_example.find("absent"), std::string::npos);
}

TEST_F(CollectorTest, APolicysQueryThatHangsDelaysNoMeter) {
  config_.prometheus = {{"p", "http://p", {}, false}};
  world_.hang_on("http://p", "sum(slow)");
  world_.answer("http://p", "sum(pdu)", {{"", {}, 4200, clock_.wall_now()}});
  start().set_topology_queries(
      {{MeterKind::performance, {"sum(slow)", ""}, "llm/p", ""}, {MeterKind::power, {"sum(pdu)", ""}, "x", ""}});
  await([](const auto& s) { return s.element_meters.count("x") == 1; });
  world_.answer("http://p", "sum(pdu)", {{"", {}, 4300, clock_.wall_now()}});
  await([](const auto& s) { return s.element_meters.at("x").power == base::watts(4300); });
}

TEST_F(CollectorTest, APolicysPerformanceIsPublished) {
  config_.prometheus = {{"p", "http://p", {}, false}};
  world_.answer("http://p", "sum(tokens)", {{"", {}, 12.5, clock_.wall_now()}});
  start().set_topology_queries({{MeterKind::performance, {"sum(tokens)", ""}, "llm/p", ""}});
  const auto snapshot = await([](const auto& s) { return s.performance.count("llm/p") == 1; });
  EXPECT_EQ(snapshot->performance.at("llm/p").value, 12.5);
  EXPECT_EQ(source(*snapshot, "performance queries").endpoint, "http://p");
}

TEST_F(CollectorTest, WithoutAnyPrometheusTopologyQueriesSaySo) {
  start().set_topology_queries({{MeterKind::power, {"pdu", ""}, "", "rack"}});
  await([](const auto& s) { return source(s, "topology queries").error == "no Prometheus is configured or found"; });
}

}  // namespace
}  // namespace headroom::telemetry
