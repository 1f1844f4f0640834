// The pods of the demo: how they are made, and what is read back of one.
#pragma once

#include <map>
#include <string>

#include "demo/json.h"

namespace headroom::demo {

struct PodFacts {
  std::string ns;
  std::string name;
  std::string uid;
  std::string node;
  std::string phase;
  std::string scheduler;
  bool deleting = false;
  int cores = 0;
  std::map<std::string, std::string> node_selector;
  std::string headroom_condition;  // the Headroom condition as JSON text; empty: none
  bool headroom_fits = false;      // its status is True

  [[nodiscard]] std::string key() const { return ns + "/" + name; }
  [[nodiscard]] std::string path() const { return "/api/v1/namespaces/" + ns + "/pods/" + name; }
};
[[nodiscard]] PodFacts facts_of(const Json& pod);

struct NewPod {
  std::string ns;
  std::string name;
  int cores = 1;
  std::string rack{};  // not empty: a nodeSelector for it
};
[[nodiscard]] std::string pod_body(const NewPod& pod);

}  // namespace headroom::demo
