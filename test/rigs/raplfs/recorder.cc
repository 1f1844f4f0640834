#include "test/rigs/raplfs/recorder.h"

#include <cstring>
#include <ctime>
#include <stdexcept>

namespace headroom::raplfs {

namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text.substr(0, 200)) {
    if (letter == '\n') {
      result += "\\n";
    } else if (letter == '"' || letter == '\\') {
      result += '\\';
      result += letter;
    } else {
      result += letter;
    }
  }
  return result + '"';
}

}  // namespace

std::string errno_name(int error) {
  if (error == 0) return "ok";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

int errno_by_name(std::string_view name) {
  constexpr int kHighest = 133;
  for (int error = 1; error <= kHighest; ++error) {
    const char* known = ::strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return 0;
}

Recorder::Recorder(const std::string& path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "ae"));
  if (!file_) throw std::runtime_error("log " + path + ": " + std::strerror(errno));
}

void Recorder::record(const Event& event) {
  if (!file_) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::fprintf(file_.get(), "%lld.%06ld %.*s %.*s %s %.*s node_uw=%llu sum_uw=%llu\n",
               static_cast<long long>(now.tv_sec), now.tv_nsec / 1000, static_cast<int>(event.event.size()),
               event.event.data(), static_cast<int>(event.path.size()), event.path.data(), quoted(event.value).c_str(),
               static_cast<int>(event.result.size()), event.result.data(),
               static_cast<unsigned long long>(event.sums.node), static_cast<unsigned long long>(event.sums.all));
  std::fflush(file_.get());
}

}  // namespace headroom::raplfs
