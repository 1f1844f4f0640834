#include "demo/scheduler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "demo/api_time.h"

namespace headroom::demo {
namespace {

constexpr base::Milliseconds kPeriod{20};
// kube-scheduler tries everything again after five minutes, whatever happened.
constexpr base::Seconds kFlush{300};

runtime::HttpClientOptions client_for(const std::string& text) {
  const auto url = runtime::parse_url(text);
  runtime::HttpClientOptions options;
  options.host = url ? url->host : "127.0.0.1";
  options.port = url ? url->port : std::uint16_t{0};
  options.total_timeout = base::Milliseconds(5'000);
  return options;
}

// "0/24 nodes are available: 16 inlet temperature too high, 8 not enough power headroom."
std::string scheduler_message(const std::map<std::string, std::string>& refused) {
  if (refused.empty()) return "no node has enough free cpu.";
  std::map<std::string, int> counts;
  for (const auto& [node, reason] : refused) ++counts[reason];
  std::string message = "0/" + std::to_string(refused.size()) + " nodes are available: ";
  for (auto it = counts.begin(); it != counts.end(); ++it) {
    message += (it == counts.begin() ? "" : ", ") + std::to_string(it->second) + " " + it->first;
  }
  return message + ".";
}

std::string text_or_empty(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options, ApiServer& server, const Hall& hall, base::Clock& clock)
    : server_(server),
      clock_(clock),
      cores_per_node_(options.cores_per_node),
      verbs_(client_for(options.verbs_url)),
      bind_(client_for(options.bind_url)) {
  for (const HallNode& node : hall.nodes()) racks_[node.name] = node.rack;
}

void Scheduler::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Scheduler::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

SchedulerView Scheduler::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void Scheduler::failed(const base::Error& error) {
  const std::lock_guard lock(mutex_);
  view_.last_error = error.message;
}

void Scheduler::loop(const std::stop_token& stop) {
  do {
    sync();
  } while (clock_.wait_until(clock_.mono_now() + kPeriod, stop) == base::WaitResult::deadline_reached);
}

void Scheduler::sync() {
  const Json list = Json::parse(server_.call({"GET", "/api/v1/pods"}).body);
  used_cores_.clear();
  std::vector<std::pair<PodFacts, const Json*>> pending;
  for (const Json& object : list["items"]) {
    PodFacts pod = facts_of(object);
    if (!pod.node.empty()) {
      used_cores_[pod.node] += pod.cores;
    } else if (pod.scheduler == base::names::kSchedulerName && !pod.deleting) {
      pending.emplace_back(std::move(pod), &object);
    }
  }
  std::map<std::string, std::string> still_waiting;
  for (const auto& [pod, object] : pending) {
    if (due(pod)) schedule(*object, pod);
    const std::lock_guard lock(mutex_);
    if (const auto found = view_.waiting.find(pod.key()); found != view_.waiting.end()) still_waiting.insert(*found);
  }
  const std::lock_guard lock(mutex_);
  view_.waiting = std::move(still_waiting);
}

std::vector<std::string> Scheduler::fitting(const PodFacts& pod) const {
  const auto wanted = pod.node_selector.find(std::string(base::names::kDefaultRackLabel));
  std::vector<std::string> nodes;
  for (const auto& [node, rack] : racks_) {
    const auto used = used_cores_.find(node);
    const bool room = (used == used_cores_.end() ? 0 : used->second) + pod.cores <= cores_per_node_;
    if (room && (wanted == pod.node_selector.end() || wanted->second == rack)) nodes.push_back(node);
  }
  return nodes;
}

bool Scheduler::due(const PodFacts& pod) const {
  const auto last = attempts_.find(pod.uid);
  if (last == attempts_.end()) return true;
  const bool woken = pod.headroom_fits && pod.headroom_condition != last->second.condition;
  return woken || clock_.mono_now() - last->second.at >= kFlush;
}

base::Result<Json> Scheduler::post(runtime::HttpClient& client, const std::string& verb, const Json& body) {
  runtime::HttpRequest request;
  request.method = "POST";
  request.path = "/" + verb;
  request.body = body.dump();
  const auto reply = client.send(request);
  if (!reply) return base::with_context(reply.error(), verb);
  Json parsed = Json::parse(reply->body, nullptr, false);
  if (reply->status != 200 || parsed.is_discarded()) {
    return base::unavailable(verb + ": status " + std::to_string(reply->status) + ": " + reply->body.substr(0, 200));
  }
  return parsed;
}

base::Result<Scheduler::Filtered> Scheduler::filter(const Json& object, const PodFacts& pod) {
  const std::vector<std::string> names = fitting(pod);
  if (names.empty()) return Filtered{};
  {
    const std::lock_guard lock(mutex_);
    ++view_.filter_calls;
  }
  const auto reply = post(verbs_, "filter", {{"Pod", object}, {"Nodes", nullptr}, {"NodeNames", names}});
  if (!reply) return reply.error();
  if (const std::string error = text_or_empty(*reply, "Error"); !error.empty())
    return base::unavailable("filter: " + error);
  Filtered filtered;
  if (reply->contains("NodeNames") && (*reply)["NodeNames"].is_array()) {
    for (const Json& name : (*reply)["NodeNames"]) filtered.passed.push_back(name.get<std::string>());
  }
  for (const char* list : {"FailedNodes", "FailedAndUnresolvableNodes"}) {
    if (!reply->contains(list) || !(*reply)[list].is_object()) continue;
    for (const auto& [node, reason] : (*reply)[list].items()) filtered.refused[node] = reason.get<std::string>();
  }
  return filtered;
}

base::Result<std::string> Scheduler::best_of(const Json& object, const std::vector<std::string>& nodes) {
  const auto reply = post(verbs_, "prioritize", {{"Pod", object}, {"Nodes", nullptr}, {"NodeNames", nodes}});
  if (!reply) return reply.error();
  // Among equals kube-scheduler picks at random; here in turn, so that a run can be repeated.
  std::vector<std::string> best;
  int highest = -1;
  for (const Json& entry : *reply) {
    const int score = entry.value("Score", 0);
    if (score > highest) best.clear();
    highest = std::max(highest, score);
    if (score == highest) best.push_back(entry.value("Host", ""));
  }
  if (best.empty()) best = nodes;
  return best[++turn_ % best.size()];
}

base::Status Scheduler::bind(const PodFacts& pod, const std::string& node) {
  const auto reply =
      post(bind_, "bind", {{"PodName", pod.name}, {"PodNamespace", pod.ns}, {"PodUID", pod.uid}, {"Node", node}});
  if (!reply) return reply.error();
  const std::string error = text_or_empty(*reply, "Error");
  return error.empty() ? base::ok_status() : base::Status(base::conflict(error));
}

void Scheduler::refuse(const PodFacts& pod, const Filtered& filtered) {
  attempts_[pod.uid] = {pod.headroom_condition, clock_.mono_now()};
  const std::string message = scheduler_message(filtered.refused);
  const Json condition = {{"type", "PodScheduled"},
                          {"status", "False"},
                          {"reason", "Unschedulable"},
                          {"message", message},
                          {"lastTransitionTime", api_time(clock_.wall_now())}};
  const Json status = {{"status", {{"conditions", {condition}}}}};
  (void)server_.call({"PATCH", pod.path() + "/status", status.dump(), "application/strategic-merge-patch+json"});
  const std::lock_guard lock(mutex_);
  view_.waiting[pod.key()] = message;
}

void Scheduler::schedule(const Json& object, const PodFacts& pod) {
  const auto filtered = filter(object, pod);
  if (!filtered) return failed(filtered.error());
  std::map<std::string, std::string> whole_racks;
  for (const auto& [node, reason] : filtered->refused) whole_racks[racks_[node]] = reason;
  for (const std::string& node : filtered->passed) whole_racks.erase(racks_[node]);
  if (!attempts_.contains(pod.uid)) {
    const std::lock_guard lock(mutex_);
    for (const auto& [rack, reason] : whole_racks) ++view_.refused[rack][reason];
  }
  if (filtered->passed.empty()) return refuse(pod, *filtered);
  const auto node = best_of(object, filtered->passed);
  if (!node) return failed(node.error());
  const auto bound = bind(pod, *node);
  const std::lock_guard lock(mutex_);
  if (!bound) {
    ++view_.bind_refusals;  // tried again in the next round
    return;
  }
  used_cores_[*node] += pod.cores;
  view_.waiting.erase(pod.key());
  view_.placements.push_back({pod.key(), *node, racks_[*node], !pod.node_selector.empty(), clock_.mono_now()});
}

}  // namespace headroom::demo
