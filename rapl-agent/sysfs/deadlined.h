// A backend whose every call returns in time, whatever the driver does.
//
// A read of an attribute can hang inside the kernel where no signal reaches (task state D). So calls are made by worker
// threads: a call that has not returned by its deadline answers `hung`, and until it does return no further call for
// its domain is made: `hung` at once, nothing is queued, and what the late call brings is dropped. Other domains go on
// with another worker. Discovery counts as a domain of its own.
//
// Where three calls hang at the same time the driver as a whole is stuck: new ones get a twentieth of the deadline, so
// that a loop over 64 zones still turns.
//
// One thread uses a Deadlined. What it wraps is called from several threads and is kept alive until the last hung call
// has returned; the destructor does not wait for those.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/durations.h"
#include "rapl-agent/core/backend.h"

namespace headroom::rapl_agent::sysfs {

// One object in both roles, mostly. `meter` may be null.
struct Wrapped {
  std::shared_ptr<core::Backend> backend;
  std::shared_ptr<core::Meter> meter;
};

class Deadlined final : public core::Backend, public core::Meter, public core::BatchReader {
 public:
  // `clock` must outlive it.
  Deadlined(Wrapped wrapped, base::Milliseconds deadline, base::Clock& clock);
  ~Deadlined() override;
  Deadlined(const Deadlined&) = delete;
  Deadlined& operator=(const Deadlined&) = delete;

  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;
  [[nodiscard]] core::MeterReading sample(const std::string& domain) override;
  // One worker makes all the calls, one after the other, each with a deadline of its own; where one hangs, another
  // worker goes on with the rest.
  [[nodiscard]] std::vector<core::Access> read_all(const std::vector<core::ControlKey>& keys) override;
  [[nodiscard]] std::vector<core::MeterReading> sample_all(const std::vector<std::string>& domains) override;

  // Calls that have not returned.
  [[nodiscard]] std::size_t hung_calls() const { return hung_.size(); }

 private:
  class Worker;
  class Progress;
  struct Job {
    std::string lane;
    std::function<void()> call;  // owns what it touches
  };
  // True, at its place: the job has been run. False: it hangs, or an earlier one of its lane does.
  [[nodiscard]] std::vector<bool> run(const std::vector<Job>& jobs);
  // Runs these on one worker until one hangs; gives how many were run.
  [[nodiscard]] std::size_t run_together(std::vector<Job> jobs);
  [[nodiscard]] bool hangs(const std::string& lane);
  // call(wrapped, key) for each of the keys, each in the lane of lane_of(key).
  template <class T, class Key, class LaneOf, class Call>
  [[nodiscard]] std::vector<T> answers(const std::vector<Key>& keys, LaneOf lane_of, Call call);

  const Wrapped wrapped_;
  const base::Milliseconds deadline_;
  base::Clock& clock_;
  std::vector<std::shared_ptr<Worker>> idle_;
  std::map<std::string, std::shared_ptr<Worker>> hung_;  // by lane
};

}  // namespace headroom::rapl_agent::sysfs
