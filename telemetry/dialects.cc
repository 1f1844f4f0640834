#include "telemetry/dialects.h"

namespace headroom::telemetry {

Readings read_all(const SampleTable& samples, CounterMemory& counters) {
  Readings readings = read_kepler(samples);
  readings.add(read_kepler_legacy(samples, counters));
  readings.add(read_kepler_aliases(samples, counters));
  readings.add(read_node_exporter(samples, counters));
  readings.add(read_dcgm(samples));
  readings.add(read_ipmi(samples));
  readings.add(read_redfish(samples));
  readings.add(read_idrac(samples));
  return readings;
}

}  // namespace headroom::telemetry
