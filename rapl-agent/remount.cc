#include "rapl-agent/remount.h"

#include "runtime/file.h"

namespace headroom::rapl_agent {

bool may_end_for_remount(const std::string& directory, const std::string& boot_id) {
  const std::string mark = directory + "/ended-for-remount";
  const auto last = runtime::read_file(mark, 256);
  if (last && *last == boot_id) return false;
  return runtime::write_file_atomically(mark, boot_id).ok();
}

}  // namespace headroom::rapl_agent
