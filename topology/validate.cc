#include "topology/validate.h"

#include <algorithm>
#include <set>

#include "base/names.h"
#include "topology/graph_check.h"
#include "topology/words.h"

namespace headroom::topology {
namespace {

using model::ElementType;

std::string in_quotes(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

std::string element_path(Place place) {
  return "spec.elements[" + std::to_string(place.element) + "]";
}

class Validator {
 public:
  explicit Validator(const std::vector<Source>& objects) : objects_(objects) {
    result_.problems.resize(objects.size());
  }

  Validation run(const std::optional<Settings>& reference) {
    enter_names();
    link();
    const GraphFindings findings = check_graph(graph_);
    report_cycles(findings);
    report_unreached(findings);
    agree(reference);
    close(findings);
    return std::move(result_);
  }

 private:
  [[nodiscard]] const model::PowerElement& at(Place place) const {
    return objects_[place.object]->elements[place.element];
  }

  template <class Visit>
  void for_each_place(Visit visit) const {
    for (std::uint32_t o = 0; o < objects_.size(); ++o) {
      for (std::uint32_t e = 0; e < objects_[o]->elements.size(); ++e) visit(Place{o, e});
    }
  }

  void tell(Place place, const std::string& field, const std::string& text) {
    result_.problems[place.object].push_back(element_path(place) + field + ": " + text);
    bad_.insert(vertex_.at(at(place).name));
  }

  void enter_names() {
    for_each_place([&](Place place) {
      const std::string& name = at(place).name;
      const auto [known, is_new] = result_.places.emplace(name, place);
      if (is_new) {
        vertex_.emplace(name, static_cast<Vertex>(place_of_.size()));
        place_of_.push_back(place);
        if (at(place).type == ElementType::feed) graph_.sources.push_back(vertex_.at(name));
        return;
      }
      tell_twice(place, known->second);
      if (place.object != known->second.object) tell_twice(known->second, place);
    });
    graph_.vertices = place_of_.size();
  }

  void tell_twice(Place place, Place other) {
    const std::string where =
        place.object == other.object ? element_path(other) : "PowerTopology " + in_quotes(objects_[other.object]->name);
    tell(place, ".name", in_quotes(at(place).name) + " is also in " + where);
  }

  void link() {
    for_each_place([&](Place place) {
      const auto& element = at(place);
      for (std::size_t f = 0; f < element.fed_by.size(); ++f) link_feed(place, f);
      if (element.cooling_zone.empty()) return;
      const auto zone = result_.places.find(element.cooling_zone);
      if (zone == result_.places.end()) {
        tell(place, ".coolingZone", "no element is called " + in_quotes(element.cooling_zone));
      } else if (at(zone->second).type != ElementType::cooling_zone) {
        tell(place, ".coolingZone", in_quotes(element.cooling_zone) + " is no CoolingZone");
      }
    });
  }

  void link_feed(Place place, std::size_t f) {
    const std::string& name = at(place).fed_by[f].name;
    const std::string field = ".fedBy[" + std::to_string(f) + "].name";
    const auto feeder = result_.places.find(name);
    if (feeder == result_.places.end()) {
      tell(place, field, "no element is called " + in_quotes(name));
      return;
    }
    const ElementType type = at(feeder->second).type;
    if (type == ElementType::rack || type == ElementType::cooling_zone) {
      tell(place, field,
           in_quotes(name) + " is a " + std::string(word_of(kElementTypes, type)) + ", which feeds nothing");
    }
    graph_.edges.push_back({vertex_.at(at(place).name), vertex_.at(name)});
  }

  void report_cycles(const GraphFindings& findings) {
    for (const auto& cycle : findings.cycles) {
      std::string way;
      for (const auto v : cycle) way += at(place_of_[v]).name + " -> ";
      way += at(place_of_[cycle.front()]).name;
      std::set<std::uint32_t> told;
      for (const auto v : cycle) {
        if (told.insert(place_of_[v].object).second) tell(place_of_[v], ".fedBy", "cycle " + way);
      }
    }
  }

  void report_unreached(const GraphFindings& findings) {
    for (Vertex v = 0; v < place_of_.size(); ++v) {
      if (!findings.reached[v] && at(place_of_[v]).type == ElementType::rack) {
        tell(place_of_[v], ".fedBy", "no Feed reaches rack " + in_quotes(at(place_of_[v]).name));
      }
    }
  }

  void agree(const std::optional<Settings>& reference) {
    if (objects_.empty()) {
      result_.settings = settings_of(model::TopologyObject{});
      return;
    }
    const Settings first = settings_of(*objects_.front());
    const bool all = std::all_of(objects_.begin(), objects_.end(),
                                 [&](const Source& object) { return settings_of(*object) == first; });
    result_.settings = all ? first : reference.value_or(tightest());
    if (all) return;
    for (std::uint32_t o = 0; o < objects_.size(); ++o) {
      if (!reference || settings_of(*objects_[o]) != *reference) tell_disagreement(o);
    }
  }

  [[nodiscard]] Settings tightest() const {
    Settings settings = settings_of(*objects_.front());
    for (const auto& object : objects_) {
      if (object->nodes_outside == model::OutsideNodes::refuse) settings.nodes_outside = model::OutsideNodes::refuse;
      if (object->admission == model::Admission::booked) settings.admission = model::Admission::booked;
    }
    return settings;
  }

  void tell_disagreement(std::uint32_t o) {
    const Settings mine = settings_of(*objects_[o]);
    const auto tell_field = [&](std::string_view field, auto differs) {
      const auto other = std::find_if(objects_.begin(), objects_.end(),
                                      [&](const Source& object) { return differs(settings_of(*object)); });
      if (other == objects_.end()) return;
      result_.problems[o].push_back("spec." + std::string(field) +
                                    ": must be the same in all PowerTopology objects, "
                                    "but differs from " +
                                    in_quotes((*other)->name));
    };
    tell_field("rackLabel", [&](const Settings& s) { return s.rack_label != mine.rack_label; });
    tell_field("nodesOutside", [&](const Settings& s) { return s.nodes_outside != mine.nodes_outside; });
    tell_field("admission", [&](const Settings& s) { return s.admission != mine.admission; });
    for (const auto& element : objects_[o]->elements) bad_.insert(vertex_.at(element.name));
  }

  // An invalid component invalidates every object that has a part in it.
  void close(const GraphFindings& findings) {
    std::uint32_t components = 0;
    for (const auto c : findings.component) components = std::max(components, c + 1);
    result_.component_valid.assign(components, true);
    for (const auto v : bad_) result_.component_valid[findings.component[v]] = false;
    for (const auto& [name, v] : vertex_) result_.component.emplace(name, findings.component[v]);
    for_each_place([&](Place place) {
      auto& problems = result_.problems[place.object];
      if (!problems.empty() || result_.component_valid[findings.component[vertex_.at(at(place).name)]]) return;
      problems.push_back(element_path(place) +
                         ": connected with elements of other PowerTopology objects that are "
                         "invalid");
    });
  }

  const std::vector<Source>& objects_;
  Validation result_;
  std::map<std::string, Vertex, std::less<>> vertex_;
  std::vector<Place> place_of_;  // by vertex
  PowerGraph graph_;
  std::set<Vertex> bad_;
};

}  // namespace

Settings settings_of(const model::TopologyObject& object) {
  return {object.rack_label.empty() ? std::string(base::names::kDefaultRackLabel) : object.rack_label,
          object.nodes_outside, object.admission};
}

Validation validate(const std::vector<Source>& objects, const std::optional<Settings>& reference) {
  return Validator(objects).run(reference);
}

}  // namespace headroom::topology
