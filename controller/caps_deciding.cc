#include "controller/caps_loop.h"
#include "policy/allocate.h"
#include "scoring/cap_input.h"

namespace headroom::controller {

CapsDeciding deciding() {
  return {scoring::cap_input, policy::allocate};
}

}  // namespace headroom::controller
