// Machines' power limits without the machines: raplfs (test/rigs/raplfs) serves each node's /sys over FUSE, with the
// kernel's semantics, and the demo reads there what is really in force. Needs /dev/fuse and root.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "demo/child_process.h"
#include "runtime/unique_fd.h"

namespace headroom::demo {

struct RaplTreeOptions {
  std::string binary;
  std::string layouts;
  std::string folder;  // for the mount, the log and the control socket
};

class RaplTree {
 public:
  RaplTree(RaplTreeOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Starts it and waits until it serves. Errors carry what it said.
  [[nodiscard]] base::Status start(base::Milliseconds patience);
  void stop() { process_.stop(base::Milliseconds(3'000)); }

  // A machine with two CPU packages.
  [[nodiscard]] base::Status add_node(const std::string& node);
  // What each of its packages would draw without limits.
  [[nodiscard]] base::Status set_demand(const std::string& node, int watts);
  // The long-term limit of each package in watts, from the files themselves. Errors: a file cannot be read.
  [[nodiscard]] base::Result<std::vector<double>> limits(const std::string& node) const;
  [[nodiscard]] std::string sysfs(const std::string& node) const { return mount() + "/" + node; }

 private:
  [[nodiscard]] base::Status command(const std::string& line);
  [[nodiscard]] std::string mount() const { return options_.folder + "/sys"; }
  [[nodiscard]] std::string socket_path() const { return options_.folder + "/raplfs.sock"; }
  [[nodiscard]] std::string log_file() const { return options_.folder + "/raplfs.log"; }

  const RaplTreeOptions options_;
  base::Clock& clock_;
  ChildProcess process_;
  runtime::UniqueFd control_;
};

}  // namespace headroom::demo
