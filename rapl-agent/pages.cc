#include "rapl-agent/pages.h"

#include <memory>
#include <utility>

namespace headroom::rapl_agent {
namespace {

runtime::HttpResponse plain(int status, std::string text) {
  runtime::HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text) + "\n";
  return response;
}

}  // namespace

std::string why_not_alive(const PagesView& view) {
  const auto posted = view.board.latest();
  const base::MonoTime last = posted == nullptr ? view.started : posted->at;
  if (view.clock.mono_now() - last <= kAliveWithin) return {};
  return "the loop has not turned for more than " + std::to_string(kAliveWithin.count()) + " s";
}

void add_pages(runtime::HttpServer& server, runtime::MetricsRegistry& metrics, const PagesView& view) {
  server.route("GET", "/livez", [view](const runtime::HttpRequest&) {
    const std::string problem = why_not_alive(view);
    return problem.empty() ? plain(200, "ok") : plain(503, problem);
  });
  server.route("GET", "/readyz", [view](const runtime::HttpRequest&) {
    const auto posted = view.board.latest();
    return posted != nullptr ? plain(200, "ok") : plain(503, "NotDiscovered: the domains have not been listed yet");
  });
  server.route("GET", "/metrics", [&metrics](const runtime::HttpRequest&) { return metrics.scrape_response(); });
  server.route("GET", "/debug/state", [view](const runtime::HttpRequest&) {
    const auto posted = view.board.latest();
    if (posted == nullptr) return plain(503, "NotDiscovered: the domains have not been listed yet");
    runtime::HttpResponse response;
    response.status = 200;
    response.content_type = "application/json";
    response.body = state_json(posted->report, view) + "\n";
    return response;
  });
  metrics.add_collector([view]() -> std::vector<runtime::CollectedFamily> {
    const auto posted = view.board.latest();
    if (posted == nullptr) return {};
    return metric_families(posted->report, view.edges());
  });
}

}  // namespace headroom::rapl_agent
