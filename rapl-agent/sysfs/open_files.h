// Attribute files of one device, kept open from one call to the next.
//
// Opening walks the path and asks every directory on it; reading an open attribute from its start asks the driver
// alone, and gives its value anew each time. When the device leaves, what was opened before answers ENODEV for good,
// also once another device stands at the same path: whoever reads learns that the device has gone and never gets its
// successor's values. So a new set of files is made for each device that comes.
//
// Rules and errors of reads and writes are those of files.h; a descriptor that met an error is not used again.
// Thread-safe, one call at a time: calls for one device wait for each other.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "rapl-agent/sysfs/files.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::sysfs {

// How many descriptors may still be kept, over all devices that share it. Without room files are opened for each call.
using DescriptorRoom = std::atomic<int>;

class OpenFiles {
 public:
  explicit OpenFiles(std::shared_ptr<DescriptorRoom> room) : room_(std::move(room)) {}
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  [[nodiscard]] FileNumber read_number(const std::string& path);
  [[nodiscard]] int write_number(const std::string& path, std::uint64_t value, WriteTo where);

 private:
  using Kept = std::map<std::string, runtime::UniqueFd>;
  // What `use` makes of the kept descriptor, or of a new one from `open`; kept afterwards where `use` found no error.
  template <class Result, class Open, class Use>
  Result with(Kept& kept, const std::string& path, Open open, Use use);

  const std::shared_ptr<DescriptorRoom> room_;
  std::mutex mutex_;
  Kept read_;   // guarded by mutex_, as is the next
  Kept write_;  // on a file system that was allowed
};

}  // namespace headroom::rapl_agent::sysfs
