// The script's text protocol: one command a line, one answer a line. README.md lists the commands.
#pragma once

#include <string>
#include <string_view>

#include "test/rigs/raplfs/world.h"

namespace headroom::raplfs {

class Commands {
 public:
  // `layouts` is the directory of *.layout files. The world outlives this.
  Commands(World& world, std::string layouts) : world_(world), layouts_(std::move(layouts)) {}

  // "ok", "ok <value>" or "error: <what is wrong>", without a newline. From any thread.
  std::string run(std::string_view line);

 private:
  World& world_;
  std::string layouts_;
};

}  // namespace headroom::raplfs
