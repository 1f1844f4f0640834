// Pages of exporters as tests write them, and the questions tests ask of readings.
#pragma once

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/dialects.h"
#include "telemetry/page_parser.h"

namespace headroom::test {

using telemetry::CounterMemory;
using telemetry::NodePower;
using telemetry::NodeTemperature;
using telemetry::PodPart;
using telemetry::PodPower;
using telemetry::Readings;
using telemetry::Sample;
using telemetry::SampleRow;
using telemetry::TemperatureKind;

inline constexpr base::WallTime kNoon{base::Seconds(1'800'000'000)};

[[nodiscard]] inline base::WallTime at(int seconds) {
  return kNoon + base::Seconds(seconds);
}

[[nodiscard]] inline std::vector<Sample> page(std::string_view text, base::WallTime time = kNoon) {
  auto poll = telemetry::parse_page(text, time);
  return poll ? std::move(poll).value().samples : std::vector<Sample>{};
}

// Of test/data; a missing file fails the test that asks, because nothing is read from it.
[[nodiscard]] inline std::string file(const std::string& name) {
  std::ifstream in("test/data/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

[[nodiscard]] inline std::vector<SampleRow> rows(const std::vector<Sample>& samples) {
  std::vector<SampleRow> pointers;
  for (const Sample& sample : samples) pointers.push_back(&sample);
  return pointers;
}

[[nodiscard]] inline Readings read(const std::vector<Sample>& samples, CounterMemory& counters) {
  return telemetry::read_all(telemetry::SampleTable(rows(samples)), counters);
}

// One page read alone: counters give nothing.
[[nodiscard]] inline Readings read(std::string_view text) {
  CounterMemory counters;
  return read(page(text), counters);
}

// Watts of the first reading in a scope.
[[nodiscard]] inline std::optional<double> watts(const Readings& readings, model::PowerScope scope) {
  for (const NodePower& power : readings.power) {
    if (power.scope == scope) return base::to_watts(power.reading.power);
  }
  return std::nullopt;
}

[[nodiscard]] inline std::optional<double> celsius(const Readings& readings, TemperatureKind kind) {
  for (const NodeTemperature& temperature : readings.temperatures) {
    if (temperature.kind == kind) return base::to_celsius(temperature.reading.temperature);
  }
  return std::nullopt;
}

[[nodiscard]] inline std::optional<double> pod_watts(const Readings& readings, std::string_view pod, PodPart part) {
  for (const PodPower& power : readings.pods) {
    if (power.pod == pod && power.part == part) return base::to_watts(power.reading.power);
  }
  return std::nullopt;
}

}  // namespace headroom::test
