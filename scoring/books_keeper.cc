#include "scoring/books_keeper.h"

#include <algorithm>
#include <utility>

namespace headroom::scoring {
namespace {

bool same_errors(const std::vector<model::UnreadableObject>& a, const std::vector<model::UnreadableObject>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.error == y.error; });
}

}  // namespace

void BooksKeeper::take_topologies(const model::ClusterSnapshot& snapshot) {
  // Objects are shared between snapshots, so equal pointers mean that nothing changed.
  if (topology_ != nullptr && last_ != nullptr && snapshot.topologies == last_->topologies &&
      snapshot.last_valid_topologies == last_->last_valid_topologies &&
      same_errors(snapshot.unreadable_topologies, last_->unreadable_topologies)) {
    return;
  }
  topology_ =
      std::make_shared<const topology::Compiled>(topology::compile(topology::compile_input(snapshot, topology_.get())));
}

void BooksKeeper::take_policies(const model::ClusterSnapshot& snapshot) {
  if (policies_ != nullptr && last_ != nullptr && snapshot.policies == last_->policies &&
      same_errors(snapshot.unreadable_policies, last_->unreadable_policies)) {
    return;
  }
  policies_ = std::make_shared<const policy::PolicyIndex>(snapshot.policies, snapshot.unreadable_policies);
}

std::shared_ptr<const Books> BooksKeeper::keep(const std::shared_ptr<const model::ClusterSnapshot>& snapshot,
                                               base::WallTime now) {
  take_topologies(*snapshot);
  take_policies(*snapshot);
  last_ = snapshot;
  BooksStep step = keep_books({snapshot, topology_, policies_, settings_, now}, std::move(memory_));
  memory_ = std::move(step.memory);
  return std::move(step.books);
}

}  // namespace headroom::scoring
