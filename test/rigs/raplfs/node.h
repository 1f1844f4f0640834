// One machine: its silicon, zones, chips and plain files, and where they stand in its /sys.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/rigs/raplfs/chip.h"
#include "test/rigs/raplfs/silicon.h"
#include "test/rigs/raplfs/tree.h"
#include "test/rigs/raplfs/zone.h"

namespace headroom::raplfs {

// Registers of one cpufreq policy, in kHz.
struct FrequencyPolicy {
  std::uint64_t hardware_min = 0;
  std::uint64_t hardware_max = 0;
  std::uint64_t scaling_min = 0;
  std::uint64_t scaling_max = 0;
};

class Node {
 public:
  // `tree` outlives the node. Everything of it stands under "<name>/".
  Node(std::string name, Tree& tree);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Made at first use: "rapl/package-0", "hwmon/0000:03:00.0".
  std::shared_ptr<Silicon> silicon(const std::string& id);
  [[nodiscard]] std::shared_ptr<Silicon> find_silicon(const std::string& id) const;
  [[nodiscard]] std::shared_ptr<Zone> find_zone(const std::string& id) const;
  [[nodiscard]] std::shared_ptr<Chip> find_chip(const std::string& key) const;

  void add_control_type(const std::string& name);
  void add_zone(const std::shared_ptr<Zone>& zone);
  // Shows a zone's files anew, after its limits were changed.
  void show(const std::shared_ptr<Zone>& zone);
  void add_chip(const std::shared_ptr<Chip>& chip);
  void add_cpufreq(int policy, FrequencyPolicy frequencies);
  // A plain file; one with a write bit keeps what is written.
  void add_file(const std::string& path, mode_t mode, std::string content);

  // The zone and those below it go, as when its package's CPUs go offline. False: there is no such zone.
  bool vanish_zone(const std::string& id);
  // They return under `as`, with `enabled` 0 and their numbers unchanged.
  bool return_zone(const std::string& id, const std::string& as);
  bool vanish_chip(const std::string& key);
  bool return_chip(const std::string& key, int index);
  // The whole driver: all zones and the control type.
  bool unload(const std::string& control_type);
  bool load(const std::string& control_type);

  void advance(Moment now);
  // Microwatts: the effective caps of everything that has a control.
  [[nodiscard]] double effective_caps() const;
  [[nodiscard]] double power() const;

 private:
  [[nodiscard]] std::string at(const std::string& path) const { return name_ + "/" + path; }
  // "devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0"
  [[nodiscard]] static std::string zone_path(const std::string& id);
  [[nodiscard]] std::vector<std::shared_ptr<Zone>> with_subzones(const std::string& id) const;
  void add_files(const std::string& directory, const std::vector<std::pair<std::string, Attribute>>& files);
  void hide(const Zone& zone);
  void show_control_type(const std::string& name);
  void show(const std::shared_ptr<Chip>& chip);
  void hide(const Chip& chip);

  std::string name_;
  Tree& tree_;
  std::map<std::string, std::shared_ptr<Silicon>> silicon_;
  std::vector<std::shared_ptr<Zone>> zones_;
  std::vector<std::shared_ptr<Chip>> chips_;
};

}  // namespace headroom::raplfs
