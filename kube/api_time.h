// The API's two time forms under this folder's name: base/api_time.h.
#pragma once

#include "base/api_time.h"

namespace headroom::kube {

using base::format_micro_time;
using base::format_time;
using base::parse_api_time;

}  // namespace headroom::kube
