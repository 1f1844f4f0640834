// TLS material as configuration names it. Files are re-read when they change (rotation by cert-manager or kubelet).
#pragma once

#include <string>
#include <vector>

namespace headroom::runtime {

struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;                    // empty: clients need no certificate
  std::vector<std::string> allowed_client_sans;  // with client_ca_file: empty allows every verified client
};

struct ClientTls {
  std::string ca_file;      // empty and ca_data empty: the system's store
  std::string ca_data;      // PEM
  std::string server_name;  // SNI and verification; empty: the host connected to
  std::string cert_file;    // client certificate; empty: none
  std::string key_file;
  std::string cert_data;  // PEM, instead of the files (kubeconfig's *-data)
  std::string key_data;
  bool insecure = false;  // no verification; only where a user's configuration says so in words
};

}  // namespace headroom::runtime
