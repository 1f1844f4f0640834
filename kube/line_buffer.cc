#include "kube/line_buffer.h"

namespace headroom::kube {

LineBuffer::Fed LineBuffer::feed(std::string_view piece, const std::function<bool(PaddedJson)>& on_line) {
  while (!piece.empty()) {
    const auto newline = piece.find('\n');
    const std::string_view part = piece.substr(0, newline);
    if (pending_.size() + part.size() > longest_) return Fed::line_too_long;
    pending_.append(part);
    if (newline == std::string_view::npos) return Fed::all;
    piece.remove_prefix(newline + 1);
    if (!emit(on_line)) return Fed::stopped;
  }
  return Fed::all;
}

bool LineBuffer::emit(const std::function<bool(PaddedJson)>& on_line) {
  if (!pending_.empty() && pending_.back() == '\r') pending_.pop_back();
  const bool go_on = pending_.empty() || on_line(PaddedJson::of(pending_));
  pending_.clear();
  // One giant event must not keep its memory for the hours a watch may live.
  if (pending_.capacity() > (1u << 20)) pending_.shrink_to_fit();
  return go_on;
}

}  // namespace headroom::kube
