// How this process stands to the kernel's files: what to tell people when a write is refused.
#pragma once

#include <string>

namespace headroom::rapl_agent::sysfs {

struct ProcessFacts {
  unsigned uid = 0;
  std::string uid_map;  // /proc/self/uid_map; empty: could not be read
};
// `proc_root` is where procfs is mounted.
[[nodiscard]] ProcessFacts process_facts(const std::string& proc_root);

// True when uid 0 in here is somebody else on the host: its files are closed to us then, whatever our capabilities.
[[nodiscard]] bool in_user_namespace(const ProcessFacts& facts);

// A sentence that says what to change so that the kernel's power files can be written.
[[nodiscard]] std::string permission_hint(const ProcessFacts& facts);

}  // namespace headroom::rapl_agent::sysfs
