// The edges as data: replies to hand out and what was asked. Thread-safe. No logic.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "extender/edges.h"

namespace headroom::test {

class FakeBinder final : public extender::PodBinder {
 public:
  // Replies for the next calls, in order; `usual` after them.
  void reply_next(kube::BindReply reply) {
    const std::lock_guard lock(mutex_);
    next_.push_back(std::move(reply));
  }
  void reply_usually(kube::BindReply reply) {
    const std::lock_guard lock(mutex_);
    usual_ = std::move(reply);
  }
  void have_pod(model::Pod pod) {
    const std::lock_guard lock(mutex_);
    pods_[model::key_of(pod)] = std::move(pod);
  }
  [[nodiscard]] std::vector<kube::BindRequest> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

  kube::BindReply bind(const kube::BindRequest& request) override {
    const std::lock_guard lock(mutex_);
    sent_.push_back(request);
    if (next_.empty()) return usual_;
    kube::BindReply reply = std::move(next_.front());
    next_.pop_front();
    return reply;
  }
  base::Result<model::Pod> get_pod(const std::string& ns, const std::string& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = pods_.find(ns + "/" + name);
    if (found == pods_.end()) return base::not_found("no such pod");
    return found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<kube::BindReply> next_;
  kube::BindReply usual_{kube::BindOutcome::bound, "", "", std::nullopt};
  std::map<std::string, model::Pod> pods_;
  std::vector<kube::BindRequest> sent_;
};

struct WrittenCondition {
  std::string pod;
  kube::PodCondition condition;
};

class FakeConditions final : public extender::PodConditionWriter {
 public:
  void answer(base::Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  [[nodiscard]] std::vector<WrittenCondition> written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }
  base::Status write(const kube::PodRef& pod, const kube::PodCondition& condition) override {
    const std::lock_guard lock(mutex_);
    written_.push_back({pod.ns + "/" + pod.name, condition});
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  base::Status status_ = base::ok_status();
  std::vector<WrittenCondition> written_;
};

class FakeLease final : public extender::SchedulerLease {
 public:
  void held_by(std::optional<std::string> holder) {
    const std::lock_guard lock(mutex_);
    holder_ = std::move(holder);
  }
  base::Result<std::optional<std::string>> holder() override {
    const std::lock_guard lock(mutex_);
    return holder_;
  }

 private:
  std::mutex mutex_;
  std::optional<std::string> holder_;
};

}  // namespace headroom::test
