#include "controller/health_pages.h"

#include <chrono>
#include <map>
#include <utility>

#include "controller/cap_metrics.h"

namespace headroom::controller {
namespace {

using runtime::CollectedFamily;
using runtime::MetricType;

runtime::HttpResponse plain(int status, std::string text) {
  runtime::HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text) + "\n";
  return response;
}

std::string missing_kinds(const model::SyncState& sync) {
  if (sync.crds_missing) return "CRDsMissing: the custom resources are not installed";
  std::string kinds;
  const std::pair<const char*, bool> all[] = {
      {"nodes", sync.nodes}, {"pods", sync.pods}, {"policies", sync.policies}, {"topologies", sync.topologies}};
  for (const auto& [kind, synced] : all) {
    if (!synced) kinds += (kinds.empty() ? "" : ", ") + std::string(kind);
  }
  return "NotSynced: not listed yet: " + kinds;
}

CollectedFamily family(const char* name, const char* help, MetricType type) {
  return {{name, help}, type, {}};
}

std::vector<CollectedFamily> element_families(const scoring::Books& books) {
  auto limit =
      family("headroom_element_limit_watts", "Limit of an element: ratedWatts x continuousPercent.", MetricType::gauge);
  auto booked = family("headroom_element_booked_watts", "What admission counts for an element.", MetricType::gauge);
  auto present = family("headroom_element_present_watts",
                        "Metered load of an element plus pods that no sample covers yet.", MetricType::gauge);
  for (std::size_t i = 0; i < books.topology->elements.size(); ++i) {
    const auto& element = books.topology->elements[i];
    const auto& load = books.views.front().elements[i];
    const runtime::MetricLabels labels{{"element", element.name},
                                       {"type", std::string(topology::to_string(element.type))}};
    limit.samples.push_back({labels, base::to_watts(element.limit)});
    booked.samples.push_back({labels, base::to_watts(load.booked)});
    present.samples.push_back({labels, base::to_watts(load.present)});
  }
  return {limit, booked, present};
}

CollectedFamily condition_family(const scoring::Books& books) {
  auto conditions =
      family("headroom_conditions", "Things people should know, by kind; status names them.", MetricType::gauge);
  std::map<std::string_view, int> counts;
  for (const auto& condition : books.conditions) ++counts[scoring::to_string(condition.kind)];
  for (const auto& [kind, count] : counts) {
    conditions.samples.push_back({{{"kind", std::string(kind)}}, static_cast<double>(count)});
  }
  return conditions;
}

std::vector<CollectedFamily> collect(const HealthView& view) {
  const auto report = view.loop.report();
  auto leads = family("headroom_controller_leads", "1 while this replica holds the lease and writes statuses.",
                      MetricType::gauge);
  leads.samples.push_back({{}, report->leads ? 1.0 : 0.0});
  auto writes = family("headroom_status_writes_total", "Writes to the API server, by result.", MetricType::counter);
  writes.samples.push_back({{{"result", "written"}}, static_cast<double>(report->writes)});
  writes.samples.push_back({{{"result", "failed"}}, static_cast<double>(report->write_failures)});
  std::vector<CollectedFamily> all{std::move(leads), std::move(writes)};
  for (auto& made : cap_families(*view.caps.load())) all.push_back(std::move(made));
  if (report->books == nullptr) return all;
  auto age = family("headroom_books_age_seconds", "Since the books were last kept.", MetricType::gauge);
  age.samples.push_back({{}, std::chrono::duration<double>(view.clock.mono_now() - report->kept_at).count()});
  all.push_back(std::move(age));
  for (auto& element : element_families(*report->books)) all.push_back(std::move(element));
  all.push_back(condition_family(*report->books));
  return all;
}

}  // namespace

std::string why_not_ready(const LoopReport& report, const model::ClusterSnapshot& snapshot, base::MonoTime now,
                          base::Milliseconds max_books_age) {
  if (report.books == nullptr || snapshot.sync.crds_missing) return missing_kinds(snapshot.sync);
  if (now - report.kept_at > max_books_age) return "BooksStale: the status loop does not run";
  return {};
}

void add_health_routes(runtime::HttpServer& server, runtime::MetricsRegistry& metrics, const HealthView& view) {
  server.route("GET", "/livez", [](const runtime::HttpRequest&) { return plain(200, "ok"); });
  server.route("GET", "/readyz", [view](const runtime::HttpRequest&) {
    const std::string problem =
        why_not_ready(*view.loop.report(), *view.store.snapshot(), view.clock.mono_now(), view.max_books_age);
    return problem.empty() ? plain(200, "ok") : plain(503, problem);
  });
  server.route("GET", "/metrics", [&metrics](const runtime::HttpRequest&) { return metrics.scrape_response(); });
}

void add_metrics(runtime::MetricsRegistry& metrics, const HealthView& view) {
  metrics.add_collector([view] { return collect(view); });
}

}  // namespace headroom::controller
