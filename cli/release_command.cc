#include "cli/release_command.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/api_time.h"
#include "base/names.h"
#include "cli/table.h"
#include "kube/api_client.h"
#include "kube/config.h"
#include "kube/list.h"
#include "kube/resource.h"
#include "policy/node_power_cap_json.h"

namespace headroom::cli {
namespace {

namespace names = base::names;
using nlohmann::json;

constexpr base::Milliseconds kInterval{500};

class Release {
 public:
  Release(const ReleaseCommand& command, kube::ApiClient& client) : command_(command), client_(client) {}

  Outcome run() {
    if (auto error = choose(); !error.empty()) return {2, "", "headroom: " + error + "\n"};
    for (const auto& node : nodes_) answers_[node] = ask(node);
    if (!command_.withdraw && command_.wait > base::Milliseconds(0)) await_answers();
    return outcome();
  }

 private:
  struct Answer {
    std::string text;
    bool settled = false;  // nothing more will come of waiting
    bool good = false;
    bool error = false;
  };

  // Which nodes; the error, if it cannot be told.
  std::string choose() {
    nodes_ = command_.nodes;
    if (!command_.all) return nodes_.empty() ? "name the nodes, or say --all" : "";
    auto body = client_.get(caps_.collection_path());
    if (!body) return body.error().message;
    const auto page = kube::split_list(kube::PaddedJson::of(*body), [this](kube::PaddedJson object) {
      const auto parsed = json::parse(object.text(), nullptr, false);
      if (!parsed.is_discarded()) nodes_.push_back(parsed.value("/metadata/name"_json_pointer, std::string()));
    });
    return page ? "" : page.error().message;
  }

  Answer ask(const std::string& node) {
    json annotations{{std::string(names::kReleaseAnswerAnnotation), nullptr}};
    const std::string request(names::kReleaseAnnotation);
    if (command_.withdraw) {
      annotations[request] = nullptr;
    } else {
      annotations[request] = base::format_time(client_.clock().wall_now());
    }
    kube::PatchRequest patch;
    patch.path = caps_.object_path(node);
    patch.body = json{{"metadata", {{"annotations", annotations}}}}.dump();
    const auto reply = client_.patch(patch);
    if (command_.withdraw && reply) return {"withdrawn", true, true, false};
    if (reply) return {"asked", false, command_.wait == base::Milliseconds(0), false};
    if (reply.error().kind == base::ErrorKind::not_found) return {"has no NodePowerCap", true, true, false};
    return {reply.error().message, true, false, true};
  }

  void await_answers() {
    const base::MonoTime deadline = client_.clock().mono_now() + command_.wait;
    while (client_.clock().mono_now() < deadline) {
      bool waiting = false;
      for (auto& [node, answer] : answers_) {
        if (!answer.settled) answer = read(node);
        waiting = waiting || !answer.settled;
      }
      if (!waiting) return;
      (void)client_.clock().wait_until(client_.clock().mono_now() + kInterval, {});
    }
  }

  Answer read(const std::string& node) {
    const auto body = client_.get(caps_.object_path(node));
    if (!body) return {body.error().message, false, false, true};
    const auto cap = policy::parse_node_power_cap(*body);
    if (!cap) return {cap.error().message, true, false, true};
    const std::string& text = cap->release_answer;
    if (!cap->release_requested) return {text.empty() ? "the request was taken off" : text, true, text == "released"};
    if (text.empty()) return {"no answer: does the controller run?"};
    return {text, text.rfind("kept:", 0) == 0, false};
  }

  [[nodiscard]] Outcome outcome() const {
    Outcome made;
    std::vector<std::vector<std::string>> rows;
    for (const auto& [node, answer] : answers_) {
      rows.push_back({node, answer.text});
      if (!answer.good) made.status = std::max(made.status, answer.error ? 2 : 1);
    }
    made.out = table_text({"NODE", "RELEASE"}, rows);
    return made;
  }

  const ReleaseCommand& command_;
  kube::ApiClient& client_;
  const kube::Resource caps_ = kube::resources::node_power_caps();
  std::vector<std::string> nodes_;
  std::map<std::string, Answer> answers_;
};

}  // namespace

Outcome run_release(const ReleaseCommand& command, base::Clock& clock) {
  auto config = kube::find_config(command.kubeconfig);
  if (!config) return {2, "", "headroom: " + config.error().message + "\n"};
  kube::ApiClient client(*std::move(config), {}, clock);
  return Release(command, client).run();
}

}  // namespace headroom::cli
