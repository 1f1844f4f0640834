// Families of a scrape in the making, by name: whoever collects adds one sample at a time. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/metrics.h"

namespace headroom::runtime {

class MetricFamilies {
 public:
  // The first sample of a name gives its help and type. `name` and `help` as in docs/metrics.md.
  void gauge(const char* name, const char* help, MetricLabels labels, double value) {
    add({name, help}, MetricType::gauge, std::move(labels), value);
  }
  void counter(const char* name, const char* help, MetricLabels labels, double value) {
    add({name, help}, MetricType::counter, std::move(labels), value);
  }
  // All of them, by name; none are left.
  std::vector<CollectedFamily> take() {
    std::vector<CollectedFamily> all;
    for (auto& [name, family] : families_) all.push_back(std::move(family));
    return all;
  }

 private:
  void add(MetricName name, MetricType type, MetricLabels labels, double value) {
    CollectedFamily& family = families_[name.name];
    if (family.samples.empty()) {
      family.name = std::move(name);
      family.type = type;
    }
    family.samples.push_back({std::move(labels), value});
  }

  std::map<std::string, CollectedFamily> families_;
};

}  // namespace headroom::runtime
