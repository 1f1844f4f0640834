// What came of one read or write. A backend turns its errno or NVML code into an Outcome once, here; whoever decides
// looks at the outcome only and shows the code to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headroom::rapl_agent::core {

enum class Outcome {
  ok,
  locked,  // firmware refuses: ENODATA at a RAPL limit or window, ENOSYS at `enabled`. May be a passing I/O error
  no_permission,   // EACCES, NVML 4: we lack the right; trying again soon is pointless
  read_only,       // EROFS: the mount
  gone,            // ENODEV, ENOENT: the zone left; rediscover
  invalid,         // EINVAL at a write, NVML 2: the value is refused; the range may have changed
  transient,       // EIO, EAGAIN, EINTR, a short write: at once again
  busy,            // EPERM of amdgpu in reset or suspend: again later
  garbage,         // read, but not a number of ours: empty, text, too long
  hung,            // no answer within the deadline; also while an earlier call has not returned
  unsupported,     // EOPNOTSUPP, NVML 3: the hardware cannot
  lost,            // NVML 15, 16: the device is lost until it is attached again
  library_broken,  // NVML 1, 9, 17, 18, 999, a dead helper: the whole backend is away, re-initialising with back-off
  not_kernel,      // the path is not on sysfs: writing there would cap nothing, so it was not written
  unknown_key,     // the backend has no such control (any more)
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

struct Access {
  Outcome outcome = Outcome::ok;
  std::uint64_t value = 0;  // of a read that is ok, in the field's unit; of a write, what was written
  int code = 0;             // errno or the library's code, for people; 0 when there is none
  std::string hint{};       // for people: "masked by the container runtime, mount it at /host/powercap"

  [[nodiscard]] bool ok() const { return outcome == Outcome::ok; }
  bool operator==(const Access&) const = default;
};

}  // namespace headroom::rapl_agent::core
