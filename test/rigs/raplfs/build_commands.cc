// Commands that make nodes and what is in them.
#include "test/rigs/raplfs/build_commands.h"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

#include "test/rigs/raplfs/registers.h"

namespace headroom::raplfs {

namespace {

constexpr const char* kCoreEnergyUnit = "61035";  // 2^-14 J in nanojoules

void control_type(World& world, const Words& words) {
  node_of(world, words).add_control_type(words.at(2));
}

// zone <node> <id> <name> [silicon=<id>] [energy-unit=<nJ>]
void zone(World& world, const Words& words) {
  Node& node = node_of(world, words);
  const std::string& name = words.at(3);
  auto silicon = node.silicon(words.option("silicon", "rapl/" + name));
  const int unit = whole_number(words.option("energy-unit", kCoreEnergyUnit));
  node.add_zone(std::make_shared<Zone>(words.at(2), name, std::move(silicon), static_cast<std::uint64_t>(unit)));
}

// limit <node> <zone> <name> <power> [window=<time>] [max=<power>|none] [enabled=0|1]
void limit(World& world, const Words& words) {
  Node& node = node_of(world, words);
  const auto zone = zone_of(node, words.at(2));
  Limit added;
  added.name = words.at(3);
  added.power = power_register(whole_quantity(words.at(4)));
  added.window = window_register(words.optional_quantity("window").value_or(kTimeUnitMicroseconds));
  added.max_microwatts = words.optional_quantity("max");
  added.enabled = on_or_off(words.option("enabled", "1"));
  zone->limits().push_back(std::move(added));
  node.show(zone);
}

// silicon <node> <id> [demand=] [floor=] [ceiling=] [capped=0|1] [includes=<id>,<id>]
void silicon(World& world, const Words& words) {
  Node& node = node_of(world, words);
  const auto made = node.silicon(words.at(2));
  made->demand = words.quantity("demand", "0W");
  made->floor = words.quantity("floor", "0W");
  made->ceiling = words.quantity("ceiling", "10000W");
  made->capped = on_or_off(words.option("capped", "0"));
  std::string parts = words.option("includes", "");
  while (!parts.empty()) {
    const auto comma = parts.find(',');
    made->includes.push_back(node.silicon(parts.substr(0, comma)));
    parts.erase(0, comma == std::string::npos ? parts.size() : comma + 1);
  }
}

// hwmon <node> <driver> <key> index=<n> cap= min= max= default= [burst=]
void hwmon(World& world, const Words& words) {
  if (!known_driver(words.at(2))) throw Refused("unknown hwmon driver '" + words.at(2) + "'");
  Node& node = node_of(world, words);
  const auto chip = std::make_shared<Chip>();
  chip->driver = words.at(2);
  chip->key = words.at(3);
  chip->index = whole_number(words.option("index", "0"));
  chip->cap = whole_quantity(words.option("cap", "0"));
  chip->min = whole_quantity(words.option("min", "0"));
  chip->max = whole_quantity(words.option("max", "0"));
  chip->default_cap = whole_quantity(words.option("default", words.option("cap", "0")));
  chip->burst = whole_quantity(words.option("burst", words.option("cap", "0")));
  chip->silicon = node.silicon("hwmon/" + chip->key);
  chip->silicon->ceiling = static_cast<double>(chip->max);
  chip->silicon->demand = words.quantity("demand", "0W");
  chip->silicon->capped = true;
  node.add_chip(chip);
}

// cpufreq <node> <policy> min=<kHz> max=<kHz>
void cpufreq(World& world, const Words& words) {
  FrequencyPolicy policy;
  policy.hardware_min = whole_quantity(words.option("min", "800000"));
  policy.hardware_max = whole_quantity(words.option("max", "3500000"));
  policy.scaling_min = policy.hardware_min;
  policy.scaling_max = policy.hardware_max;
  node_of(world, words).add_cpufreq(whole_number(words.at(2)), policy);
}

// file <node> <path> <octal mode> <content>
void file(World& world, const Words& words) {
  const auto mode = static_cast<mode_t>(std::strtoul(words.at(3).c_str(), nullptr, 8));
  node_of(world, words).add_file(words.at(2), mode, words.at(4) + "\n");
}

}  // namespace

Node& node_of(World& world, const Words& words) {
  Node* node = world.node(words.at(1));
  if (node == nullptr) throw Refused("there is no node '" + words.at(1) + "'");
  return *node;
}

std::shared_ptr<Zone> zone_of(const Node& node, const std::string& id) {
  auto zone = node.find_zone(id);
  if (!zone) throw Refused("there is no zone '" + id + "'");
  return zone;
}

const std::map<std::string, Handler>& build_commands() {
  static const std::map<std::string, Handler> commands = {
      {"control-type", control_type}, {"zone", zone}, {"limit", limit}, {"silicon", silicon}, {"hwmon", hwmon},
      {"cpufreq", cpufreq},           {"file", file}};
  return commands;
}

void load_layout(World& world, const std::string& node, const std::string& path) {
  std::ifstream lines(path);
  if (!lines) throw Refused("there is no layout " + path);
  world.add_node(node);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto blank = line.find(' ');
    const auto command = build_commands().find(line.substr(0, blank));
    if (command == build_commands().end()) throw Refused(path + ":" + std::to_string(number) + ": unknown command");
    // A layout does not name its node: it is put in as the second word.
    const Words words(command->first + " " + node + line.substr(blank));
    command->second(world, words);
  }
}

}  // namespace headroom::raplfs
