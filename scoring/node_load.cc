#include "scoring/node_load.h"

#include <algorithm>

namespace headroom::scoring {
namespace {

using base::Power;

NodeLoad fresh_load(const Measured& measured, const PodSums& pods, const NodePeak& peak) {
  NodeLoad load;
  load.booked.floor = measured.at_least;
  load.booked.base = std::max(measured.at_least, peak.idle + pods.covered) + pods.uncovered;
  if (peak.max) load.booked.ceiling = *peak.max;
  load.present.base = measured.power + pods.uncovered;
  return load;
}

NodeLoad stale_load(const Measured& measured, const PodSums& pods, const NodePeak& peak,
                    model::StaleTelemetry on_stale) {
  const Power books = peak.idle + pods.covered + pods.uncovered;
  NodeLoad load;
  load.booked.floor = measured.at_least;
  load.booked.base = books;
  if (on_stale != model::StaleTelemetry::fail_open && peak.max) {
    load.booked.floor = std::max(load.booked.floor, *peak.max);
  } else {
    load.booked.base = std::max(books, measured.at_least + pods.uncovered);
  }
  load.present = load.booked;
  return load;
}

// Nobody has ever measured this machine: the books alone. A reading of unknown age may raise them.
NodeLoad unmetered_load(const Measured& measured, Power books, const NodePeak& peak) {
  NodeLoad load;
  load.booked.floor = measured.at_least;
  load.booked.base = books;
  if (peak.max) load.booked.ceiling = *peak.max;
  load.present = load.booked;
  return load;
}

}  // namespace

NodeLoad load_of(const Measured& measured, const PodSums& pods, const NodePeak& peak, model::StaleTelemetry on_stale) {
  const Power books = peak.idle + pods.covered + pods.uncovered;
  NodeLoad load;
  if (measured.fresh) {
    load = fresh_load(measured, pods, peak);
    load.telemetry = TelemetryState::fresh;
  } else if (measured.ever) {
    load = stale_load(measured, pods, peak, on_stale);
    load.telemetry = TelemetryState::stale;
  } else {
    load = unmetered_load(measured, books, peak);
    load.telemetry = TelemetryState::never;
  }
  load.measured = measured.power;
  return load;
}

}  // namespace headroom::scoring
