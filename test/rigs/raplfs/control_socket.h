// The script's way in: a Unix stream socket. Clients send a line and get a line; any number may be connected.
#pragma once

#include <span>
#include <string>

#include "test/rigs/raplfs/commands.h"

namespace headroom::raplfs {

class ControlSocket {
 public:
  // Listens at once, so that clients may connect before serve(). Throws with the path in the message.
  ControlSocket(const std::string& path, Commands& commands);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  // Serves clients in the calling thread until one of `stops` is readable or at its end.
  void serve(std::span<const int> stops);

 private:
  int listener_ = -1;
  Commands& commands_;
};

}  // namespace headroom::raplfs
