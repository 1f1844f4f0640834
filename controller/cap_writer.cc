#include "controller/cap_writer.h"

#include <utility>

namespace headroom::controller {
namespace {

// An agent writes its status a few times after an order; more conflicts than this in a row are somebody else's.
constexpr int kAttempts = 4;

}  // namespace

bool CapWriter::may_call() const {
  const auto term = tenure_.term();
  return term && clock_.mono_now() + call_timeout_ <= term->ends_at;
}

WriteOutcome CapWriter::write(CapBook& book, const CapTarget& target) {
  error_.clear();
  const CapBook::Cap planned_on = book.current(target.node);
  CapOrder order = book.order(target.node, target.spec, target.class_max);
  order.node_uid = target.node_uid;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    if (!may_call()) return WriteOutcome::term_over;
    const auto stored = store_.write(order);
    if (stored) {
      book.stored(*stored, clock_.mono_now());
      return WriteOutcome::written;
    }
    error_ = stored.error().message;
    if (stored.error().kind == base::ErrorKind::unavailable) {
      book.unknown(order, target.class_max);
      return WriteOutcome::unreachable;
    }
    if (const auto failed = read_again(book, order)) return *failed;
    const CapBook::Cap read = book.current(target.node);
    // Where only status moved the order stands as it was decided. Anything else is decided anew.
    const bool same = planned_on && read->uid == planned_on->uid && read->spec == planned_on->spec;
    if (!same || stored.error().kind != base::ErrorKind::conflict) return WriteOutcome::later;
    order = book.repeated(std::move(order), *read, target.class_max);
  }
  return WriteOutcome::later;
}

std::optional<WriteOutcome> CapWriter::read_again(CapBook& book, const CapOrder& refused) {
  if (!may_call()) return WriteOutcome::term_over;
  const auto read = store_.get(refused.cap.name);
  if (read && read->spec.stamp >= refused.cap.spec.stamp) {
    error_ = "an order of epoch " + std::to_string(read->spec.stamp.epoch) + " stands already";
    return WriteOutcome::outranked;
  }
  if (read) {
    book.stored(*read, clock_.mono_now());
    return std::nullopt;
  }
  error_ += "; " + read.error().message;
  if (read.error().kind == base::ErrorKind::unavailable) return WriteOutcome::unreachable;
  if (read.error().kind == base::ErrorKind::not_found) book.gone(refused.cap.name);
  return WriteOutcome::later;
}

}  // namespace headroom::controller
