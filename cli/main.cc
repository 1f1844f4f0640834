// headroom: what a person asks of Headroom from a terminal.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/durations.h"
#include "cli/ask_command.h"
#include "cli/lint_command.h"
#include "cli/outcome.h"
#include "cli/release_command.h"
#include "runtime/system_clock.h"

namespace {

using headroom::cli::Outcome;

void add_lint(CLI::App& app, headroom::cli::LintCommand& command) {
  CLI::App* lint = app.add_subcommand("lint", "Tell the known traps of a KubeSchedulerConfiguration");
  lint->add_option("file", command.files, "YAML file(s)")->required();
  lint->add_option("--nodes", command.options.nodes, "nodes of the cluster (default: more than 100)");
  lint->add_option("--scheduler-name", command.options.scheduler_name, "schedulerName of Headroom's pods")
      ->capture_default_str();
  lint->add_option_function<std::int64_t>(
      "--bind-timeout-ms",
      [&command](std::int64_t ms) { command.options.bind_timeout = headroom::base::Milliseconds(ms); },
      "bind.timeout of the extender's configuration (default: 3000)");
}

using headroom::cli::AskCommand;
using headroom::cli::Question;

CLI::App* add_question(CLI::App& app, AskCommand& command, const char* name, const char* what) {
  CLI::App* question = app.add_subcommand(name, what);
  question->add_option("--url", command.url, "where it listens")->capture_default_str();
  question->add_option("--ca-file", command.tls.ca_file, "CA of its certificate (https)");
  question->add_option("--cert-file", command.tls.cert_file, "client certificate (https)");
  question->add_option("--key-file", command.tls.key_file, "its key");
  question->add_flag("--json", command.raw_json, "print the answer as it is");
  return question;
}

void add_release(CLI::App& app, headroom::cli::ReleaseCommand& command) {
  CLI::App* release = app.add_subcommand("release", "Ask the controller to give nodes their original limits back");
  release->add_option("node", command.nodes, "node(s)");
  release->add_flag("--all", command.all, "every node that has a NodePowerCap");
  release->add_flag("--withdraw", command.withdraw, "take the request back");
  release->add_option("--kubeconfig", command.kubeconfig, "a kubeconfig file (default: KUBECONFIG)");
  release->add_option_function<std::int64_t>(
      "--wait-seconds", [&command](std::int64_t seconds) { command.wait = headroom::base::Seconds(seconds); },
      "how long to wait for the answer (default: 60; 0: ask and return)");
}

// Replaces this process by headroom-demo, which lies beside it. Returns only when that failed.
Outcome run_demo(const std::vector<std::string>& arguments) {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink(std::string("/proc") + "/self/exe", unknown);
  const std::string program = (self.parent_path() / "headroom-demo").string();
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return {2, "", "headroom demo: " + program + ": " + std::strerror(errno) + "\n"};
}

int finish(const Outcome& outcome) {
  std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout);
  std::fwrite(outcome.err.data(), 1, outcome.err.size(), stderr);
  return outcome.status;
}

// Asks every two seconds until nobody can be asked any more.
int watch(const AskCommand& command) {
  headroom::runtime::SystemClock clock;
  for (;;) {
    const Outcome outcome = headroom::cli::run_ask(command);
    std::fputs("\033[H\033[J", stdout);  // home, clear below
    if (const int status = finish(outcome); status == 2) return status;
    std::fflush(stdout);
    (void)clock.wait_until(clock.mono_now() + headroom::base::Seconds(2), {});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Headroom keeps Kubernetes clusters inside their electrical and thermal limits.", "headroom");
  app.set_version_flag("--version", HEADROOM_VERSION);
  app.require_subcommand(1);
  headroom::cli::LintCommand lint;
  add_lint(app, lint);
  AskCommand racks{.question = Question::racks};
  AskCommand topology{.question = Question::topology};
  AskCommand explain{.question = Question::explain};
  add_question(app, racks, "racks", "Per rack: limit, booked and in-flight watts, headroom, inlet, refused pods");
  add_question(app, topology, "topology", "Elements of the power topology, policies, telemetry sources, conditions");
  CLI::App* why = add_question(app, explain, "explain", "Why a pod goes where it goes, or nowhere");
  why->add_option("pod", explain.pod, "namespace/name, or UID")->required();
  why->add_option("node", explain.node, "only this node, with every limit that bears on it");
  AskCommand agent{.question = Question::agent, .url = "http://127.0.0.1:9880"};
  bool watching = false;
  add_question(app, agent, "agent", "A node agent's domains: draw, caps, what reads back, health")
      ->add_flag("--watch", watching, "again every two seconds");
  headroom::cli::ReleaseCommand release;
  add_release(app, release);
  CLI::App* demo = app.add_subcommand("demo", "Run the embedded cluster (all further arguments go to headroom-demo)");
  demo->prefix_command();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (app.got_subcommand("lint")) return finish(headroom::cli::run_lint(lint));
  if (app.got_subcommand("release")) {
    headroom::runtime::SystemClock clock;
    return finish(headroom::cli::run_release(release, clock));
  }
  if (app.got_subcommand("agent") && watching) return watch(agent);
  for (const AskCommand* ask : {&racks, &topology, &explain, &agent}) {
    const char* const names[] = {"racks", "topology", "explain", "agent"};
    if (app.got_subcommand(names[static_cast<int>(ask->question)])) return finish(headroom::cli::run_ask(*ask));
  }
  return finish(run_demo(demo->remaining()));
}
