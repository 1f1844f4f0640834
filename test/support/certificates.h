// Certificates made on the spot for TLS tests: an authority and what it signs. EC keys, valid from yesterday for a day.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace headroom::test {

struct IssuedCertificate {
  std::string cert_pem;
  std::string key_pem;
};

class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& common_name = "test authority");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  [[nodiscard]] const std::string& cert_pem() const { return cert_pem_; }
  // `sans` as OpenSSL writes them: "DNS:extender.svc", "IP:127.0.0.1", "URI:spiffe://x".
  [[nodiscard]] IssuedCertificate issue(const std::string& common_name, const std::vector<std::string>& sans) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string cert_pem_;
};

}  // namespace headroom::test
