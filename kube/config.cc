#include "kube/config.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "runtime/http_client.h"

namespace headroom::kube {
namespace {

std::string trimmed_file(const std::string& path) {
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  return text;
}

}  // namespace

base::Result<ClientConfig> in_cluster_config(const InClusterFiles& files) {
  if (files.host.empty() || files.port.empty()) {
    return base::invalid_input(
        "in-cluster configuration: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  ClientConfig config;
  config.host = files.host;
  const char* end = files.port.data() + files.port.size();
  const auto parsed = std::from_chars(files.port.data(), end, config.port);
  if (parsed.ec != std::errc() || parsed.ptr != end || config.port == 0) {
    return base::invalid_input("in-cluster configuration: KUBERNETES_SERVICE_PORT: '" + files.port + "' is no port");
  }
  config.token_file = files.folder + "/token";
  config.tls.ca_file = files.folder + "/ca.crt";
  for (const std::string& file : {config.token_file, config.tls.ca_file}) {
    if (!std::ifstream(file)) return base::unavailable("in-cluster configuration: cannot read " + file);
  }
  const std::string ns = trimmed_file(files.folder + "/namespace");
  if (!ns.empty()) config.ns = ns;
  return config;
}

base::Result<ClientConfig> config_from_url(std::string_view url) {
  auto parsed = runtime::parse_url(url);
  if (!parsed) return base::with_context(parsed.error(), "server URL");
  ClientConfig config;
  config.host = parsed->host;
  config.port = parsed->port;
  config.https = parsed->https;
  config.base_path = parsed->path;
  while (!config.base_path.empty() && config.base_path.back() == '/') config.base_path.pop_back();
  return config;
}

base::Result<ClientConfig> find_config(const std::string& kubeconfig_or_url) {
  const std::string_view given = kubeconfig_or_url;
  if (given.starts_with("http://") || given.starts_with("https://")) return config_from_url(given);
  if (!given.empty()) return load_kubeconfig(kubeconfig_or_url);
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  const std::string named = environment("KUBECONFIG");
  if (!named.empty()) return load_kubeconfig(named);
  InClusterFiles files;
  files.host = environment("KUBERNETES_SERVICE_HOST");
  files.port = environment("KUBERNETES_SERVICE_PORT");
  return in_cluster_config(files);
}

}  // namespace headroom::kube
