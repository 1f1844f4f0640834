#include "demo/embedded_cluster.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "demo/api_server.h"
#include "demo/capping.h"
#include "demo/cluster_objects.h"
#include "demo/exporters.h"
#include "demo/extender_process.h"
#include "demo/hall.h"
#include "demo/kubelets.h"
#include "demo/scheduler.h"
#include "demo/story.h"
#include "demo/table.h"
#include "runtime/system_clock.h"

namespace headroom::demo {
namespace {

// Removed with everything in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "headroom-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Prints the table: over the last one on a terminal, else when the headline changes.
class Screen {
 public:
  explicit Screen(bool live) : live_(live) {}

  void show(const std::string& headline, const std::string& table) {
    if (!live_ && headline == last_) return;
    if (live_ && lines_ > 0 && headline == last_) std::printf("\x1b[%dA\x1b[J", lines_);
    const std::string text = (headline == last_ || live_ ? "" : "\n") + ("== " + headline + "\n") + table;
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    last_ = headline;
  }

 private:
  const bool live_;
  int lines_ = 0;
  std::string last_;
};

class EmbeddedCluster {
 public:
  explicit EmbeddedCluster(const EmbeddedOptions& options)
      : options_(options), hall_(HallOptions{}), server_({}), exporters_(hall_, clock_), screen_(options.live) {}
  ~EmbeddedCluster() {
    if (scheduler_) scheduler_->stop();
    if (kubelets_) kubelets_->stop();
    capping_.reset();
    if (extender_) extender_->stop();
  }
  EmbeddedCluster(const EmbeddedCluster&) = delete;
  EmbeddedCluster& operator=(const EmbeddedCluster&) = delete;

  base::Status start() {
    if (folder_.path().empty()) return base::unavailable("no temporary folder can be made");
    if (auto status = server_.start(); !status) return base::with_context(status.error(), "API server");
    if (auto status = create_cluster(server_, hall_, facts_, options_.crds); !status) return status;
    if (auto status = exporters_.start(); !status) return base::with_context(status.error(), "exporters");
    extender_ = std::make_unique<ExtenderProcess>(
        ExtenderOptions{options_.programs + "/headroom-extender", folder_.path(), server_.url(), exporters_.url()},
        hall_, clock_);
    if (auto status = extender_->start(base::Milliseconds(10'000)); !status) return status;
    capping_ = std::make_unique<Capping>(CappingOptions{.controller_binary = options_.programs + "/headroom-controller",
                                                        .agent_binary = options_.programs + "/rapl-agent",
                                                        .raplfs_binary = options_.programs + "/raplfs",
                                                        .layouts = options_.layouts,
                                                        .folder = folder_.path(),
                                                        .exporters_url = exporters_.url()},
                                         server_, hall_, clock_);
    if (auto status = capping_->start(base::Milliseconds(10'000)); !status) return status;
    kubelets_ = std::make_unique<Kubelets>(server_, hall_, clock_, facts_.watts_per_core);
    kubelets_->start();
    scheduler_ = std::make_unique<Scheduler>(
        SchedulerOptions{extender_->verbs_url(), extender_->bind_url(), facts_.cores}, server_, hall_, clock_);
    scheduler_->start();
    return base::ok_status();
  }

  void print_urls() const {
    std::printf("API server stand-in  %s/apis/powercapping.example.com/v1alpha1/powertopologies\n",
                server_.url().c_str());
    std::printf("exporters            %s/kepler/rack-a-n1  %s/node_exporter/rack-a-n1\n", exporters_.url().c_str(),
                exporters_.url().c_str());
    std::printf("extender             %s/debug/snapshot  %s/explain?pod=default/pod-1\n",
                extender_->verbs_url().c_str(), extender_->verbs_url().c_str());
    std::printf("                     %s/metrics  %s/readyz\n", extender_->health_url().c_str(),
                extender_->health_url().c_str());
    std::printf("its configuration    %s\nits log              %s\n\n", extender_->config_file().c_str(),
                extender_->log_file().c_str());
    std::fflush(stdout);
  }

  int play() {
    Story story({server_, hall_, *extender_, *scheduler_, *capping_, clock_, facts_, options_.stop,
                 [this](const std::string& headline) { show(headline); }});
    const auto failures = story.play();
    if (options_.stop.stop_requested()) return 130;
    print_summary(failures);
    if (options_.once || !failures.empty()) return failures.empty() ? 0 : 1;
    std::printf("\nGoing on until Ctrl-C. The URLs:\n");
    print_urls();
    while (!options_.stop.stop_requested() && extender_->running()) story.go_on();
    return options_.stop.stop_requested() ? 0 : 1;
  }

 private:
  void show(const std::string& headline) {
    if (auto racks = extender_->racks()) racks_ = *std::move(racks);
    screen_.show(headline, render_table({racks_, scheduler_->view(), capping_->rows()}));
  }

  void print_summary(const std::vector<std::string>& failures) {
    const SchedulerView view = scheduler_->view();
    std::printf("\n%s", render_table({racks_, view, capping_->rows()}).c_str());
    const auto sources = extender_->sources();
    std::printf("\n%zu pods placed, %zu waiting, %llu filter calls, %llu binds refused; %d of %d exporters up\n",
                view.placements.size(), view.waiting.size(), static_cast<unsigned long long>(view.filter_calls),
                static_cast<unsigned long long>(view.bind_refusals), sources ? sources->up : 0,
                sources ? sources->all : 0);
    const auto calls = extender_->metric("headroom_verb_duration_seconds_count{verb=\"filter\"}");
    const auto spent = extender_->metric("headroom_verb_duration_seconds_sum{verb=\"filter\"}");
    if (calls && spent && *calls > 0)
      std::printf("filter took %.0f us in the mean, by the extender's own metrics\n", *spent / *calls * 1e6);
    for (const std::string& failure : failures) std::printf("FAILED: %s\n", failure.c_str());
    if (failures.empty()) {
      std::printf(
          "As expected: no rack past its limit, no pod on the hot rack, pods on it again once cooled, the policy's cap "
          "held; caps read back, and were kept while a controller was away.\n");
    }
    std::fflush(stdout);
  }

  const EmbeddedOptions options_;
  runtime::SystemClock clock_;
  const ClusterFacts facts_;
  Folder folder_;
  Hall hall_;
  ApiServer server_;
  Exporters exporters_;
  std::unique_ptr<ExtenderProcess> extender_;
  std::unique_ptr<Capping> capping_;
  std::unique_ptr<Kubelets> kubelets_;
  std::unique_ptr<Scheduler> scheduler_;
  Screen screen_;
  std::vector<RackView> racks_;
};

}  // namespace

base::Result<int> run_embedded_cluster(const EmbeddedOptions& options) {
  EmbeddedCluster cluster(options);
  if (auto status = cluster.start(); !status) return status.error();
  cluster.print_urls();
  return cluster.play();
}

}  // namespace headroom::demo
