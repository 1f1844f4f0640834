// The demo's exporters: one HTTP server with a Kepler and a node_exporter page per node.
//
//   GET /kepler/<node>         rack a speaks Kepler's current dialect, rack b the legacy one, rack c the first guide's
//   GET /node_exporter/<node>
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "demo/exporter_pages.h"
#include "demo/hall.h"
#include "runtime/http_server.h"

namespace headroom::demo {

class Exporters {
 public:
  // Both must outlive it.
  Exporters(const Hall& hall, const base::Clock& clock);

  [[nodiscard]] base::Status start();
  void stop() { server_.stop(); }
  [[nodiscard]] std::string url() const { return url_; }

 private:
  [[nodiscard]] runtime::HttpResponse answer(const runtime::HttpRequest& request);
  [[nodiscard]] KeplerDialect dialect_of(const std::string& rack) const;

  const Hall& hall_;
  const base::Clock& clock_;
  EnergyCounters counters_;
  runtime::HttpServer server_;
  std::string url_;
};

}  // namespace headroom::demo
