// Bytes of JSON as the decoders take them: a view that is followed by readable bytes, because the parser reads in
// whole vectors and a copy per object would double the cost of a list.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headroom::kube {

inline constexpr std::size_t kJsonPadding = 64;

// A value: copy it freely; it owns nothing.
class PaddedJson {
 public:
  // The whole of `text`, which gets kJsonPadding bytes of spare capacity here (one reallocation if it has less) and
  // must then outlive the view, unchanged.
  [[nodiscard]] static PaddedJson of(std::string& text) {
    if (text.capacity() < text.size() + kJsonPadding) text.reserve(text.size() + kJsonPadding);
    return PaddedJson(text);
  }
  // A part of a buffer, such as one object of a list. REQUIRES: kJsonPadding bytes behind `part` are readable, which
  // holds for every part of a text that of() has been given.
  [[nodiscard]] static PaddedJson part(std::string_view part) { return PaddedJson(part); }

  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  explicit PaddedJson(std::string_view text) : text_(text) {}
  std::string_view text_;
};

}  // namespace headroom::kube
