// How to reach an API server and as whom: from a kubeconfig, from the files in a pod, or a plain URL.
//
// Errors: invalid_input naming the file and the field ("kubeconfig /x: users[2].user.client-key-data: not base64");
// unsupported for what this client cannot do (exec and auth-provider plugins); unavailable when a file cannot be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/tls.h"

namespace headroom::kube {

struct ClientConfig {
  std::string host;
  std::uint16_t port = 443;
  bool https = true;
  std::string base_path;  // of the server's URL, without a trailing slash; usually empty
  runtime::ClientTls tls;

  // At most one of the three is in force: a file wins over a token, a token over basic authentication.
  std::string token_file;  // re-read when it rotates
  std::string token;
  std::string basic;  // "user:password"

  std::string ns = "default";  // of the context, or of the pod
};

// `context`: empty takes current-context. Relative file names are resolved against the kubeconfig's folder.
[[nodiscard]] base::Result<ClientConfig> load_kubeconfig(const std::string& path, std::string_view context = {});
// The same from text; `folder` resolves relative names.
[[nodiscard]] base::Result<ClientConfig> parse_kubeconfig(const std::string& text, const std::string& folder,
                                                          std::string_view context = {});

struct InClusterFiles {
  std::string host;  // KUBERNETES_SERVICE_HOST, IPv6 without brackets
  std::string port;  // KUBERNETES_SERVICE_PORT
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};
[[nodiscard]] base::Result<ClientConfig> in_cluster_config(const InClusterFiles& files);
// "http://127.0.0.1:8080", "https://host:6443/prefix": no credentials, the system's certificate store.
[[nodiscard]] base::Result<ClientConfig> config_from_url(std::string_view url);
// What programs call: a kubeconfig path or an http(s) URL where one is given, else KUBECONFIG, else in-cluster.
[[nodiscard]] base::Result<ClientConfig> find_config(const std::string& kubeconfig_or_url);

}  // namespace headroom::kube
