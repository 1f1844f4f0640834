#include "kube/pod_resources.h"

#include <algorithm>
#include <limits>

namespace headroom::kube {
namespace {

struct Need {
  std::int64_t cpu = 0;
  std::map<std::string, std::int64_t, std::less<>> devices;
};

std::int64_t add_saturating(std::int64_t a, std::int64_t b) {
  return a > std::numeric_limits<std::int64_t>::max() - b ? std::numeric_limits<std::int64_t>::max() : a + b;
}

Need plus(Need a, const Need& b) {
  a.cpu = add_saturating(a.cpu, b.cpu);
  for (const auto& [name, count] : b.devices) a.devices[name] = add_saturating(a.devices[name], count);
  return a;
}

Need larger(Need a, const Need& b) {
  a.cpu = std::max(a.cpu, b.cpu);
  for (const auto& [name, count] : b.devices) a.devices[name] = std::max(a.devices[name], count);
  return a;
}

Need of(const ResourceList& list) {
  Need need;
  need.cpu = list.cpu_millis.value_or(0);
  for (const auto& device : list.devices) need.devices[device.resource] = device.count;
  return need;
}

Need of(const ResourceNeeds& needs) {
  Need need = larger(of(needs.requests), of(needs.limits));
  need.cpu = needs.limits.cpu_millis.value_or(needs.requests.cpu_millis.value_or(0));
  return need;
}

Need of(const ContainerGrant& grant) {
  return larger(of(grant.actual), of(grant.allocated));
}

Need of(const ContainerSpec& container, const PodResources& pod) {
  const auto grant = pod.grants.find(container.name);
  return grant == pod.grants.end() ? of(container.needs) : larger(of(container.needs), of(grant->second));
}

Need of_containers(const PodResources& pod) {
  Need sidecars;
  Need worst_start;
  for (const auto& container : pod.init_containers) {
    const Need together = plus(of(container, pod), sidecars);
    if (container.sidecar) sidecars = together;
    worst_start = larger(worst_start, together);
  }
  Need running = sidecars;
  for (const auto& container : pod.containers) running = plus(running, of(container, pod));
  return larger(running, worst_start);
}

// Resources of the whole pod in the place of its containers' sum.
Need replace(const Need& sum, const ResourceNeeds& whole) {
  Need need = larger(sum, of(whole.requests));
  if (whole.limits.cpu_millis) need.cpu = *whole.limits.cpu_millis;
  return larger(need, of(ResourceList{std::nullopt, whole.limits.devices}));
}

}  // namespace

EffectiveResources effective_resources(const PodResources& pod) {
  Need need = of_containers(pod);
  if (pod.pod_level) need = replace(need, *pod.pod_level);
  if (pod.pod_level_grant) need = larger(need, of(*pod.pod_level_grant));
  need = plus(need, of(pod.overhead));
  EffectiveResources effective;
  effective.cpu_millis = need.cpu;
  for (const auto& [name, count] : need.devices) {
    if (count > 0) effective.devices.push_back({name, count});
  }
  return effective;
}

}  // namespace headroom::kube
