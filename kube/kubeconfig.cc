#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "kube/base64.h"
#include "kube/config.h"

namespace headroom::kube {
namespace {

// Reads fields of one mapping; the first error stays, so that a caller reads on and asks once.
class Section {
 public:
  Section(const YAML::Node& node, std::string path) : node_(node), path_(std::move(path)) {}

  [[nodiscard]] bool has(const char* key) const {
    return node_.IsMap() && node_[key].IsDefined() && !node_[key].IsNull();
  }
  [[nodiscard]] std::string text(const char* key) {
    if (!has(key)) return {};
    const YAML::Node value = node_[key];
    if (!value.IsScalar()) {
      fail(key, "must be a string");
      return {};
    }
    return value.Scalar();
  }
  [[nodiscard]] std::string decoded(const char* key) {
    const auto bytes = base64_decode(text(key));
    if (bytes) return *bytes;
    fail(key, "is not base64");
    return {};
  }
  [[nodiscard]] bool flag(const char* key) {
    const std::string value = text(key);
    if (!value.empty() && value != "true" && value != "false") fail(key, "must be true or false");
    return value == "true";
  }
  void fail(const char* key, const std::string& what) {
    if (!error_) error_ = base::invalid_input(path_ + "." + key + ": " + what);
  }
  void refuse(const char* key, const std::string& what) {
    if (!error_ && has(key)) error_ = base::unsupported(path_ + "." + key + ": " + what);
  }
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }
  [[nodiscard]] std::string child_path(const char* key) const { return path_ + "." + key; }

 private:
  YAML::Node node_;
  std::string path_;
  std::optional<base::Error> error_;
};

struct Kubeconfig {
  YAML::Node root;
  std::filesystem::path folder;
};

// The mapping `inner` of the entry of `list` that is called `name`: clusters[0].cluster.
base::Result<Section> find_named(const Kubeconfig& file, const char* list, const char* inner, const std::string& name) {
  const YAML::Node entries = file.root[list];
  if (!entries.IsDefined() || !entries.IsSequence()) return base::invalid_input(std::string(list) + ": must be a list");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const YAML::Node entry = entries[i];
    if (!entry.IsMap() || !entry["name"].IsDefined() || !entry["name"].IsScalar()) continue;
    if (entry["name"].Scalar() != name) continue;
    return Section(entry[inner], std::string(list) + "[" + std::to_string(i) + "]." + inner);
  }
  return base::invalid_input(std::string(list) + ": none is called '" + name + "'");
}

// A file named in the kubeconfig, absolute; it must exist, so that the message comes now and names the field.
std::string file_of(const Kubeconfig& file, Section& section, const char* key) {
  const std::string name = section.text(key);
  if (name.empty()) return {};
  std::string path = (file.folder / name).lexically_normal().string();
  if (!std::ifstream(path)) section.fail(key, "cannot read " + path);
  return path;
}

base::Status read_cluster(const Kubeconfig& file, const std::string& name, ClientConfig& config) {
  auto section = find_named(file, "clusters", "cluster", name);
  if (!section) return section.error();
  const auto server = config_from_url(section->text("server"));
  if (!server) section->fail("server", server.error().message);
  if (section->error()) return *section->error();
  config.host = server->host;
  config.port = server->port;
  config.https = server->https;
  config.base_path = server->base_path;
  config.tls.ca_data = section->decoded("certificate-authority-data");
  if (config.tls.ca_data.empty()) config.tls.ca_file = file_of(file, *section, "certificate-authority");
  config.tls.server_name = section->text("tls-server-name");
  config.tls.insecure = section->flag("insecure-skip-tls-verify");
  section->refuse("proxy-url", "proxies are not supported");
  if (section->error()) return *section->error();
  return base::ok_status();
}

base::Status read_user(const Kubeconfig& file, const std::string& name, ClientConfig& config) {
  auto section = find_named(file, "users", "user", name);
  if (!section) return section.error();
  section->refuse("exec", "credential plugins are not supported; use a client certificate or a token file");
  section->refuse("auth-provider", "auth providers are not supported; use a client certificate or a token file");
  config.tls.cert_data = section->decoded("client-certificate-data");
  config.tls.key_data = section->decoded("client-key-data");
  if (config.tls.cert_data.empty()) config.tls.cert_file = file_of(file, *section, "client-certificate");
  if (config.tls.key_data.empty()) config.tls.key_file = file_of(file, *section, "client-key");
  const bool cert = !config.tls.cert_data.empty() || !config.tls.cert_file.empty();
  const bool key = !config.tls.key_data.empty() || !config.tls.key_file.empty();
  if (cert != key) section->fail(cert ? "client-key" : "client-certificate", "is missing beside the other half");
  config.token_file = file_of(file, *section, "tokenFile");
  config.token = section->text("token");
  if (section->has("username")) config.basic = section->text("username") + ":" + section->text("password");
  if (section->error()) return *section->error();
  return base::ok_status();
}

base::Result<ClientConfig> read_config(const Kubeconfig& file, std::string_view context) {
  Section root(file.root, "kubeconfig");
  if (!file.root.IsMap()) return base::invalid_input("must be a mapping");
  const std::string name = context.empty() ? root.text("current-context") : std::string(context);
  if (name.empty()) return base::invalid_input("current-context: is not set");
  auto section = find_named(file, "contexts", "context", name);
  if (!section) return section.error();
  ClientConfig config;
  if (section->has("namespace")) config.ns = section->text("namespace");
  const std::string cluster = section->text("cluster");
  const std::string user = section->text("user");
  if (cluster.empty()) section->fail("cluster", "is required");
  if (section->error()) return *section->error();
  if (const auto read = read_cluster(file, cluster, config); !read) return read.error();
  if (!user.empty()) {
    if (const auto read = read_user(file, user, config); !read) return read.error();
  }
  return config;
}

}  // namespace

base::Result<ClientConfig> parse_kubeconfig(const std::string& text, const std::string& folder,
                                            std::string_view context) {
  try {
    return read_config({YAML::Load(text), folder}, context);
  } catch (const YAML::Exception& error) {
    return base::invalid_input("line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

base::Result<ClientConfig> load_kubeconfig(const std::string& path, std::string_view context) {
  std::ifstream in(path);
  if (!in) return base::unavailable("kubeconfig " + path + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(path, ignored).parent_path().string();
  auto config = parse_kubeconfig(text, folder, context);
  if (!config) return base::with_context(config.error(), "kubeconfig " + path);
  return config;
}

}  // namespace headroom::kube
