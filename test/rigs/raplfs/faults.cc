#include "test/rigs/raplfs/faults.h"

#include <utility>

#include "test/rigs/raplfs/tree.h"

namespace headroom::raplfs {

namespace {

bool name_matches(std::string_view pattern, std::string_view name) {
  return pattern == "*" || pattern == name;
}

// A zone is the directory of the file itself, since zones nest; a chip or device may be any directory above.
bool target_matches(const std::string& target, const std::string& directory) {
  if (target == "*") return true;
  const bool nests = target.find(':') != std::string::npos && target.find("rapl") != std::string::npos;
  if (nests) return parent_and_name(directory).second == target;
  return ("/" + directory + "/").find("/" + target + "/") != std::string::npos;
}

bool matches(const Fault& fault, const Attempt& attempt) {
  if (fault.access && *fault.access != attempt.access) return false;
  const auto [directory, file] = parent_and_name(std::string(attempt.path));
  return name_matches(fault.attribute, file) && name_matches(fault.node, directory.substr(0, directory.find('/'))) &&
         target_matches(fault.target, directory);
}

}  // namespace

int Faults::add(Fault fault) {
  fault.id = ++last_id_;
  faults_.push_back(std::move(fault));
  return last_id_;
}

Fault* Faults::take(const Attempt& attempt) {
  for (Fault& fault : faults_) {
    if (fault.left == 0 || !matches(fault, attempt)) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.left > 0) --fault.left;
    return &fault;
  }
  return nullptr;
}

bool Faults::release(std::optional<int> id) {
  bool any = false;
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    if (id && fault->id != *id) {
      ++fault;
      continue;
    }
    *fault->released = true;
    any = true;
    fault = faults_.erase(fault);
  }
  return any || !id;
}

}  // namespace headroom::raplfs
