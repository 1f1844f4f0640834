// The JSON type of this folder, declared only: sources that touch it include <nlohmann/json.hpp> themselves.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace headroom::demo {

using Json = nlohmann::json;

}  // namespace headroom::demo
