#include "test/rigs/raplfs_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace headroom::test {

namespace {

namespace fs = std::filesystem;

// Everything that the child says until it says "ready"; what came instead is its sentence about what is missing.
void wait_ready(int output) {
  std::string said;
  std::array<char, 512> buffer{};
  while (said.find("ready\n") == std::string::npos) {
    const ssize_t count = ::read(output, buffer.data(), buffer.size());
    if (count <= 0) throw std::runtime_error("raplfs did not start: " + said);
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

Recorded parse(const std::string& line) {
  Recorded result;
  const auto open = line.find(" \"");
  const auto close = line.rfind("\" ");
  std::istringstream head(line.substr(0, open));
  head >> result.seconds >> result.event >> result.path;
  result.value = line.substr(open + 2, close - open - 2);
  std::istringstream tail(line.substr(close + 2));
  std::string node;
  std::string sum;
  tail >> result.result >> node >> sum;
  result.node_uw = std::stoull(node.substr(node.find('=') + 1));
  result.sum_uw = std::stoull(sum.substr(sum.find('=') + 1));
  return result;
}

std::vector<Recorded> only_writes(std::vector<Recorded> log, const std::string& prefix) {
  std::erase_if(log, [&](const Recorded& line) { return line.event != "write" || !line.path.starts_with(prefix); });
  return log;
}

}  // namespace

// Test binaries stand in build/<tree>/test/...; programs in build/<tree>/bin.
std::string built_program(const std::string& name) {
  for (fs::path place = fs::read_symlink("/proc/self/exe").parent_path(); place.has_relative_path();
       place = place.parent_path()) {
    const fs::path program = place / "bin" / name;
    if (fs::exists(program)) return program.string();
  }
  throw std::runtime_error("the program " + name + " is not built (target " + name + ")");
}

std::string Recorded::file() const {
  const fs::path whole(path);
  return (whole.parent_path().filename() / whole.filename()).string();
}

Raplfs::Raplfs() {
  std::string name = (fs::temp_directory_path() / "headroom-raplfs-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  directory_ = name;
  mount_ = directory_ + "/sys";
  fs::create_directory(mount_);
  start(built_program("raplfs"));
  connect();
}

void Raplfs::start(const std::string& program) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe failed");
  }
  const std::string control = directory_ + "/control";
  const std::string log = directory_ + "/log";
  const char* layouts = "test/rigs/raplfs/layouts";
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(input[0], STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    ::execl(program.c_str(), "raplfs", "--mount", mount_.c_str(), "--control", control.c_str(), "--log", log.c_str(),
            "--layouts", layouts, nullptr);
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  pipe_ = input[1];
  wait_ready(output[0]);
  ::close(output[0]);
}

void Raplfs::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory_ + "/control";
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  control_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(control_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("raplfs: its control socket cannot be reached");
  }
}

Raplfs::~Raplfs() {
  if (control_ >= 0) ::close(control_);
  if (pipe_ >= 0) ::close(pipe_);
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
  // It has unmounted itself, unless it died early.
  ::umount2(mount_.c_str(), MNT_DETACH);
  std::error_code ignored;
  if (fs::remove(mount_, ignored)) fs::remove_all(directory_, ignored);
}

std::string Raplfs::command(const std::string& line) {
  const std::string request = line + "\n";
  if (::send(control_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    throw std::runtime_error("raplfs has gone");
  }
  std::string answer;
  std::array<char, 1024> buffer{};
  while (!answer.ends_with('\n')) {
    const ssize_t count = ::recv(control_, buffer.data(), buffer.size(), 0);
    if (count <= 0) throw std::runtime_error("raplfs has gone");
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  answer.pop_back();
  if (!answer.starts_with("ok")) throw std::runtime_error(line + ": " + answer);
  return answer.size() > 3 ? answer.substr(3) : "";
}

std::string Raplfs::zone(std::string_view node, std::string_view id) const {
  std::string path = powercap(node) + "/" + std::string(id.substr(0, id.find(':')));
  for (auto colon = id.find(':'); colon != std::string_view::npos;) {
    colon = id.find(':', colon + 1);
    path += "/" + std::string(id.substr(0, colon));
  }
  return path;
}

std::vector<Recorded> Raplfs::log() const {
  std::vector<Recorded> result;
  std::ifstream file(directory_ + "/log");
  for (std::string line; std::getline(file, line);) {
    // The last line may still be on its way.
    if (line.find(" sum_uw=") != std::string::npos && !file.eof()) result.push_back(parse(line));
  }
  return result;
}

std::vector<Recorded> Raplfs::writes() const {
  return only_writes(log(), "");
}

std::vector<Recorded> Raplfs::writes(std::string_view node) const {
  return only_writes(log(), std::string(node) + "/");
}

bool Raplfs::eventually(const std::function<bool()>& true_now, int deadline_seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(deadline_seconds);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

bool Raplfs::wait_hanging(int count) {
  return eventually([&] { return command("hanging") == std::to_string(count); });
}

std::optional<std::string> read_attribute(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(file, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  ::close(file);
  errno = error;
  return count < 0 ? std::nullopt : std::optional(text);
}

int write_attribute(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t written = ::write(file, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  ::close(file);
  return error;
}

}  // namespace headroom::test
