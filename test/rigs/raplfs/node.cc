#include "test/rigs/raplfs/node.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "test/rigs/raplfs/registers.h"

namespace headroom::raplfs {

namespace {

constexpr const char* kPowercap = "devices/virtual/powercap/";

Attribute text(std::string content) {
  return {0444, [content = std::move(content)] { return Shown{0, content}; }, {}};
}

std::string control_type_of(const std::string& zone) {
  return zone.substr(0, zone.find(':'));
}

// The driver clamps what is asked into what the hardware has, without a word.
Attribute frequency(const std::shared_ptr<FrequencyPolicy>& policy, std::uint64_t FrequencyPolicy::*field) {
  return {0644,
          [policy, field] {
            return Shown{0, std::to_string((*policy).*field) + "\n"};
          },
          [policy, field](std::string_view text) {
            const auto value = parse_number(text);
            if (!value) return EINVAL;
            (*policy).*field = std::clamp(*value, policy->hardware_min, policy->hardware_max);
            return 0;
          }};
}

}  // namespace

Node::Node(std::string name, Tree& tree) : name_(std::move(name)), tree_(tree) {
  for (const char* directory : {"class/powercap", "class/hwmon", "class/drm", "class/thermal",
                                "devices/virtual/powercap", "devices/system/cpu"}) {
    tree_.add_directory(at(directory));
  }
}

Node::~Node() {
  tree_.remove(name_);
}

std::shared_ptr<Silicon> Node::silicon(const std::string& id) {
  auto& found = silicon_[id];
  if (!found) found = std::make_shared<Silicon>();
  return found;
}

std::shared_ptr<Silicon> Node::find_silicon(const std::string& id) const {
  const auto found = silicon_.find(id);
  return found == silicon_.end() ? nullptr : found->second;
}

std::shared_ptr<Zone> Node::find_zone(const std::string& id) const {
  const auto found = std::find_if(zones_.begin(), zones_.end(), [&](const auto& zone) { return zone->id() == id; });
  return found == zones_.end() ? nullptr : *found;
}

std::shared_ptr<Chip> Node::find_chip(const std::string& key) const {
  const auto found = std::find_if(chips_.begin(), chips_.end(), [&](const auto& chip) { return chip->key == key; });
  return found == chips_.end() ? nullptr : *found;
}

void Node::show_control_type(const std::string& name) {
  const std::string path = kPowercap + name;
  tree_.add_attribute(at(path + "/enabled"),
                      {0644,
                       [] {
                         return Shown{0, "1\n"};
                       },
                       [](std::string_view text) { return parse_switch(text) ? ENOSYS : EINVAL; }});
  tree_.add_attribute(at(path + "/uevent"), text(""));
  tree_.add_directory(at(path + "/power"));
  tree_.add_link(at(path + "/subsystem"), relative_target(path + "/subsystem", "class/powercap"));
  tree_.add_link(at("class/powercap/" + name), "../../" + path);
}

void Node::add_control_type(const std::string& name) {
  show_control_type(name);
}

std::string Node::zone_path(const std::string& id) {
  std::string path = kPowercap + control_type_of(id);
  for (auto colon = id.find(':'); colon != std::string::npos;) {
    colon = id.find(':', colon + 1);
    path += "/" + id.substr(0, colon);
  }
  return path;
}

void Node::add_zone(const std::shared_ptr<Zone>& zone) {
  zones_.push_back(zone);
  show(zone);
}

void Node::add_files(const std::string& directory, const std::vector<std::pair<std::string, Attribute>>& files) {
  const std::string inside = directory + "/";
  for (const auto& [file, attribute] : files) tree_.add_attribute(inside + file, attribute);
}

void Node::show(const std::shared_ptr<Zone>& zone) {
  const std::string path = zone_path(zone->id());
  add_files(at(path), attributes_of(zone));
  tree_.add_attribute(at(path + "/uevent"), text(""));
  tree_.add_directory(at(path + "/power"));
  tree_.add_link(at(path + "/subsystem"), relative_target(path + "/subsystem", "class/powercap"));
  tree_.add_link(at(path + "/device"), "../../" + parent_and_name(parent_and_name(path).first).second);
  tree_.add_link(at("class/powercap/" + zone->id()), "../../" + path);
  zone->apply();
}

void Node::hide(const Zone& zone) {
  tree_.remove(at(zone_path(zone.id())));
  tree_.remove(at("class/powercap/" + zone.id()));
}

std::vector<std::shared_ptr<Zone>> Node::with_subzones(const std::string& id) const {
  std::vector<std::shared_ptr<Zone>> found;
  for (const auto& zone : zones_) {
    if (zone->id() == id || zone->id().starts_with(id + ":")) found.push_back(zone);
  }
  return found;
}

bool Node::vanish_zone(const std::string& id) {
  const auto going = with_subzones(id);
  for (const auto& zone : going) {
    hide(*zone);
    zone->disappear();
  }
  return !going.empty();
}

bool Node::return_zone(const std::string& id, const std::string& as) {
  const auto coming = with_subzones(id);
  for (const auto& zone : coming) {
    zone->rename(as + zone->id().substr(id.size()));
    zone->reappear();
    show(zone);
  }
  return !coming.empty();
}

bool Node::unload(const std::string& control_type) {
  if (!vanish_zone(control_type)) return false;
  tree_.remove(at(kPowercap + control_type));
  tree_.remove(at("class/powercap/" + control_type));
  return true;
}

bool Node::load(const std::string& control_type) {
  if (with_subzones(control_type).empty()) return false;
  show_control_type(control_type);
  return return_zone(control_type, control_type);
}

void Node::add_chip(const std::shared_ptr<Chip>& chip) {
  chips_.push_back(chip);
  show(chip);
}

void Node::show(const std::shared_ptr<Chip>& chip) {
  const std::string device = chip->device_path();
  const std::string number = std::to_string(chip->index);
  const std::string path = device + "/hwmon/hwmon" + number;
  add_files(at(path), attributes_of(chip));
  tree_.add_link(at(path + "/device"), "../../../" + chip->key);
  tree_.add_link(at("class/hwmon/hwmon" + number), "../../" + path);
  if (chip->is_gpu()) {
    const std::string card = device + "/drm/card" + number;
    tree_.add_directory(at(card));
    tree_.add_link(at(card + "/device"), "../../../" + chip->key);
    tree_.add_link(at("class/drm/card" + number), "../../" + card);
    tree_.add_directory(at("class/drm/card" + number + "-DP-1"));
    tree_.add_attribute(at(device + "/vendor"), text(chip->driver == "amdgpu" ? "0x1002\n" : "0x8086\n"));
    tree_.add_attribute(at(device + "/uevent"), text("DRIVER=" + chip->driver + "\nPCI_SLOT_NAME=" + chip->key + "\n"));
    tree_.add_attribute(at(device + "/power/runtime_status"), text("active\n"));
  }
  chip->apply();
}

void Node::hide(const Chip& chip) {
  const std::string number = std::to_string(chip.index);
  tree_.remove(at(chip.device_path()));
  for (const std::string& link : std::initializer_list<std::string>{
           "class/hwmon/hwmon" + number, "class/drm/card" + number, "class/drm/card" + number + "-DP-1"}) {
    tree_.remove(at(link));
  }
}

bool Node::vanish_chip(const std::string& key) {
  const auto chip = find_chip(key);
  if (!chip) return false;
  hide(*chip);
  chip->present = false;
  chip->apply();
  return true;
}

bool Node::return_chip(const std::string& key, int index) {
  const auto chip = find_chip(key);
  if (!chip) return false;
  if (chip->present) hide(*chip);
  chip->present = true;
  chip->index = index;
  show(chip);
  return true;
}

void Node::add_cpufreq(int policy, FrequencyPolicy frequencies) {
  const std::string path = "devices/system/cpu/cpufreq/policy" + std::to_string(policy);
  const auto shared = std::make_shared<FrequencyPolicy>(frequencies);
  tree_.add_attribute(at(path + "/scaling_max_freq"), frequency(shared, &FrequencyPolicy::scaling_max));
  tree_.add_attribute(at(path + "/scaling_min_freq"), frequency(shared, &FrequencyPolicy::scaling_min));
  tree_.add_attribute(at(path + "/cpuinfo_max_freq"), text(std::to_string(frequencies.hardware_max) + "\n"));
  tree_.add_attribute(at(path + "/cpuinfo_min_freq"), text(std::to_string(frequencies.hardware_min) + "\n"));
  tree_.add_attribute(at(path + "/scaling_cur_freq"), {0444,
                                                       [shared] {
                                                         return Shown{0, std::to_string(shared->scaling_max) + "\n"};
                                                       },
                                                       {}});
  tree_.add_attribute(at(path + "/scaling_governor"), text("performance\n"));
  tree_.add_attribute(at(path + "/affected_cpus"), text(std::to_string(policy) + "\n"));
  tree_.add_link(at("devices/system/cpu/cpu" + std::to_string(policy) + "/cpufreq"),
                 "../cpufreq/policy" + std::to_string(policy));
}

void Node::add_file(const std::string& path, mode_t mode, std::string content) {
  const auto kept = std::make_shared<std::string>(std::move(content));
  Attribute attribute{mode, [kept] { return Shown{0, *kept}; }, {}};
  if ((mode & 0222U) != 0) {
    attribute.store = [kept](std::string_view written) {
      *kept = written;
      return 0;
    };
  }
  tree_.add_attribute(at(path), std::move(attribute));
}

void Node::advance(Moment now) {
  for (const auto& [id, silicon] : silicon_) silicon->advance(now);
}

double Node::effective_caps() const {
  double sum = 0;
  for (const auto& [id, silicon] : silicon_) sum += silicon->capped ? silicon->effective_cap() : 0;
  return sum;
}

double Node::power() const {
  double sum = 0;
  for (const auto& [id, silicon] : silicon_) sum += silicon->includes.empty() ? silicon->power() : 0;
  return sum;
}

}  // namespace headroom::raplfs
