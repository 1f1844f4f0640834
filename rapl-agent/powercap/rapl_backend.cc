#include "rapl-agent/powercap/rapl_backend.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "rapl-agent/powercap/domains.h"
#include "rapl-agent/powercap/zone_tree.h"
#include "rapl-agent/sysfs/outcome.h"

namespace headroom::rapl_agent::powercap {
namespace {

using core::Access;
using core::Field;
using core::Outcome;

// Half of what a process gets by default; two sockets need less than fifty.
constexpr int kMostDescriptors = 512;

bool is_limit(Field field) {
  return field == Field::long_term_limit || field == Field::short_term_limit;
}

// The kernel flattens every refusal of a driver: ENODATA at limits and windows, ENOSYS at `enabled`. A locked register
// and a failed one look the same.
Outcome write_outcome(Field field, int error) {
  if (error == ENODATA && field != Field::enabled) return Outcome::locked;
  if (error == ENOSYS && field == Field::enabled) return Outcome::locked;
  return sysfs::outcome_of(error);
}

bool shows_zones(const std::string& class_directory) {
  const auto names = sysfs::list(class_directory).names;
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.find(':') != std::string::npos; });
}

// Which of the two trees to use, and what to say about it.
struct ChosenTree {
  ZoneTree tree{};
  bool stale = false;
  std::vector<std::string> notes{};
};

std::string masked_hint(const std::string& root) {
  return root +
         " is empty: masked by the container runtime, which hides the kernel's powercap files in containers that "
         "are not privileged; mount the host's /sys/devices/virtual/powercap at /host/powercap";
}

std::string stale_hint(const RaplOptions& options) {
  return options.powercap_root + " is empty although " + options.sysfs_root +
         " shows zones: the mount outlived the kernel's directory (module reloaded); a new mount helps";
}

std::string read_only_hint(const RaplOptions& options) {
  return options.powercap_root +
         " is not there, so limits can be read and not written: mount the host's /sys/devices/virtual/powercap there";
}

ChosenTree choose_tree(const RaplOptions& options) {
  ChosenTree chosen{.tree = read_zone_tree(options.powercap_root)};
  const TreeState mounted = chosen.tree.state;
  if (mounted == TreeState::found || mounted == TreeState::unreadable || options.sysfs_root.empty()) {
    if (mounted == TreeState::empty) chosen.notes.push_back(masked_hint(options.powercap_root));
    return chosen;
  }
  const std::string below_sys = options.sysfs_root + "/devices/virtual/powercap";
  ZoneTree host = read_zone_tree(below_sys);
  if (host.state == TreeState::found) {
    const bool masked =
        mounted == TreeState::empty && !sysfs::same_kind_of_filesystem(options.powercap_root, below_sys);
    chosen.stale = mounted == TreeState::empty && !masked;
    chosen.notes.push_back(masked         ? masked_hint(options.powercap_root)
                           : chosen.stale ? stale_hint(options)
                                          : read_only_hint(options));
    chosen.tree = std::move(host);
  } else if (mounted == TreeState::empty || shows_zones(options.sysfs_root + "/class/powercap")) {
    chosen.notes.push_back(masked_hint(options.powercap_root));
  } else {
    chosen.notes.emplace_back(
        "this machine shows no RAPL zones: a virtual machine, or the module intel_rapl_msr is not loaded");
  }
  return chosen;
}

// "rapl/package-1/dram" belongs to package 1.
std::optional<unsigned> package_of_domain(std::string_view id) {
  constexpr std::string_view kPrefix = "rapl/";
  if (!id.starts_with(kPrefix)) return std::nullopt;
  id.remove_prefix(kPrefix.size());
  const auto package = parse_package(id.substr(0, id.find('/')));
  return package ? std::optional(package->package) : std::nullopt;
}

}  // namespace

struct RaplBackend::Known {
  struct Device {
    DomainFiles files;
    std::shared_ptr<sysfs::OpenFiles> open;
  };
  std::map<std::string, Device> devices;  // by domain id
  bool stale = false;

  [[nodiscard]] const Device* device(const std::string& domain) const {
    const auto found = devices.find(domain);
    return found == devices.end() ? nullptr : &found->second;
  }
};

RaplBackend::RaplBackend(RaplOptions options)
    : options_(std::move(options)),
      known_(std::make_shared<Known>()),
      descriptors_(std::make_shared<sysfs::DescriptorRoom>(kMostDescriptors)),
      cpus_(options_.sysfs_root) {}
RaplBackend::~RaplBackend() = default;

core::Inventory RaplBackend::discover() {
  ChosenTree chosen = choose_tree(options_);
  core::Inventory inventory;
  inventory.notes = std::move(chosen.notes);
  if (chosen.tree.state == TreeState::unreadable) {
    inventory.outcome = sysfs::outcome_of(chosen.tree.error);
    inventory.notes.push_back(options_.powercap_root + " cannot be listed: errno " + std::to_string(chosen.tree.error) +
                              ". " + options_.permission_hint);
    return inventory;
  }
  RaplDomains found = domains_of(chosen.tree, options_);
  for (auto& note : found.notes) inventory.notes.push_back(std::move(note));

  const std::lock_guard lock(mutex_);
  for (auto& [id, gone] : gone_) gone = gone || !found.domains.contains(id);
  auto known = std::make_shared<Known>();
  known->stale = chosen.stale;
  for (auto& [id, domain] : found.domains) {
    Known::Device& device = known->devices[id];
    device.files = std::move(found.files[id]);
    bool& gone = gone_[id];
    const Known::Device* const before = gone ? nullptr : known_->device(id);
    if (std::exchange(gone, false)) ++generations_[id];
    domain.generation = generations_[id];
    const bool same = before != nullptr && before->files == device.files;
    device.open = same ? before->open : std::make_shared<sysfs::OpenFiles>(descriptors_);
    inventory.domains.push_back(std::move(domain));
  }
  cpus_.look();
  for (const auto& [id, gone] : gone_) {
    const auto package = gone ? package_of_domain(id) : std::nullopt;
    if (package && cpus_.all_offline(*package)) inventory.dark.push_back(id);
  }
  known_ = std::move(known);
  return inventory;
}

std::shared_ptr<const RaplBackend::Known> RaplBackend::known() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

void RaplBackend::note_gone(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  gone_[domain] = true;
}

bool RaplBackend::mount_is_stale() const {
  return known()->stale;
}

Access RaplBackend::read(const core::ControlKey& key) {
  const auto known = this->known();
  const Known::Device* const device = known->device(key.domain);
  const std::string* const file = device == nullptr ? nullptr : device->files.control(key);
  if (file == nullptr) return {.outcome = Outcome::unknown_key};
  const Access access = sysfs::access_of(device->open->read_number(*file));
  if (access.outcome == Outcome::gone) note_gone(key.domain);
  return access;
}

Access RaplBackend::write(const core::ControlKey& key, std::uint64_t value) {
  const auto known = this->known();
  const Known::Device* const device = known->device(key.domain);
  const std::string* const file = device == nullptr ? nullptr : device->files.control(key);
  if (file == nullptr) return {.outcome = Outcome::unknown_key};
  if (is_limit(key.field) && value == 0) return {.outcome = Outcome::invalid, .hint = "a limit of 0 is never written"};
  const int error = device->open->write_number(*file, value, options_.write_to);
  Access access{.outcome = write_outcome(key.field, error), .value = value, .code = error};
  if (access.outcome == Outcome::gone) note_gone(key.domain);
  if (access.outcome == Outcome::no_permission) access.hint = options_.permission_hint;
  if (access.outcome == Outcome::read_only) {
    access.hint = "mounted read-only: the host's /sys/devices/virtual/powercap must be mounted writable at " +
                  options_.powercap_root;
  }
  if (access.outcome == Outcome::not_kernel) access.hint = *file + " is not a file of the kernel's sysfs";
  return access;
}

core::MeterReading RaplBackend::sample(const std::string& domain) {
  const auto known = this->known();
  const Known::Device* const device = known->device(domain);
  if (device == nullptr) return {.outcome = Outcome::unknown_key};
  core::MeterReading reading;
  const auto take = [&](const std::string& path, auto into) {
    if (path.empty()) return;
    const sysfs::FileNumber read = device->open->read_number(path);
    // EINVAL: the driver could not read its register now.
    const Outcome outcome = read.error == EINVAL ? Outcome::transient : sysfs::outcome_of(read.error);
    if (read.error == 0 && read.value <= static_cast<std::uint64_t>(INT64_MAX)) {
      into(static_cast<std::int64_t>(read.value));
    } else {
      reading.outcome = read.error == 0 ? Outcome::garbage : outcome;
      reading.code = read.error;
    }
  };
  take(device->files.energy, [&](std::int64_t value) { reading.energy = base::microjoules(value); });
  take(device->files.power, [&](std::int64_t value) { reading.power = base::microwatts(value); });
  if (reading.outcome == Outcome::gone) note_gone(domain);
  return reading;
}

}  // namespace headroom::rapl_agent::powercap
