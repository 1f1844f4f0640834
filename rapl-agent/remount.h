// Ending once so that the container gets a new mount of the kernel's powercap directory: the kernel makes a new one
// when its module is loaded again, and the old mount shows nothing for ever.
#pragma once

#include <string>

namespace headroom::rapl_agent {

// True at most once a boot: a mark in `directory` (the journal's) says that it has been tried. False also where no mark
// can be made, because ending again and again would help nobody.
[[nodiscard]] bool may_end_for_remount(const std::string& directory, const std::string& boot_id);

}  // namespace headroom::rapl_agent
