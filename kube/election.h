// Leader election over a Lease, by client-go's rules and numbers: 15 s lease, 10 s to renew, a try every 2 s.
//
// Another holder's expiry is judged by when *this process* saw the Lease change, never by the times written in it
// (clocks differ). A leader that could not renew for 10 s stops acting 5 s before others may take over. On exit the
// Lease is released, so that the next holder need not wait.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/durations.h"
#include "base/result.h"
#include "kube/api_client.h"
#include "kube/lease.h"

namespace headroom::kube {

struct ElectionOptions {
  std::string ns;
  std::string name;
  std::string identity;  // unique per process: "<pod name>_<uid>"
  base::Seconds lease_duration{15};
  base::Seconds renew_deadline{10};
  base::Seconds retry_period{2};
};

// The rules without I/O or threads: what to do next, given what was seen. Not thread-safe.
class ElectionRules {
 public:
  explicit ElectionRules(ElectionOptions options) : options_(std::move(options)) {}

  enum class Step { wait, create, take, renew };
  // `seen`: the Lease as just read; nothing: there is none.
  [[nodiscard]] Step next(const std::optional<Lease>& seen, base::MonoTime now);
  // The Lease to write for `step`. REQUIRES: step is not wait.
  [[nodiscard]] Lease to_write(Step step, const std::optional<Lease>& seen, base::WallTime now) const;
  // The write was accepted; `asked_at` is when it was sent (the lease counts from there, not from the reply).
  void written(const Lease& stored, base::MonoTime asked_at);
  // May act: the last accepted write is younger than the renew deadline.
  [[nodiscard]] bool leads(base::MonoTime now) const;
  // Until when, as far as it is known now. Nothing: does not lead.
  [[nodiscard]] std::optional<base::MonoTime> leads_until(base::MonoTime now) const;

 private:
  ElectionOptions options_;
  std::optional<Lease> observed_;
  base::MonoTime observed_at_{};
  std::optional<base::MonoTime> renewed_at_;
};

// Runs the rules on a thread of its own until destroyed; the destructor releases a held Lease.
class LeaderElection {
 public:
  // Makes a client of its own from `client`'s configuration, with deadlines that fit the lease. The clock must outlive
  // it. The destructor takes as long as two calls of a third of the renew deadline at most.
  LeaderElection(ApiClient& client, ElectionOptions options);
  ~LeaderElection();
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  // Thread-safe. Ask right before each act, not once per loop.
  [[nodiscard]] bool leads() const;
  // For acts that take time: they must have ended by `ends_at`. Nothing: does not lead.
  struct Term {
    std::int32_t transitions = 0;
    base::MonoTime ends_at;
  };
  [[nodiscard]] std::optional<Term> term() const;
  // Who holds the Lease as last seen, and why the last try failed (empty: it did not).
  struct View {
    std::string holder;
    std::string error;
    std::int32_t transitions = 0;
  };
  [[nodiscard]] View view() const;

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] std::optional<base::Error> try_once();
  void release();

  const ElectionOptions options_;
  ApiClient client_;
  mutable std::mutex mutex_;
  ElectionRules rules_;  // guarded by mutex_
  View view_;            // guarded by mutex_
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::kube
