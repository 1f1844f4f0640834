// A Connection as the stream interface of the HTTP library. A template, so that no library header is needed here.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "runtime/connection.h"

namespace headroom::runtime {

// REQUIRES: the connection outlives this.
template <class LibraryStream>
class ConnectionStream final : public LibraryStream {
 public:
  // `peer`: what the library is told when it asks for the other side's address. A server does for every request.
  explicit ConnectionStream(Connection& connection, std::string peer = {})
      : connection_(connection), peer_(std::move(peer)) {}

  // The connection waits by itself, inside read and write.
  bool is_readable() const override { return true; }
  bool is_writable() const override { return !connection_.peer_gone(); }
  ssize_t read(char* data, std::size_t size) override { return connection_.read(data, size); }
  using LibraryStream::write;
  ssize_t write(const char* data, std::size_t size) override {
    return connection_.write({data, size}) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = peer_;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  int socket() const override { return connection_.socket(); }

 private:
  Connection& connection_;
  const std::string peer_;
};

}  // namespace headroom::runtime
