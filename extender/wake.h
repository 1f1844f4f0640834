// The wake of the decision and requeue loops.
#pragma once

#include "runtime/wake.h"

namespace headroom::extender {

using runtime::Wake;

}  // namespace headroom::extender
