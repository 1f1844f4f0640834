// Bodies for the wire tests: recorded ones from test/data/scheduler, and padded ones as the HTTP server hands them
// over.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace headroom::test {

// Spare capacity as runtime::HttpRequest::body has it.
inline std::string padded(std::string_view text) {
  std::string body;
  body.reserve(text.size() + 128);
  body.append(text);
  return body;
}

inline std::string recorded(const std::string& name) {
  std::ifstream file("test/data/scheduler/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open test/data/scheduler/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return padded(text.str());
}

}  // namespace headroom::test
