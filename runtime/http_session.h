// Serves the requests of one connection, one after the other.
#pragma once

#include <atomic>
#include <memory>

#include "runtime/connection.h"
#include "runtime/connection_registry.h"
#include "runtime/http_server.h"
#include "runtime/router.h"

namespace headroom::runtime {

struct SessionCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> handler_failures{0};
};

// What all sessions of a server share; outlives them.
struct SessionShared {
  const HttpServerOptions& options;
  const Router& router;
  ConnectionRegistry& registry;
  SessionCounters& counters;
  const std::atomic<bool>& stopping;
};

// Returns when the connection is over. Nothing is thrown. REQUIRES: the connection is in the registry.
void serve_connection(Connection& connection, const SessionShared& shared);

}  // namespace headroom::runtime
