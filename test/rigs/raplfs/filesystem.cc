#define FUSE_USE_VERSION 312
#include "test/rigs/raplfs/filesystem.h"

#include <fcntl.h>
#include <fuse.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

namespace headroom::raplfs {

namespace {

constexpr off_t kAttributeSize = 4096;  // as sysfs says of every attribute
constexpr unsigned kThreads = 256;      // each access that hangs holds one

World& world() {
  return *static_cast<World*>(fuse_get_context()->private_data);
}

// FUSE's paths begin with a slash; ours do not.
const char* inside(const char* path) {
  return path + 1;
}

int get_attributes(const char* path, struct stat* result, fuse_file_info* /*info*/) {
  const auto found = world().stat(inside(path));
  if (!found) return -ENOENT;
  *result = {};
  result->st_mode = found->mode;
  result->st_nlink = 1;
  switch (found->kind) {
    case Found::Kind::directory:
      result->st_mode |= S_IFDIR;
      result->st_nlink = 2;
      break;
    case Found::Kind::link:
      result->st_mode |= S_IFLNK;
      result->st_size = static_cast<off_t>(found->target.size());
      break;
    case Found::Kind::attribute:
      result->st_mode |= S_IFREG;
      result->st_size = kAttributeSize;
      break;
  }
  return 0;
}

int read_link(const char* path, char* buffer, size_t size) {
  const auto found = world().stat(inside(path));
  if (!found) return -ENOENT;
  if (found->kind != Found::Kind::link) return -EINVAL;
  const size_t length = std::min(found->target.size(), size - 1);
  std::memcpy(buffer, found->target.data(), length);
  buffer[length] = '\0';
  return 0;
}

// NOLINTBEGIN(readability-function-size): libfuse decides how many parameters these have
int read_directory(const char* path, void* buffer, fuse_fill_dir_t fill, off_t /*offset*/, fuse_file_info* /*info*/,
                   fuse_readdir_flags /*flags*/) {
  constexpr auto kPlain = static_cast<fuse_fill_dir_flags>(0);
  fill(buffer, ".", nullptr, 0, kPlain);
  fill(buffer, "..", nullptr, 0, kPlain);
  for (const std::string& name : world().list(inside(path))) fill(buffer, name.c_str(), nullptr, 0, kPlain);
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  Opened opened = world().open(inside(path), info->flags);
  if (opened.error != 0) return -opened.error;
  info->direct_io = 1;  // attributes have no size that could be believed
  info->fh = reinterpret_cast<std::uintptr_t>(opened.handle.release());
  return 0;
}

// libfuse keeps a pointer of ours as an integer.
Handle& handle_of(const fuse_file_info* info) {
  return *reinterpret_cast<Handle*>(info->fh);  // NOLINT(performance-no-int-to-ptr)
}

int read_file(const char* /*path*/, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  const Shown shown = world().read(handle_of(info), size, static_cast<std::size_t>(offset));
  if (shown.error != 0) return -shown.error;
  shown.text.copy(buffer, shown.text.size());
  return static_cast<int>(shown.text.size());
}

int write_file(const char* /*path*/, const char* data, size_t size, off_t /*offset*/, fuse_file_info* info) {
  const Written written = world().write(handle_of(info), {data, size});
  return written.error != 0 ? -written.error : static_cast<int>(written.taken);
}

// NOLINTEND(readability-function-size)

int release_file(const char* /*path*/, fuse_file_info* info) {
  const std::unique_ptr<Handle> ended(&handle_of(info));
  return 0;
}

// sysfs takes a truncation without a word; the log keeps it.
int truncate_file(const char* path, off_t /*size*/, fuse_file_info* /*info*/) {
  world().note("truncate", inside(path));
  return 0;
}

int create_file(const char* path, mode_t /*mode*/, fuse_file_info* /*info*/) {
  world().note("create", inside(path));
  return -EACCES;
}

fuse_operations operations() {
  fuse_operations table{};
  table.getattr = get_attributes;
  table.readlink = read_link;
  table.readdir = read_directory;
  table.open = open_file;
  table.read = read_file;
  table.write = write_file;
  table.release = release_file;
  table.truncate = truncate_file;
  table.create = create_file;
  table.mkdir = [](const char*, mode_t) { return -EPERM; };
  table.unlink = [](const char*) { return -EPERM; };
  table.rmdir = [](const char*) { return -EPERM; };
  table.init = [](fuse_conn_info*, fuse_config* config) -> void* {
    // Nothing may be remembered: zones come and go behind the kernel's back.
    config->entry_timeout = 0;
    config->attr_timeout = 0;
    config->negative_timeout = 0;
    return fuse_get_context()->private_data;
  };
  return table;
}

void require_device() {
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) {
    throw std::runtime_error(std::string("cannot serve the powercap tree: /dev/fuse: ") + std::strerror(errno) +
                             " (the fuse kernel module and root, or a container with that device, are needed)");
  }
  ::close(device);
}

}  // namespace

Filesystem::Filesystem(const std::string& mount_point, World& world) : mount_point_(mount_point) {
  require_device();
  std::array<char*, 3> words = {const_cast<char*>("raplfs"), const_cast<char*>("-o"),
                                const_cast<char*>("default_permissions,allow_other,fsname=raplfs,subtype=raplfs")};
  fuse_args arguments = FUSE_ARGS_INIT(static_cast<int>(words.size()), words.data());
  const fuse_operations table = operations();
  fuse_ = fuse_new(&arguments, &table, sizeof(table), &world);
  fuse_opt_free_args(&arguments);
  if (fuse_ == nullptr || fuse_mount(fuse_, mount_point_.c_str()) != 0) {
    throw std::runtime_error("cannot mount the powercap tree on " + mount_point_ +
                             ": the right to mount (root, CAP_SYS_ADMIN) is missing");
  }
}

void Filesystem::unmount() {
  ::umount2(mount_point_.c_str(), MNT_DETACH);
}

void Filesystem::start() {
  std::thread([fuse = fuse_] {
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(config, kThreads);
    fuse_loop_mt(fuse, config);
    fuse_loop_cfg_destroy(config);
  }).detach();
}

}  // namespace headroom::raplfs
