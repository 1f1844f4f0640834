// The caps loop's edges as data: what is stored, what was asked, and which errors come next.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/cap_edges.h"

namespace headroom::controller::test {

inline model::NodePowerCap cap(const std::string& node, model::CapStamp stamp, std::int64_t budget) {
  model::NodePowerCap made;
  made.name = node;
  made.uid = "uid-" + node;
  made.resource_version = "1";
  made.spec.stamp = stamp;
  made.spec.budget = base::watts(budget);
  return made;
}

// As its agent would have it: in force since long.
inline model::NodePowerCap in_force(model::NodePowerCap made) {
  made.status.state = model::CapState::active;
  made.status.applied = made.spec.budget;
  made.status.observed = model::ObservedCap{made.uid, made.spec.stamp};
  return made;
}

struct FakeCapStore final : CapStore {
  std::map<std::string, model::NodePowerCap> stored;
  std::optional<base::Error> list_error;
  std::deque<base::Error> write_errors;  // of the next writes, one each
  std::vector<CapOrder> orders;
  int gets = 0;

  void put(const model::NodePowerCap& made) { stored.insert_or_assign(made.name, made); }

  base::Result<CapList> list() override {
    if (list_error) return *list_error;
    CapList all;
    for (const auto& [name, made] : stored) {
      all.caps.push_back(made);
      all.highest_epoch = std::max(all.highest_epoch, made.spec.stamp.epoch);
    }
    return all;
  }
  base::Result<model::NodePowerCap> get(const std::string& name) override {
    ++gets;
    const auto found = stored.find(name);
    if (found == stored.end()) return base::not_found(name);
    return found->second;
  }
  base::Result<model::NodePowerCap> write(const CapOrder& order) override {
    orders.push_back(order);
    if (!write_errors.empty()) {
      base::Error error = write_errors.front();
      write_errors.pop_front();
      return error;
    }
    model::NodePowerCap made = order.cap;
    if (order.create) made.uid = "uid-" + made.name;
    made.resource_version = "v" + std::to_string(orders.size());
    put(made);
    return made;
  }
  std::vector<std::string> take_nodes() {
    std::vector<std::string> nodes;
    for (const auto& order : orders) nodes.push_back(order.cap.name);
    orders.clear();
    return nodes;
  }
};

struct FakeTenure final : Tenure {
  std::optional<Term> now = Term{4, base::MonoTime::max()};
  std::optional<Term> term() const override { return now; }
};

struct FakeHeartbeat final : Heartbeat {
  int beats = 0;
  bool paused = false;
  std::optional<base::Error> error;
  base::Result<HeartbeatView> read() override { return view(); }
  base::Result<HeartbeatView> renew() override {
    ++beats;
    return view();
  }
  [[nodiscard]] base::Result<HeartbeatView> view() const {
    if (error) return *error;
    return HeartbeatView{paused};
  }
};

struct FakeReleaseDesk final : ReleaseDesk {
  std::vector<std::pair<std::string, ReleaseAnswer>> answers;  // by node
  base::Status answer(const model::NodePowerCap& made, const ReleaseAnswer& answer) override {
    answers.emplace_back(made.name, answer);
    return base::ok_status();
  }
};

}  // namespace headroom::controller::test
