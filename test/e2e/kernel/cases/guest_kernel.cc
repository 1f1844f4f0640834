#include "test/e2e/kernel/cases/guest_kernel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace headroom::guest {

namespace {

constexpr const char* kModule = "/lib/headroom_rapl.ko";
constexpr const char* kParameters = "/sys/module/headroom_rapl/parameters/";

}  // namespace

Registers::Registers(const std::string& parameters) {
  load(parameters);
}

Registers::~Registers() {
  if (loaded_) unload();
}

void Registers::load(const std::string& parameters) {
  const int file = ::open(kModule, O_RDONLY | O_CLOEXEC);
  const long result = ::syscall(SYS_finit_module, file, parameters.c_str(), 0);
  const int error = errno;
  ::close(file);
  if (result != 0) throw std::runtime_error(std::string("loading headroom_rapl: ") + std::strerror(error));
  loaded_ = true;
}

void Registers::unload() {
  // Nothing may hang in it: what hangs uses the module.
  (void)write_file(std::string(kParameters) + "hang_reads", "0");
  (void)write_file(std::string(kParameters) + "hang_writes", "0");
  // A reader that has just been let go still holds the module.
  const bool gone = eventually([] { return ::syscall(SYS_delete_module, "headroom_rapl", O_NONBLOCK) == 0; });
  loaded_ = false;
  if (!gone) std::fprintf(stderr, "headroom_rapl cannot be unloaded: %s\n", std::strerror(errno));
}

void Registers::set(std::string_view parameter, std::uint64_t value) {
  const int error = write_file(kParameters + std::string(parameter), std::to_string(value));
  if (error != 0) throw std::runtime_error(std::string(parameter) + ": " + std::strerror(error));
}

std::uint64_t Registers::get(std::string_view parameter) const {
  return read_number(kParameters + std::string(parameter));
}

std::string zone(std::string_view id) {
  std::string path = std::string(kPowercap) + "/" + std::string(id.substr(0, id.find(':')));
  for (auto colon = id.find(':'); colon != std::string_view::npos;) {
    colon = id.find(':', colon + 1);
    path += "/" + std::string(id.substr(0, colon));
  }
  return path;
}

std::string zone_named(std::string_view name, std::string_view control_type) {
  const std::filesystem::path root = std::string(kPowercap) + "/" + std::string(control_type);
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(root, missing)) {
    if (read_file(entry.path().string() + "/name") == name) return entry.path().string();
  }
  return "";
}

std::string read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "errno " + std::to_string(errno);
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(file, buffer.data(), buffer.size());
  const int error = errno;
  ::close(file);
  if (count < 0) return "errno " + std::to_string(error);
  std::string text(buffer.data(), static_cast<std::size_t>(count));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::uint64_t read_number(const std::string& path) {
  const std::string text = read_file(path);
  try {
    return std::stoull(text);
  } catch (const std::exception&) {
    throw std::runtime_error(path + " holds no number: " + text);
  }
}

int write_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t written = ::write(file, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  ::close(file);
  return error;
}

void switch_package_1(Power power) {
  for (const char* cpu : {"cpu2", "cpu3"}) {
    const std::string file = std::string("/sys/devices/system/cpu/") + cpu + "/online";
    const int error = write_file(file, power == Power::on ? "1" : "0");
    if (error != 0) throw std::runtime_error(file + ": " + std::strerror(error));
  }
}

bool eventually(const std::function<bool()>& true_now) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

void tell_host(std::string_view line) {
  std::printf("\nguest: %.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

}  // namespace headroom::guest
