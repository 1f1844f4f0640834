#include "demo/api_time.h"

#include <array>
#include <ctime>

namespace headroom::demo {

std::string api_time(base::WallTime time) {
  const auto seconds = static_cast<std::time_t>(std::chrono::floor<base::Seconds>(time.time_since_epoch()).count());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace headroom::demo
