// The mount: FUSE requests become calls of the World.
#pragma once

#include <string>

#include "test/rigs/raplfs/world.h"

struct fuse;  // libfuse's

namespace headroom::raplfs {

class Filesystem {
 public:
  // Mounts. Throws a sentence that names what is missing (the device, the right to mount).
  Filesystem(const std::string& mount_point, World& world);
  // Serves requests on several threads, from a thread of its own; returns at once.
  void start();
  // At once, also while files are open. What is under way fails when the process ends.
  void unmount();

 private:
  std::string mount_point_;
  struct ::fuse* fuse_ = nullptr;
};

}  // namespace headroom::raplfs
