// What Headroom keeps of a discovery.k8s.io/v1 EndpointSlice: where exporters are found. Filled by kube/ or cluster/,
// read by telemetry/discovery.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/labels.h"

namespace headroom::model {

struct EndpointPort {
  std::string name;
  std::uint16_t port = 0;

  bool operator==(const EndpointPort&) const = default;
};

struct EndpointAddress {
  std::vector<std::string> addresses;
  std::string node_name;  // nodeName; empty: none given
  std::string pod_name;   // targetRef of kind Pod; empty: none
  bool ready = true;      // conditions.ready; absent counts as ready, as Kubernetes says

  bool operator==(const EndpointAddress&) const = default;
};

struct EndpointSlice {
  std::string ns;
  std::string name;
  Labels labels;  // the Service's labels, copied there by Kubernetes; kubernetes.io/service-name names the Service
  std::vector<EndpointPort> ports;
  std::vector<EndpointAddress> endpoints;

  bool operator==(const EndpointSlice&) const = default;
};

}  // namespace headroom::model
