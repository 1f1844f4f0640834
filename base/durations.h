// Lengths of time, under the names that the rest of the code uses.
#pragma once

#include <chrono>

namespace headroom::base {

using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

}  // namespace headroom::base
