#include "scoring/node_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "scoring/prefetch.h"

namespace headroom::scoring {
namespace {

using base::Power;

constexpr std::uint64_t kEmptySlot = UINT64_MAX;
constexpr std::uint64_t kRowMask = 0xffff'ffffU;

std::uint64_t hash_of(std::string_view name) {
  return std::hash<std::string_view>{}(name);
}

std::vector<std::uint64_t> make_slots(const std::vector<NodeRow>& nodes) {
  std::size_t size = 16;
  while (size < nodes.size() * 2) size *= 2;
  std::vector<std::uint64_t> slots(size, kEmptySlot);
  for (std::uint32_t row = 0; row < nodes.size(); ++row) {
    const std::uint64_t hash = hash_of(nodes[row].node->name);
    std::size_t slot = hash & (size - 1);
    while (slots[slot] != kEmptySlot) slot = (slot + 1) & (size - 1);
    slots[slot] = (hash & ~kRowMask) | row;
  }
  return slots;
}

Power modelled_peak(const model::Node& node, const model::NodeClass& node_class) {
  constexpr std::int64_t kMostCores = 100'000;
  Power peak = node_class.idle + node_class.overhead;
  peak += base::microwatts(node_class.watts_per_core.count() / 1000 *
                           std::clamp<std::int64_t>(node.cpu_millis, 0, kMostCores * 1000));
  for (const model::DeviceCount& device : node.devices) {
    const auto found = node_class.device_watts.find(device.resource);
    if (found != node_class.device_watts.end()) peak += found->second * std::clamp<std::int64_t>(device.count, 0, 1000);
  }
  return peak;
}

// The rack a node is in: its label's, else the one it was last labelled with.
struct RackName {
  std::string_view name;
  bool kept = false;
};

std::optional<RackName> rack_name(const model::Node& node, const NodeTableInput& input) {
  if (const auto labelled = topology::rack_of(input.topology.settings, node.labels)) return RackName{*labelled, false};
  const auto last = input.last_racks.find(node.name);
  if (last == input.last_racks.end()) return std::nullopt;
  return RackName{last->second, true};
}

std::vector<RackRow> make_racks(const NodeTableInput& input) {
  std::set<std::string, std::less<>> names(input.policy_racks.begin(), input.policy_racks.end());
  for (const topology::Element& element : input.topology.elements) {
    if (element.type == model::ElementType::rack) names.insert(element.name);
  }
  for (const auto& node : input.nodes) {
    if (const auto rack = rack_name(*node, input)) names.emplace(rack->name);
  }
  std::vector<RackRow> racks;
  racks.reserve(names.size());
  for (const std::string& name : names) racks.push_back({name, topology::find_rack(input.topology, name), {}});
  return racks;
}

}  // namespace

NodeRow row_of(std::shared_ptr<const model::Node> node, const std::vector<model::NodeClass>& classes,
               const topology::Compiled& topology) {
  NodeRow row;
  if (const model::NodeClass* found = topology::node_class_of(topology, node->labels)) {
    row.node_class = static_cast<ClassIndex>(found - topology.node_classes.data()) + 1;
  }
  const model::NodeClass& node_class = classes[row.node_class];
  row.cpu_millis = node->cpu_millis;
  row.idle = node_class.idle;
  row.max = node_class.max;
  row.peak = node_class.max.value_or(modelled_peak(*node, node_class));
  row.node = std::move(node);
  return row;
}

NodeTable make_node_table(const NodeTableInput& input) {
  NodeTable table;
  table.classes.push_back(input.settings.default_class);
  table.classes.insert(table.classes.end(), input.topology.node_classes.begin(), input.topology.node_classes.end());
  table.racks = make_racks(input);
  table.nodes.reserve(input.nodes.size());
  for (const auto& node : input.nodes) {
    NodeRow row = row_of(node, table.classes, input.topology);
    if (const auto rack = rack_name(*node, input)) {
      row.rack = table.find_rack(rack->name);
      if (rack->kept) table.kept_in_rack.push_back(static_cast<std::uint32_t>(table.nodes.size()));
      table.racks[row.rack].nodes.push_back(static_cast<std::uint32_t>(table.nodes.size()));
    }
    table.nodes.push_back(std::move(row));
  }
  table.slots = make_slots(table.nodes);
  table.name_begin.reserve(table.nodes.size() + 1);
  table.name_begin.push_back(0);
  for (const NodeRow& row : table.nodes) {
    table.names += row.node->name;
    table.name_begin.push_back(static_cast<std::uint32_t>(table.names.size()));
  }
  return table;
}

std::uint32_t NodeTable::find(std::string_view node_name) const {
  return slots.empty() ? kNone : find_hashed(node_name, hash_of(node_name));
}

std::uint32_t NodeTable::find_hashed(std::string_view node_name, std::uint64_t hash) const {
  const std::size_t mask = slots.size() - 1;
  for (std::size_t slot = hash & mask; slots[slot] != kEmptySlot; slot = (slot + 1) & mask) {
    if ((slots[slot] & ~kRowMask) != (hash & ~kRowMask)) continue;
    const auto row = static_cast<std::uint32_t>(slots[slot] & kRowMask);
    const std::size_t begin = name_begin[row];
    if (std::string_view(names).substr(begin, name_begin[row + 1] - begin) == node_name) return row;
  }
  return kNone;
}

std::vector<std::uint32_t> NodeTable::find_all(const std::vector<std::string_view>& node_names) const {
  std::vector<std::uint32_t> rows(node_names.size(), kNone);
  if (nodes.empty()) return rows;
  constexpr std::size_t kBlock = 32;  // about as many lines as may be on their way at once
  const std::size_t mask = slots.size() - 1;
  std::array<std::uint64_t, kBlock> hashes{};
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, rows.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_of(node_names[first + i]);
      expect_read(&slots[hashes[i] & mask]);
    }
    // A slot's row is right most of the time, and only what is fetched depends on it.
    const auto guess = [&](std::size_t i) { return std::min(slots[hashes[i] & mask] & kRowMask, nodes.size() - 1); };
    for (std::size_t i = 0; i < count; ++i) expect_read(&name_begin[guess(i)]);
    for (std::size_t i = 0; i < count; ++i) expect_read(&names[name_begin[guess(i)]]);
    for (std::size_t i = 0; i < count; ++i) rows[first + i] = find_hashed(node_names[first + i], hashes[i]);
  }
  return rows;
}

std::uint32_t NodeTable::find_rack(std::string_view rack) const {
  const auto found = std::lower_bound(racks.begin(), racks.end(), rack,
                                      [](const RackRow& row, std::string_view name) { return row.name < name; });
  return found != racks.end() && found->name == rack ? static_cast<std::uint32_t>(found - racks.begin()) : kNone;
}

}  // namespace headroom::scoring
