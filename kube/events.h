// Kubernetes Events (events.k8s.io/v1): written from a thread of their own, so that nobody waits for them, aggregated
// into series, and limited per object.
//
// The same (object, type, reason, action) within six minutes becomes one Event whose series counts up and is written at
// most every 30 s. A new Event of an object beyond a burst of 10 waits for its budget of one a minute; what exceeds it,
// and what does not fit the queue of 1,000, is counted as dropped. Losing an Event is never an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kube/api_client.h"

namespace headroom::kube {

struct ObjectRef {
  std::string api_version;
  std::string kind;
  std::string ns;  // empty: cluster-scoped; its Events go to the namespace "default"
  std::string name;
  std::string uid;

  auto operator<=>(const ObjectRef&) const = default;
};

enum class EventType { normal, warning };

struct Event {
  ObjectRef regarding;
  EventType type = EventType::normal;
  std::string reason;  // "Refused": UpperCamelCase, low cardinality
  std::string action;  // "Scheduling": what was being done
  std::string note;    // cut at 1 kB
};

struct EventRecorderOptions {
  std::string controller;  // "powercapping.example.com/headroom-controller"
  std::string instance;    // the pod's name
};

// Thread-safe.
class EventRecorder {
 public:
  // `client` and its clock must outlive it.
  EventRecorder(ApiClient& client, EventRecorderOptions options);
  ~EventRecorder();  // tries for at most 2 s to write what is queued
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void record(Event event);
  struct Counts {
    std::uint64_t written = 0;
    std::uint64_t aggregated = 0;
    std::uint64_t dropped = 0;
    std::uint64_t failed = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::kube
