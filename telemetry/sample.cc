#include "telemetry/sample.h"

namespace headroom::telemetry {

std::string to_string(const Sample& sample) {
  std::string text = sample.name + "{";
  for (const auto& [name, value] : sample.labels) {
    if (text.back() != '{') text += ',';
    text.append(name).append("=\"").append(value).append("\"");
  }
  return text + "}";
}

}  // namespace headroom::telemetry
