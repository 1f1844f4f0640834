// Small PowerTopology objects for tests: a row sets only what it is about.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "model/topology.h"
#include "topology/compile.h"

namespace headroom::topology::test {

using Objects = std::vector<std::shared_ptr<const model::TopologyObject>>;
using Feeds = std::vector<model::FeedShare>;

inline model::PowerElement element(std::string name, model::ElementType type, std::int64_t watts, Feeds fed_by = {}) {
  model::PowerElement made;
  made.name = std::move(name);
  made.type = type;
  made.rated = base::watts(watts);
  made.fed_by = std::move(fed_by);
  return made;
}
inline model::PowerElement feed(std::string name) {
  return element(std::move(name), model::ElementType::feed, 100'000);
}
inline model::PowerElement pdu(std::string name, std::string fed_by) {
  return element(std::move(name), model::ElementType::pdu, 20'000, {{std::move(fed_by), 100}});
}
inline model::PowerElement rack(std::string name, std::string fed_by) {
  return element(std::move(name), model::ElementType::rack, 10'000, {{std::move(fed_by), 100}});
}

inline model::TopologyObject object(std::string name, std::vector<model::PowerElement> elements) {
  model::TopologyObject made;
  made.name = std::move(name);
  made.generation = 1;
  made.rack_label = std::string(base::names::kDefaultRackLabel);
  made.elements = std::move(elements);
  return made;
}

// Feed "<hall>-f", PDU "<hall>-p", racks "<hall>-r1" and "<hall>-r2".
inline model::TopologyObject hall(const std::string& name) {
  return object(name, {feed(name + "-f"), pdu(name + "-p", name + "-f"), rack(name + "-r1", name + "-p"),
                       rack(name + "-r2", name + "-p")});
}

inline std::shared_ptr<const model::TopologyObject> shared(model::TopologyObject object) {
  return std::make_shared<const model::TopologyObject>(std::move(object));
}

inline const Element& at(const Compiled& compiled, std::string_view name) {
  return compiled.elements.at(compiled.by_name.find(name)->second);
}

}  // namespace headroom::topology::test
