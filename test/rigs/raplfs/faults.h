// Rules that make single accesses go wrong. Kept and used under the world's lock.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::raplfs {

enum class Access { open, read, write };

// What happens to an access. Several may be set: first the delay or the hang, then the errno or the changed content.
struct FaultAction {
  int error = 0;
  bool hang = false;                     // until the fault is released
  std::int64_t delay_milliseconds = 0;   // of real time
  std::optional<std::string> content;    // what a read gives instead
  std::optional<std::uint64_t> endless;  // a read gives so many digits
  std::optional<std::size_t> shorten;    // a call moves at most so many bytes; a write stores what it took
  bool ignore = false;                   // a write is answered with success and dropped
  std::optional<std::string> instead;    // a write stores this
};

struct Fault {
  int id = 0;
  std::string node;              // "*" is every node
  std::string target;            // zone ("intel-rapl:0"), chip key, "policy0", any directory's name; "*" is any
  std::string attribute;         // file name; "*" is any
  std::optional<Access> access;  // unset: each
  int skip = 0;                  // so many matching accesses pass first
  int left = -1;                 // so many are hit; -1: all
  FaultAction action;
  // Shared with the accesses that hang here.
  std::shared_ptr<bool> released = std::make_shared<bool>(false);
};

// One access as a rule sees it.
struct Attempt {
  std::string_view path;  // "node-a/devices/..."
  Access access = Access::read;
};

class Faults {
 public:
  int add(Fault fault);
  // The first rule that hits, counted; null: none. Valid until the next change.
  Fault* take(const Attempt& attempt);
  // Removes the rule and lets what hangs in it go on. Without an id: all.
  bool release(std::optional<int> id);

 private:
  std::list<Fault> faults_;
  int last_id_ = 0;
};

}  // namespace headroom::raplfs
