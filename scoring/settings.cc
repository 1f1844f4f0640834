#include "scoring/settings.h"

namespace headroom::scoring {

model::NodeClass shipped_default_class() {
  model::NodeClass shipped;
  shipped.idle = base::watts(120);
  shipped.watts_per_core = base::watts(8);
  shipped.overhead = base::watts(60);
  // Board power as the vendors' data sheets state it for the largest common part.
  shipped.device_watts = {
      {"nvidia.com/gpu", base::watts(700)},   {"gpu.nvidia.com", base::watts(700)},
      {"amd.com/gpu", base::watts(750)},      {"gpu.amd.com", base::watts(750)},
      {"habana.ai/gaudi", base::watts(900)},  {"gpu.intel.com/i915", base::watts(300)},
      {"gpu.intel.com/xe", base::watts(300)},
  };
  return shipped;
}

}  // namespace headroom::scoring
