#include "rapl-agent/sysfs/outcome.h"

#include <cerrno>

namespace headroom::rapl_agent::sysfs {

core::Outcome outcome_of(int error) {
  using core::Outcome;
  switch (error) {
    case 0: return Outcome::ok;
    case EACCES:
    case EPERM: return Outcome::no_permission;
    case EROFS: return Outcome::read_only;
    // ENOTCONN: a file system in user space whose server has left.
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
    case ENOTCONN: return Outcome::gone;
    case EINVAL:
    case ERANGE: return Outcome::invalid;
    case EBADMSG:
    case EFBIG:
    case EISDIR: return Outcome::garbage;
    case EOPNOTSUPP:
    case ENOSYS: return Outcome::unsupported;
    case kNotSysfs: return Outcome::not_kernel;
    case ELOOP: return Outcome::not_kernel;
    default: return Outcome::transient;
  }
}

core::Access access_of(const FileNumber& read) {
  return {.outcome = outcome_of(read.error), .value = read.value, .code = read.error, .hint = {}};
}

}  // namespace headroom::rapl_agent::sysfs
