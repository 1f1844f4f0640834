// Cuts a stream that arrives in arbitrary pieces into lines. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "kube/json.h"

namespace headroom::kube {

class LineBuffer {
 public:
  explicit LineBuffer(std::size_t longest_line = 64u << 20) : longest_(longest_line) {}

  enum class Fed { all, stopped, line_too_long };
  // Calls on_line for every complete line, without its newline, padded for parsing and valid during the call; empty
  // lines are skipped. on_line ends the feeding by returning false.
  [[nodiscard]] Fed feed(std::string_view piece, const std::function<bool(PaddedJson)>& on_line);
  // What stands after the last newline: of a stream that ended cleanly, nothing.
  [[nodiscard]] std::string_view rest() const { return pending_; }

 private:
  [[nodiscard]] bool emit(const std::function<bool(PaddedJson)>& on_line);

  std::size_t longest_;
  std::string pending_;
};

}  // namespace headroom::kube
