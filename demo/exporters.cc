#include "demo/exporters.h"

#include <algorithm>

#include "runtime/metrics.h"

namespace headroom::demo {
namespace {

runtime::HttpServerOptions options() {
  runtime::HttpServerOptions options;
  options.name = "exporters";
  options.threads = 64;
  return options;
}

}  // namespace

Exporters::Exporters(const Hall& hall, const base::Clock& clock) : hall_(hall), clock_(clock), server_(options()) {
  server_.route_prefix("/", [this](const runtime::HttpRequest& request) { return answer(request); });
}

base::Status Exporters::start() {
  const auto port = server_.start();
  if (!port) return port.error();
  url_ = "http://127.0.0.1:" + std::to_string(*port);
  return base::ok_status();
}

KeplerDialect Exporters::dialect_of(const std::string& rack) const {
  const auto at = std::find(hall_.racks().begin(), hall_.racks().end(), rack) - hall_.racks().begin();
  return static_cast<KeplerDialect>(at % 3);
}

runtime::HttpResponse Exporters::answer(const runtime::HttpRequest& request) {
  const auto slash = request.path.rfind('/');
  const std::string kind = request.path.substr(0, slash);
  const auto node = std::find_if(hall_.nodes().begin(), hall_.nodes().end(), [&](const HallNode& candidate) {
    return candidate.name == request.path.substr(slash + 1);
  });
  runtime::HttpResponse response;
  response.content_type = std::string(runtime::kMetricsContentType);
  const bool kepler = kind == "/kepler";
  if (node == hall_.nodes().end() || (!kepler && kind != "/node_exporter")) {
    response.status = 404;
    return response;
  }
  const PageRequest page{hall_, *node, clock_.mono_now()};
  response.body = kepler ? kepler_page(page, dialect_of(node->rack), counters_) : hwmon_page(page);
  return response;
}

}  // namespace headroom::demo
