#include "demo/rapl_tree.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "runtime/file.h"

namespace headroom::demo {
namespace {

constexpr int kPackages = 2;

runtime::UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  runtime::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return {};
  return fd;
}

}  // namespace

base::Status RaplTree::start(base::Milliseconds patience) {
  std::error_code failed;
  std::filesystem::create_directories(mount(), failed);
  const std::vector<std::string> words = {options_.binary,
                                          "--mount",
                                          mount(),
                                          "--control",
                                          socket_path(),
                                          "--log",
                                          options_.folder + "/raplfs.events",
                                          "--layouts",
                                          options_.layouts};
  if (auto status = process_.start(words, log_file(), StandardInput::held_open); !status) return status;
  const auto deadline = clock_.mono_now() + patience;
  for (;;) {
    const auto said = runtime::read_file(log_file());
    if (said && said->starts_with("ready")) break;
    if (!process_.running() || clock_.mono_now() >= deadline) {
      return base::unavailable("raplfs does not serve: " + (said ? *said : said.error().message));
    }
    (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(20), {});
  }
  control_ = connect_to(socket_path());
  if (!control_.valid()) return base::unavailable("connect " + socket_path() + ": " + std::strerror(errno));
  return base::ok_status();
}

base::Status RaplTree::command(const std::string& line) {
  const std::string text = line + "\n";
  if (::send(control_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    return base::unavailable("raplfs is gone");
  }
  std::string answer;
  char byte = 0;
  while (::read(control_.get(), &byte, 1) == 1 && byte != '\n') answer += byte;
  if (answer == "ok" || answer.starts_with("ok ")) return base::ok_status();
  return base::internal_error("raplfs: " + line + ": " + answer);
}

base::Status RaplTree::add_node(const std::string& node) {
  return command("node " + node + " server-2s");
}

base::Status RaplTree::set_demand(const std::string& node, int watts) {
  for (int package = 0; package < kPackages; ++package) {
    std::string line = "set " + node;
    line.append(" rapl/package-").append(std::to_string(package)).append(" demand ").append(std::to_string(watts));
    if (auto status = command(line + "W"); !status) return status;
  }
  return base::ok_status();
}

base::Result<std::vector<double>> RaplTree::limits(const std::string& node) const {
  std::vector<double> watts;
  for (int package = 0; package < kPackages; ++package) {
    const auto text = runtime::read_file(sysfs(node) + "/class/powercap/intel-rapl:" + std::to_string(package) +
                                         "/constraint_0_power_limit_uw");
    if (!text) return text.error();
    watts.push_back(std::strtod(text->c_str(), nullptr) / 1e6);
  }
  return watts;
}

}  // namespace headroom::demo
