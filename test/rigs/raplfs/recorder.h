// The log that tests read. One line an event, flushed at once:
//
//   <monotonic seconds> <event> <path> "<value>" <result> node_uw=<n> sum_uw=<n>
//
//   81230.123456 write node-a/devices/virtual/powercap/intel-rapl/intel-rapl:0/constraint_0_power_limit_uw "100000000"
//   ok node_uw=225000000 sum_uw=475000000
//
// event: write, open-truncate, create, truncate, read (only after "log reads on"), hang, script. result: ok, short=<n>,
// dropped (a write that a fault swallowed), or the errno's name. node_uw and sum_uw are the effective caps of the
// written node and of all nodes after the event, in microwatts: for each package, GPU or socket with a control the
// lowest enforced limit, its ceiling where none is enforced.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace headroom::raplfs {

struct Sums {
  std::uint64_t node = 0;
  std::uint64_t all = 0;
};

struct Event {
  std::string_view event;
  std::string_view path;
  std::string_view value;
  std::string_view result = "ok";
  Sums sums;
};

class Recorder {
 public:
  explicit Recorder(const std::string& path);
  void record(const Event& event);

  bool reads = false;  // whether reads are logged

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

// "ENODATA"; "ok" for 0.
[[nodiscard]] std::string errno_name(int error);
// 0: not a name.
[[nodiscard]] int errno_by_name(std::string_view name);

}  // namespace headroom::raplfs
