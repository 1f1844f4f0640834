#include "test/rigs/raplfs/commands.h"

#include <fcntl.h>

#include <map>
#include <utility>

#include "test/rigs/raplfs/build_commands.h"
#include "test/rigs/raplfs/registers.h"
#include "test/rigs/raplfs/words.h"

namespace headroom::raplfs {

namespace {

using Answer = std::string (*)(World&, const Words&);

std::string done(bool found, const Words& words) {
  if (!found) throw Refused("node '" + words.at(1) + "' has no '" + words.at(2) + "'");
  return "";
}

void set_silicon(Silicon& silicon, const std::string& key, const std::string& value) {
  if (key == "demand") {
    silicon.demand = quantity(value);
  } else if (key == "floor") {
    silicon.floor = quantity(value);
  } else if (key == "ceiling") {
    silicon.ceiling = quantity(value);
  } else if (key == "energy") {
    silicon.set_consumed(quantity(value));
  } else if (key == "frozen") {
    silicon.frozen = on_or_off(value);
  } else if (key == "offline") {
    silicon.offline = on_or_off(value);
  } else {
    throw Refused("silicon has demand, floor, ceiling, energy, frozen, offline; not '" + key + "'");
  }
}

std::optional<std::uint64_t> quantity_or_none(const std::string& text) {
  if (text == "none") return std::nullopt;
  return whole_quantity(text);
}

void set_zone(Firmware& firmware, const std::string& key, const std::string& value) {
  if (key == "locked") {
    firmware.locked = on_or_off(value);
  } else if (key == "ignores-limits") {
    firmware.ignores_limits = on_or_off(value);
  } else if (key == "ignores-enable") {
    firmware.ignores_enable = on_or_off(value);
  } else if (key == "clamp-min") {
    firmware.clamp_min = quantity_or_none(value);
  } else if (key == "clamp-max") {
    firmware.clamp_max = quantity_or_none(value);
  } else {
    throw Refused("a zone has locked, ignores-limits, ignores-enable, clamp-min, clamp-max; not '" + key + "'");
  }
}

void set_chip(Chip& chip, const std::string& key, const std::string& value) {
  if (key == "state") {
    if (value != "ok" && value != "reset" && value != "failing") throw Refused("a chip is ok, reset or failing");
    chip.state = value == "ok" ? ChipState::ok : value == "reset" ? ChipState::reset : ChipState::failing;
  } else if (key == "min") {
    chip.min = whole_quantity(value);
  } else if (key == "max") {
    chip.max = whole_quantity(value);
  } else if (key == "cap") {
    chip.cap = whole_quantity(value);
  } else if (key == "temperature") {
    chip.temperature_millicelsius = whole_quantity(value);
  } else {
    throw Refused("a chip has state, min, max, cap, temperature; not '" + key + "'");
  }
  chip.apply();
}

// set <node> <silicon|zone|chip> <key> <value>
std::string set(World& world, const Words& words) {
  Node& node = node_of(world, words);
  const std::string& target = words.at(2);
  if (const auto silicon = node.find_silicon(target)) {
    set_silicon(*silicon, words.at(3), words.at(4));
  } else if (const auto zone = node.find_zone(target)) {
    set_zone(zone->firmware(), words.at(3), words.at(4));
    zone->apply();
  } else if (const auto chip = node.find_chip(target)) {
    set_chip(*chip, words.at(3), words.at(4));
  } else {
    return done(false, words);
  }
  return "";
}

// get <node> [<silicon>] demand|power|cap
std::string get(World& world, const Words& words) {
  Node& node = node_of(world, words);
  if (words.count() == 3 && words.at(2) == "power") return std::to_string(static_cast<std::uint64_t>(node.power()));
  if (words.count() == 3 && words.at(2) == "cap") {
    return std::to_string(static_cast<std::uint64_t>(node.effective_caps()));
  }
  const auto silicon = node.find_silicon(words.at(2));
  if (!silicon) return done(false, words);
  const std::string& key = words.at(3);
  if (key == "power") return std::to_string(static_cast<std::uint64_t>(silicon->power()));
  if (key == "cap") return std::to_string(static_cast<std::uint64_t>(silicon->effective_cap()));
  if (key == "demand") return std::to_string(static_cast<std::uint64_t>(silicon->demand));
  throw Refused("silicon shows power, cap, demand; not '" + key + "'");
}

std::string poke_node(World& world, const Words& words) {
  const Entry* entry = world.tree().find(words.at(1) + "/" + words.at(2));
  if (entry == nullptr || !entry->attribute) throw Refused("there is no file '" + words.at(2) + "'");
  if (!entry->attribute->store) throw Refused("'" + words.at(2) + "' has no way to be written");
  const int error = entry->attribute->store(words.at(3));
  if (error != 0) throw Refused(errno_name(error));
  return "";
}

std::optional<Access> access_named(const std::string& name) {
  if (name == "any") return std::nullopt;
  if (name == "open") return Access::open;
  if (name == "read") return Access::read;
  if (name == "write") return Access::write;
  throw Refused("an access is open, read, write or any; not '" + name + "'");
}

FaultAction action_of(const Words& words) {
  FaultAction action;
  if (words.has("errno")) {
    action.error = errno_by_name(words.option("errno", ""));
    if (action.error == 0) throw Refused("'" + words.option("errno", "") + "' is not the name of an errno");
  }
  action.hang = words.count() > 5 && words.at(5) == "hang";
  action.ignore = words.count() > 5 && words.at(5) == "ignore";
  action.delay_milliseconds = static_cast<std::int64_t>(words.quantity("delay", "0") / 1000);
  if (words.has("content")) action.content = words.option("content", "");
  if (words.has("instead")) action.instead = words.option("instead", "");
  action.endless = words.optional_quantity("endless");
  if (const auto shorten = words.optional_quantity("short")) action.shorten = *shorten;
  return action;
}

// fault <node> <target> <attribute> <access> [hang|ignore] [errno=] [content=] [short=] ... [after=] [count=]
std::string fault(World& world, const Words& words) {
  Fault added;
  added.node = words.at(1);
  added.target = words.at(2);
  added.attribute = words.at(3);
  added.access = access_named(words.at(4));
  added.skip = whole_number(words.option("after", "0"));
  added.left = words.has("count") ? whole_number(words.option("count", "")) : -1;
  added.action = action_of(words);
  return std::to_string(world.faults().add(std::move(added)));
}

// release <id>|all
std::string release(World& world, const Words& words) {
  const bool all = words.at(1) == "all";
  const auto id = all ? std::nullopt : std::optional<int>(whole_number(words.at(1)));
  if (!world.faults().release(id)) throw Refused("there is no fault " + words.at(1));
  return "";
}

std::string vanish(World& world, const Words& words) {
  Node& node = node_of(world, words);
  return done(node.vanish_zone(words.at(2)) || node.vanish_chip(words.at(2)), words);
}

// return <node> <zone> [as=<zone>], return <node> <chip> [index=<n>]
std::string return_one(World& world, const Words& words) {
  Node& node = node_of(world, words);
  const std::string& what = words.at(2);
  if (const auto chip = node.find_chip(what)) {
    return done(node.return_chip(what, whole_number(words.option("index", std::to_string(chip->index)))), words);
  }
  return done(node.return_zone(what, words.option("as", what)), words);
}

std::string unload(World& world, const Words& words) {
  return done(node_of(world, words).unload(words.at(2)), words);
}

std::string load(World& world, const Words& words) {
  return done(node_of(world, words).load(words.at(2)), words);
}

// time stop, time advance <time>
std::string time(World& world, const Words& words) {
  if (words.at(1) == "stop") {
    world.stop_clock();
  } else if (words.at(1) == "advance") {
    world.advance_clock(static_cast<Moment>(quantity(words.at(2))));
  } else {
    throw Refused("time stop, or time advance <time>");
  }
  return "";
}

std::string remove(World& world, const Words& words) {
  if (!world.remove_node(words.at(1))) throw Refused("there is no node '" + words.at(1) + "'");
  return "";
}

std::string sum(World& world, const Words& /*words*/) {
  double all = 0;
  for (const auto& [name, node] : world.nodes()) all += node->effective_caps();
  return std::to_string(static_cast<std::uint64_t>(all));
}

std::string hanging(World& world, const Words& /*words*/) {
  return std::to_string(world.hanging());
}

// log reads on|off, log mark <text>: a mark stands in the log as the script event that every command is
std::string log(World& world, const Words& words) {
  if (words.at(1) == "reads") world.recorder().reads = on_or_off(words.at(2));
  return "";
}

const std::map<std::string, Answer>& script_commands() {
  static const std::map<std::string, Answer> commands = {
      {"set", set},       {"get", get},           {"poke", poke_node},  {"fault", fault}, {"release", release},
      {"vanish", vanish}, {"return", return_one}, {"unload", unload},   {"load", load},   {"time", time},
      {"remove", remove}, {"sum", sum},           {"hanging", hanging}, {"log", log}};
  return commands;
}

}  // namespace

std::string Commands::run(std::string_view line) {
  try {
    const Words words(line);
    std::string answer;
    world_.script(line, [&](World& world) {
      if (words.at(0) == "node") {
        load_layout(world, words.at(1), layouts_ + "/" + words.at(2) + ".layout");
      } else if (const auto build = build_commands().find(words.at(0)); build != build_commands().end()) {
        build->second(world, words);
      } else if (const auto script = script_commands().find(words.at(0)); script != script_commands().end()) {
        answer = script->second(world, words);
      } else {
        throw Refused("unknown command '" + words.at(0) + "'");
      }
    });
    return answer.empty() ? "ok" : "ok " + answer;
  } catch (const Refused& refused) {
    return std::string("error: ") + refused.what();
  }
}

}  // namespace headroom::raplfs
