// The API server that the conformance cases run against, and short ways to use it through kube/.
//
// Whoever links conformance_cases calls set_target() before RUN_ALL_TESTS(). The server must serve the kinds of deploy/
// (both CRDs), nodes, pods, bindings, ConfigMaps, Leases and Events, and take namespaces as they come or be given them
// by the cases. Cases leave nothing that disturbs each other: every one works in a namespace of its own.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/api_client.h"
#include "kube/config.h"

namespace headroom::conformance {

// A kubeconfig's path or an http(s) URL.
void set_target(std::string kubeconfig_or_url);

class ApiServer : public ::testing::Test {
 protected:
  void SetUp() override;

  [[nodiscard]] kube::ApiClient& client() { return *client_; }
  // Another client, as another program would have: for field managers, elections, conflicts.
  [[nodiscard]] std::unique_ptr<kube::ApiClient> another_client() const;
  [[nodiscard]] const std::string& ns() const { return ns_; }
  // A name that no other case uses, for cluster-scoped objects.
  [[nodiscard]] std::string unique(const std::string& stem) const { return stem + "-" + ns_; }

  // POST; the object as stored. Fails the case when it is refused.
  nlohmann::json create(const std::string& collection, const nlohmann::json& object);
  [[nodiscard]] nlohmann::json get(const std::string& path);
  nlohmann::json create_node(const std::string& name);
  nlohmann::json create_pod(const std::string& name);
  nlohmann::json create_topology(const std::string& name);
  [[nodiscard]] std::string node_path(const std::string& name) const { return "/api/v1/nodes/" + name; }
  [[nodiscard]] std::string pod_path(const std::string& name) const;

 private:
  std::unique_ptr<kube::ApiClient> client_;
  std::string ns_;
};

// Waits until `condition` holds, with a generous deadline. False: it never did.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds deadline = std::chrono::seconds(30));

}  // namespace headroom::conformance
