#include "rapl-agent/sysfs/process_facts.h"

#include <unistd.h>

#include <cstdint>
#include <sstream>

#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::sysfs {

ProcessFacts process_facts(const std::string& proc_root) {
  return {static_cast<unsigned>(::geteuid()), read_text(proc_root + "/self/uid_map").text};
}

bool in_user_namespace(const ProcessFacts& facts) {
  std::istringstream words(facts.uid_map);
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  if (!(words >> inside >> outside >> count)) return false;
  return inside != 0 || outside != 0 || count < UINT32_MAX;
}

std::string permission_hint(const ProcessFacts& facts) {
  if (in_user_namespace(facts)) {
    return "this process runs in a user namespace, where the host's files cannot be written: set hostUsers: true";
  }
  if (facts.uid != 0) {
    return "this process runs as user " + std::to_string(facts.uid) +
           "; the kernel's power files belong to root: set runAsUser: 0 (no capability is needed)";
  }
  return "a security module (SELinux, AppArmor) or the mount forbids it";
}

}  // namespace headroom::rapl_agent::sysfs
