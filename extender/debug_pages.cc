#include "extender/debug_pages.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "extender/debug_json.h"
#include "scoring/explain.h"
#include "scoring/judge.h"

namespace headroom::extender {
namespace {

runtime::HttpResponse json_reply(std::string body, int status = 200) {
  runtime::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

runtime::HttpResponse failure(int status, std::string_view error) {
  return json_reply(error_page(error), status);
}

runtime::HttpResponse plain(int status, std::string text) {
  runtime::HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text) + "\n";
  return response;
}

std::string query_of(const runtime::HttpRequest& request, std::string_view key) {
  const auto found = request.query.find(key);
  return found == request.query.end() ? std::string() : found->second;
}

std::vector<ApiSource> sources_of(const DebugSources& use) {
  return use.api_sources ? use.api_sources() : std::vector<ApiSource>();
}

// Why the first lists do not come, where the API server said why.
std::string with_errors(std::string problem, const std::vector<ApiSource>& sources) {
  for (const ApiSource& source : sources) {
    if (!source.error.empty()) problem += "; " + source.name + ": " + source.error;
  }
  return problem;
}

}  // namespace

runtime::HttpResponse DebugPages::explain(const runtime::HttpRequest& request) const {
  const auto ledger = use_.ledger.view();
  const auto decision = use_.decisions.load();
  if (decision == nullptr) return failure(503, not_synced(use_.snapshots.load().get()));
  const std::string wanted = query_of(request, "pod");
  if (wanted.empty()) return failure(400, "pod is missing: /explain?pod=namespace/name&node=name");
  const auto pod = find_pod(*decision->snapshot, wanted);
  if (pod == nullptr) return failure(404, "no pod " + wanted);
  const scoring::Books& books = *decision->books;
  scoring::Judge judge(books, *ledger, *pod);
  std::vector<scoring::Explanation> nodes;
  if (const std::string node = query_of(request, "node"); !node.empty()) {
    nodes.push_back(scoring::explain(judge, books, node));
  } else {
    for (const auto& row : books.table->nodes) nodes.push_back(scoring::explain(judge, books, row.node->name));
    std::stable_sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
      if (a.reason.empty() != b.reason.empty()) return a.reason.empty();
      return a.score > b.score;
    });
  }
  return json_reply(explain_page(*pod, nodes));
}

runtime::HttpResponse DebugPages::snapshot(const runtime::HttpRequest& /*request*/) const {
  const auto ledger = use_.ledger.view();
  const auto decision = use_.decisions.load();
  const auto seen = use_.snapshots.load();
  if (decision == nullptr) return json_reply(not_ready_page(not_synced(seen.get())));
  const std::string problem = not_usable(decision.get(), {use_.clock.mono_now(), use_.max_books_age});
  return json_reply(
      snapshot_page({*decision, *ledger, *use_.requeue.view(), use_.clock.wall_now(), problem, sources_of(use_)}));
}

runtime::HttpResponse DebugPages::livez(const runtime::HttpRequest& /*request*/) const {
  return plain(200, "ok");
}

runtime::HttpResponse DebugPages::readyz(const runtime::HttpRequest& /*request*/) const {
  if (use_.draining) return plain(503, "Draining");
  const auto decision = use_.decisions.load();
  std::string problem;
  if (decision == nullptr) {
    problem = not_synced(use_.snapshots.load().get());
    if (problem.empty()) problem = "NotSynced: waiting for the first readings of telemetry";
    problem = with_errors(std::move(problem), sources_of(use_));
  } else {
    problem = not_usable(decision.get(), {use_.clock.mono_now(), use_.max_books_age});
  }
  return problem.empty() ? plain(200, "ok") : plain(503, problem);
}

void DebugPages::add_debug_routes(runtime::HttpServer& server) const {
  server.route("GET", "/explain", [this](const runtime::HttpRequest& request) { return explain(request); });
  server.route("GET", "/debug/snapshot", [this](const runtime::HttpRequest& request) { return snapshot(request); });
}

void DebugPages::add_health_routes(runtime::HttpServer& server) const {
  server.route("GET", "/livez", [this](const runtime::HttpRequest& request) { return livez(request); });
  server.route("GET", "/readyz", [this](const runtime::HttpRequest& request) { return readyz(request); });
}

}  // namespace headroom::extender
