// The newest reading of each source for each quantity, and their merge into the snapshot. Pure; not thread-safe.
//
// Where several sources measure the same quantity, those within 15 s of the newest count, and of them the highest: so
// adding a source never lowers what a node is known to draw, and one that falls silent is soon left to the others.
// Readings of full grade go before those of unknown age or partial cover. A wall reading clearly below what the node's
// own CPU and GPU meters show is no wall reading (a supply that is not read) and is left out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/telemetry.h"
#include "telemetry/readings.h"

namespace headroom::telemetry {

using SourceId = std::uint32_t;

// How long readings of what no longer exists are kept.
struct Retention {
  base::Seconds nodes{1'800};
  base::Seconds pods{600};
};

class ReadingStore {
 public:
  void add(SourceId source, const std::string& node, const Readings& readings);

  // Fills nodes and pods; the rest is the collector's.
  [[nodiscard]] model::TelemetrySnapshot merge() const;

  // Drops nodes that `keep` does not know, and pods, whose newest reading is older than allowed.
  template <class Keep>
  void forget(base::WallTime now, const Retention& retention, const Keep& keep) {
    std::erase_if(nodes_,
                  [&](const auto& entry) { return !keep(entry.first) && entry.second.newest < now - retention.nodes; });
    std::erase_if(pods_, [&](const auto& entry) { return entry.second.newest < now - retention.pods; });
  }

 private:
  template <class Reading>
  struct Sourced {
    SourceId source = 0;
    Reading reading;
  };
  using PowerReadings = std::vector<Sourced<model::PowerReading>>;
  using TemperatureReadings = std::vector<Sourced<model::TemperatureReading>>;
  struct NodeEntry {
    std::array<PowerReadings, model::kPowerScopes> power;
    std::array<TemperatureReadings, kTemperatureKinds> temperatures;
    base::WallTime newest;
  };
  struct PodEntry {
    std::array<PowerReadings, kPodParts> parts;
    base::WallTime newest;
  };

  [[nodiscard]] static base::WallTime keep_newest(PowerReadings& readings, SourceId source,
                                                  const model::PowerReading& reading);
  [[nodiscard]] static base::WallTime keep_newest(TemperatureReadings& readings, SourceId source,
                                                  const model::TemperatureReading& reading);
  [[nodiscard]] static std::optional<model::PowerReading> best(const PowerReadings& readings);
  [[nodiscard]] static std::optional<model::TemperatureReading> best(const TemperatureReadings& readings);
  [[nodiscard]] static model::NodeTelemetry merged(const NodeEntry& entry);
  [[nodiscard]] static std::optional<model::PowerReading> merged(const PodEntry& entry);

  std::unordered_map<std::string, NodeEntry> nodes_;
  std::unordered_map<std::string, PodEntry> pods_;
};

}  // namespace headroom::telemetry
