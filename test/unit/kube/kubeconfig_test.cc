#include <gtest/gtest.h>

#include <string>

#include "kube/config.h"
#include "test/support/table.h"

namespace headroom::kube {
namespace {

// A working file; `{C}` and `{U}` stand for more fields of the cluster and of the user.
std::string file_with(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: main\n"
         "clusters:\n- name: other\n  cluster: {server: 'https://wrong'}\n- name: c\n  cluster:\n" +
         cluster +
         "contexts:\n- name: main\n  context: {cluster: c, user: u, namespace: team}\nusers:\n- name: u\n  user:\n" +
         user;
}
const std::string kServer = "    server: https://10.0.0.1:6443\n";

TEST(Kubeconfig, ReadsServerCertificatesAndNamespaceOfTheContext) {
  const auto config =
      parse_kubeconfig(file_with(kServer + "    certificate-authority-data: Q0E=\n    tls-server-name: kubernetes\n",
                                 "    client-certificate-data: Q0VSVA==\n    client-key-data: S0VZ\n"),
                       "/nowhere");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->host, "10.0.0.1");
  EXPECT_EQ(config->port, 6443);
  EXPECT_TRUE(config->https);
  EXPECT_EQ(config->tls.ca_data, "CA");
  EXPECT_EQ(config->tls.server_name, "kubernetes");
  EXPECT_EQ(config->tls.cert_data, "CERT");
  EXPECT_EQ(config->tls.key_data, "KEY");
  EXPECT_EQ(config->ns, "team");
  EXPECT_FALSE(config->tls.insecure);
}

TEST(Kubeconfig, ServerMayCarryAPathAndAnIpv6Address) {
  const auto config =
      parse_kubeconfig(file_with("    server: 'https://[fd00::1]:8443/k8s/clusters/c-1/'\n", "    token: t\n"), "/");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->host, "fd00::1");
  EXPECT_EQ(config->port, 8443);
  EXPECT_EQ(config->base_path, "/k8s/clusters/c-1");
  EXPECT_EQ(config->token, "t");
}

TEST(Kubeconfig, JsonIsYamlToo) {
  const auto config = parse_kubeconfig(
      R"({"current-context":"a","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:8080"}}],
          "contexts":[{"name":"a","context":{"cluster":"c"}}]})",
      "/");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_FALSE(config->https);
  EXPECT_EQ(config->ns, "default");
}

TEST(Kubeconfig, BasicAuthenticationIsNameAndPassword) {
  const auto config = parse_kubeconfig(file_with(kServer, "    username: me\n    password: secret\n"), "/");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->basic, "me:secret");
}

struct BadRow {
  std::string name;
  std::string text;
  std::string message;
};
class BadKubeconfig : public testing::TestWithParam<BadRow> {};

TEST_P(BadKubeconfig, IsRefusedNamingTheField) {
  const auto config = parse_kubeconfig(GetParam().text, "/nowhere");
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find(GetParam().message), std::string::npos) << config.error().message;
}

const std::string kToken = "    token: t\n";
INSTANTIATE_TEST_SUITE_P(
    Table, BadKubeconfig,
    testing::Values(
        BadRow{"no YAML", "a: [", "line "}, BadRow{"a list", "- a", "must be a mapping"},
        BadRow{"empty", "", "must be a mapping"}, BadRow{"no current context", "clusters: []", "current-context"},
        BadRow{"an unknown context", "current-context: x\ncontexts: []", "contexts: none is called 'x'"},
        BadRow{"an unknown cluster", "current-context: x\nclusters: []\ncontexts: [{name: x, context: {cluster: c}}]",
               "clusters: none is called 'c'"},
        BadRow{"a server without scheme", file_with("    server: 10.0.0.1:6443\n", kToken),
               "clusters[1].cluster.server"},
        BadRow{"no server", file_with("    insecure-skip-tls-verify: true\n", kToken), "clusters[1].cluster.server"},
        BadRow{"a CA that is not base64", file_with(kServer + "    certificate-authority-data: '!!'\n", kToken),
               "clusters[1].cluster.certificate-authority-data: is not base64"},
        BadRow{"a CA file that is not there", file_with(kServer + "    certificate-authority: ca.crt\n", kToken),
               "clusters[1].cluster.certificate-authority: cannot read /nowhere/ca.crt"},
        BadRow{"a proxy", file_with(kServer + "    proxy-url: http://p\n", kToken), "proxies are not supported"},
        BadRow{"a certificate without its key", file_with(kServer, "    client-certificate-data: Q0VSVA==\n"),
               "users[0].user.client-key: is missing"},
        BadRow{"a credential plugin", file_with(kServer, "    exec: {command: aws}\n"), "users[0].user.exec"},
        BadRow{"a token file that is not there", file_with(kServer, "    tokenFile: token\n"),
               "users[0].user.tokenFile: cannot read /nowhere/token"},
        BadRow{"a flag in words", file_with(kServer + "    insecure-skip-tls-verify: maybe\n", kToken),
               "insecure-skip-tls-verify: must be true or false"}),
    test::RowName());

TEST(InClusterConfig, NamesWhatIsMissing) {
  EXPECT_NE(in_cluster_config({"", "", "/"}).error().message.find("KUBERNETES_SERVICE_HOST"), std::string::npos);
  EXPECT_NE(in_cluster_config({"h", "http", "/"}).error().message.find("KUBERNETES_SERVICE_PORT"), std::string::npos);
  EXPECT_NE(in_cluster_config({"h", "443", "/nowhere"}).error().message.find("/nowhere/token"), std::string::npos);
}

}  // namespace
}  // namespace headroom::kube
