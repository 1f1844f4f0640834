// A mounted powercap tree for a test binary: starts the raplfs program on a mount of its own and takes it down again.
//
//   Raplfs tree;                                       // throws with raplfs's own sentence where mounting is not
//   possible tree.command("node node-a server-2s");             // a layout of test/rigs/raplfs/layouts
//   tree.command("set node-a rapl/package-0 demand 150W");
//   read(tree.powercap("node-a") + "/intel-rapl/intel-rapl:0/constraint_0_power_limit_uw");
//   tree.writes("node-a");                             // what the recorder saw
//
// test/rigs/raplfs/README.md has the commands and the log's format. Nothing outlives the test: raplfs ends when the
// pipe that this object holds closes, also when the test is killed, and unmounts lazily; accesses under way then fail.
// Not thread-safe; use one object per thread, or a lock.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::test {

// One line of the recorder's log.
struct Recorded {
  double seconds = 0;  // monotonic
  std::string event;   // "write", "script", ...
  std::string path;    // "node-a/devices/..."
  std::string value;   // as written, without the quotes; \n stays two letters
  std::string result;  // "ok", "ENODATA", "dropped", "short=3"
  std::uint64_t node_uw = 0;
  std::uint64_t sum_uw = 0;

  // The file's name and the directory it stands in: "intel-rapl:0/enabled".
  [[nodiscard]] std::string file() const;
};

class Raplfs {
 public:
  Raplfs();
  ~Raplfs();
  Raplfs(const Raplfs&) = delete;
  Raplfs& operator=(const Raplfs&) = delete;

  // Gives the answer's value ("" for a plain ok). A refused command throws std::runtime_error with the reason.
  std::string command(const std::string& line);

  // "<mount>/<node>", a /sys; and the directories inside it that an agent is pointed to.
  [[nodiscard]] std::string sys(std::string_view node) const { return mount_ + "/" + std::string(node); }
  [[nodiscard]] std::string powercap(std::string_view node) const { return sys(node) + "/devices/virtual/powercap"; }
  [[nodiscard]] std::string zone(std::string_view node, std::string_view id) const;

  // The log so far; only writes; only writes under one node.
  [[nodiscard]] std::vector<Recorded> log() const;
  [[nodiscard]] std::vector<Recorded> writes() const;
  [[nodiscard]] std::vector<Recorded> writes(std::string_view node) const;

  // Whether `true_now` came true within the deadline; asked every few milliseconds.
  [[nodiscard]] static bool eventually(const std::function<bool()>& true_now, int deadline_seconds = 30);
  // Until so many accesses hang.
  [[nodiscard]] bool wait_hanging(int count);

 private:
  void start(const std::string& program);
  void connect();

  std::string directory_;
  std::string mount_;
  pid_t process_ = -1;
  int pipe_ = -1;
  int control_ = -1;
};

// A program of this build tree. Throws where it is not built.
[[nodiscard]] std::string built_program(const std::string& name);

// The content; nullopt with errno set where opening or reading fails.
[[nodiscard]] std::optional<std::string> read_attribute(const std::string& path);
// One write(2). 0 or the errno.
[[nodiscard]] int write_attribute(const std::string& path, std::string_view text);

}  // namespace headroom::test
