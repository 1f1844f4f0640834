#include "runtime/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "runtime/logging.h"

namespace headroom::runtime {
namespace {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using NameList = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

base::Error unusable(const std::string& what) {
  return base::invalid_input(what + ": " + take_tls_error());
}

// OpenSSL writes without MSG_NOSIGNAL: a peer that leaves in the middle would end the process.
void survive_broken_pipes() {
  struct sigaction now {};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

base::Result<TlsContext> new_context(const SSL_METHOD* method) {
  survive_broken_pipes();
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return base::internal_error("SSL_CTX_new: " + take_tls_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

Bio memory_bio(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// PEM text, from a file or given as data.
struct Pem {
  std::string name;
  std::string text;
};
base::Result<Pem> pem_from(const std::string& file, const std::string& data, const std::string& data_name) {
  if (!data.empty()) return Pem{data_name, data};
  auto text = read_file(file);
  if (!text) return text.error();
  return Pem{file, *std::move(text)};
}

base::Status use_chain(SSL_CTX* context, const Pem& pem) {
  const Bio bio = memory_bio(pem.text);
  const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return unusable(pem.name);
  SSL_CTX_clear_chain_certs(context);
  while (Certificate issuer{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return unusable(pem.name);
  }
  ERR_clear_error();  // the end of the file counts as an error
  return base::ok_status();
}

base::Status use_key(SSL_CTX* context, const Pem& pem) {
  const Bio bio = memory_bio(pem.text);
  const PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return unusable(pem.name);
  }
  return base::ok_status();
}

base::Status trust(SSL_CTX* context, const Pem& pem) {
  const Bio bio = memory_bio(pem.text);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int added = 0;
  while (Certificate authority{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return unusable(pem.name);
    SSL_CTX_add_client_CA(context, authority.get());
    ++added;
  }
  if (added == 0) return base::invalid_input(pem.name + ": holds no certificate in PEM form");
  ERR_clear_error();
  return base::ok_status();
}

std::string san_text(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS || name.type == GEN_URI) {
    const ASN1_STRING* text = name.type == GEN_DNS ? name.d.dNSName : name.d.uniformResourceIdentifier;
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
  }
  if (name.type == GEN_IPADD) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(name.d.iPAddress) == 4 ? AF_INET : AF_INET6;
    if (::inet_ntop(family, ASN1_STRING_get0_data(name.d.iPAddress), text.data(), text.size()) != nullptr) {
      return text.data();
    }
  }
  return {};
}

std::vector<std::string> present(std::initializer_list<std::string> files) {
  std::vector<std::string> named;
  std::copy_if(files.begin(), files.end(), std::back_inserter(named), [](const auto& file) { return !file.empty(); });
  return named;
}

}  // namespace

std::string take_tls_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  if (code == 0) return "not usable";
  const char* reason = ERR_reason_error_string(code);
  if (reason == nullptr) ERR_error_string_n(code, text.data(), text.size());
  std::string message = reason != nullptr ? reason : text.data();
  ERR_clear_error();
  return message;
}

base::Result<TlsContext> make_server_context(const ServerTls& tls) {
  auto context = new_context(TLS_server_method());
  if (!context) return context;
  SSL_CTX* ctx = context->get();
  const auto cert = pem_from(tls.cert_file, "", "");
  if (!cert) return cert.error();
  const auto key = pem_from(tls.key_file, "", "");
  if (!key) return key.error();
  if (auto status = use_chain(ctx, *cert); !status) return status.error();
  if (auto status = use_key(ctx, *key); !status) return status.error();
  if (tls.client_ca_file.empty()) return context;
  const auto authorities = pem_from(tls.client_ca_file, "", "");
  if (!authorities) return authorities.error();
  if (auto status = trust(ctx, *authorities); !status) return status.error();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

base::Result<TlsContext> make_client_context(const ClientTls& tls) {
  auto context = new_context(TLS_client_method());
  if (!context) return context;
  SSL_CTX* ctx = context->get();
  SSL_CTX_set_verify(ctx, tls.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!tls.ca_data.empty() || !tls.ca_file.empty()) {
    const auto authorities = pem_from(tls.ca_file, tls.ca_data, "CA data");
    if (!authorities) return authorities.error();
    if (auto status = trust(ctx, *authorities); !status) return status.error();
  } else if (!tls.insecure && SSL_CTX_set_default_verify_paths(ctx) != 1) {
    return unusable("the system's certificate store");
  }
  if (tls.cert_data.empty() && tls.cert_file.empty()) return context;
  const auto cert = pem_from(tls.cert_file, tls.cert_data, "client certificate data");
  if (!cert) return cert.error();
  const auto key = pem_from(tls.key_file, tls.key_data, "client key data");
  if (!key) return key.error();
  if (auto status = use_chain(ctx, *cert); !status) return status.error();
  if (auto status = use_key(ctx, *key); !status) return status.error();
  return context;
}

TlsContextSource::TlsContextSource(ServerTls tls) : files_(present({tls.cert_file, tls.key_file, tls.client_ca_file})) {
  build_ = [tls = std::move(tls)] { return make_server_context(tls); };
}

TlsContextSource::TlsContextSource(ClientTls tls) : files_(present({tls.ca_file, tls.cert_file, tls.key_file})) {
  build_ = [tls = std::move(tls)] { return make_client_context(tls); };
}

TlsContextSource::Stamps TlsContextSource::stamps() const {
  Stamps all;
  for (const std::string& file : files_) all.push_back(file_stamp(file));
  return all;
}

base::Result<TlsContext> TlsContextSource::current() {
  const std::lock_guard lock(mutex_);
  Stamps now = stamps();
  if (context_ && now == built_from_) return context_;
  // The stamps were taken before the files are read: a change in between is seen the next time.
  auto built = build_();
  if (built) {
    if (context_) log_info("tls", "certificates reloaded", {{"file", files_.empty() ? "" : files_.front()}});
    context_ = *built;
    built_from_ = std::move(now);
    return context_;
  }
  if (!context_) return built.error();
  if (now != complained_about_) {
    log_warning("tls", "changed certificates are not usable, the previous ones stay",
                {{"error", built.error().message}});
    complained_about_ = std::move(now);
  }
  return context_;
}

std::vector<std::string> peer_san_names(const ssl_st* connection) {
  std::vector<std::string> names;
  const Certificate certificate(SSL_get1_peer_certificate(connection));
  if (!certificate) return names;
  const NameList list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string text = san_text(*sk_GENERAL_NAME_value(list.get(), i));
    if (!text.empty()) names.push_back(std::move(text));
  }
  return names;
}

}  // namespace headroom::runtime
