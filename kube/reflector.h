// Keeps a mirror of one kind of object up to date: list, watch, and list again when the watch cannot go on.
//
// One reflector = one thread = one connection. It stores no objects: it hands changes to a sink, and after every list
// the whole content, so that the sink drops what was deleted unseen. One object that cannot be decoded is handed on as
// unreadable and never stops the others.
//
// Where `guard_deletions` is set (custom resources), a DELETED event is not passed on: deleting a CRD sends one for
// every object. The watch is ended, and after a second of quiet the content of a fresh list is passed on, provided that
// the kind is still served and not being removed. A kind that is missing (404) is asked for every 5 s; the sink keeps
// what it has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kube/api_client.h"
#include "kube/object.h"
#include "kube/resource.h"

namespace headroom::kube {

enum class ReflectorState {
  starting,          // no list has succeeded yet
  synced,            // list and watch in order
  resource_missing,  // 404: the kind is not served
  failing,           // cannot reach the server, or it refuses; the last content stands
};

struct ReflectorStatus {
  ReflectorState state = ReflectorState::starting;
  std::string error;  // of the last failure, while it lasts

  bool operator==(const ReflectorStatus&) const = default;
};

// Called on the reflector's thread, one call at a time. Keys are unique within a reflector.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  // The whole content. What is not in it does not exist any more.
  virtual void replace(std::vector<ObjectEntry> all) = 0;
  // Added or changed (`object` set or unreadable), or removed.
  virtual void update(ObjectEntry entry) = 0;
  virtual void remove(const ObjectEntry& last) = 0;
};

struct ReflectorOptions {
  Resource resource;
  Decoder decode;
  bool guard_deletions = false;
  std::string label_selector{};
  std::string field_selector{};  // "metadata.name=x": what RBAC by resource name asks for
  std::uint64_t seed = 0;        // of the random delays; 0: from the clock
  ConnectionOptions connection{};
};

class Reflector {
 public:
  using OnStatus = std::function<void(const ReflectorStatus&)>;

  // Starts at once. `client`, its clock and `sink` must outlive it. `on_status` is called on the reflector's thread on
  // every change and must be thread-safe against the caller's own.
  Reflector(ApiClient& client, ReflectorOptions options, ObjectSink& sink, OnStatus on_status);
  ~Reflector();  // stops, within milliseconds
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::kube
