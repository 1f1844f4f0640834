#include "model/device_claim.h"

namespace headroom::model {
namespace {

using Table = decltype(DeviceClaims::claims);

const DeviceClaim* find(const Table& table, const std::string& ns, const std::string& name) {
  if (name.empty()) return nullptr;
  const auto found = table.find(ns + "/" + name);
  return found == table.end() ? nullptr : found->second.get();
}

}  // namespace

const DeviceClaim* find_claim(const DeviceClaims& claims, const Pod& pod, const PodClaim& claim) {
  if (const DeviceClaim* known = find(claims.claims, pod.ns, claim.claim)) return known;
  return find(claims.templates, pod.ns, claim.from_template);
}

}  // namespace headroom::model
