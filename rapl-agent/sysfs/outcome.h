// What the errno of an attribute file means, for reads and for writes. Interfaces with meanings of their own (ENODATA
// of a locked RAPL register, EPERM of an amdgpu in reset) judge those first and leave the rest to this.
#pragma once

#include "rapl-agent/core/access.h"
#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::sysfs {

[[nodiscard]] core::Outcome outcome_of(int error);
// A read's result; text that is no number is garbage.
[[nodiscard]] core::Access access_of(const FileNumber& read);

}  // namespace headroom::rapl_agent::sysfs
