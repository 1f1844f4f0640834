// Turns of the node agent by the million: with orders that come and go, a brake now and then, a GPU that vanishes and
// returns, a journal on disk and worker threads with deadlines, resident memory and descriptors must stay where they
// were after the first tenth.
//
//   agent_soak CYCLES DIRECTORY     the journal goes to DIRECTORY (a tmpfs: it is synced); fails where they grew
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include "rapl-agent/journal/journal.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "runtime/system_clock.h"
#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::bench {
namespace {

namespace agent = rapl_agent;
using agent::core::test::AgentWorld;
using agent::core::test::MemoryHardware;
using base::Seconds;

struct Usage {
  long kilobytes = 0;
  std::ptrdiff_t descriptors = 0;
};

Usage usage() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  Usage now;
  statm >> total >> now.kilobytes;
  now.kilobytes *= ::sysconf(_SC_PAGESIZE) / 1'024;
  const std::filesystem::directory_iterator open("/proc/self/fd");
  now.descriptors = std::distance(begin(open), end(open));
  return now;
}

class Soak {
 public:
  explicit Soak(const std::string& directory)
      : journal_(agent::journal::FileJournal::open({directory, ""}, "boot")), random_(1) {
    for (int package = 0; package < 2; ++package) hardware_->add_package(package);
    for (int gpu = 0; gpu < 4; ++gpu) hardware_->add_gpu("GPU-" + std::to_string(gpu));
    world_.settings.measure_reserve = false;
    agent::core::Agent::Parts parts = world_.parts();
    parts.sources = {{"memory", &calls_, &calls_, &calls_}};
    parts.journal = journal_.journal.get();
    world_.agent =
        std::make_unique<agent::core::Agent>(world_.settings, std::move(parts), journal_.recovered, world_.now);
  }

  void cycle(std::int64_t number) {
    world_.now += Seconds(1);
    if (number % 5 == 0) world_.beat();
    if (number % 100 == 0) order(number);
    if (number % 5'000 == 2'500) gone_ = std::exchange(hardware_->domains, {});
    if (number % 5'000 == 2'600) hardware_->domains = std::exchange(gone_, {});
    world_.tick();
    hardware_->writes.clear();
  }

 private:
  void order(std::int64_t number) {
    auto next =
        agent::core::test::order_of(number + 1, base::watts(std::uniform_int_distribution(900, 3'000)(random_)));
    if (number % 10'000 == 0)
      next.spec.brake_until = world_.inbox.view.heartbeat.value_or(base::WallTime()) + Seconds(9);
    world_.give(next);
  }

  std::shared_ptr<MemoryHardware> hardware_ = std::make_shared<MemoryHardware>();
  runtime::SystemClock clock_;
  agent::sysfs::Deadlined calls_{{hardware_, hardware_}, base::Milliseconds(1'000), clock_};
  agent::journal::FileJournal::Opened journal_;
  AgentWorld world_;
  std::vector<agent::core::Domain> gone_;
  std::mt19937 random_;
};

int run(std::int64_t cycles, const std::string& directory) {
  Soak soak(directory);
  Usage early;
  const std::int64_t tenth = std::max<std::int64_t>(1, cycles / 10);
  std::printf("| cycles | RSS MB | descriptors |\n|---|---|---|\n");
  for (std::int64_t number = 0; number < cycles; ++number) {
    soak.cycle(number);
    if ((number + 1) % tenth != 0) continue;
    const Usage now = usage();
    std::printf("| %lld | %.1f | %td |\n", static_cast<long long>(number + 1),
                static_cast<double>(now.kilobytes) / 1'024, now.descriptors);
    std::fflush(stdout);
    if (early.kilobytes == 0) early = now;
  }
  const Usage last = usage();
  if (last.kilobytes > early.kilobytes + 1'024 || last.descriptors > early.descriptors) {
    std::fprintf(stderr, "agent_soak: memory or descriptors have grown\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  if (argc != 3 || std::atoll(argv[1]) < 1) {
    std::cerr << "usage: agent_soak CYCLES DIRECTORY\n";
    return 2;
  }
  return headroom::bench::run(std::atoll(argv[1]), argv[2]);
}
