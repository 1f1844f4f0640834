#include "demo/story.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "demo/demo_pods.h"

namespace headroom::demo {
namespace {

constexpr base::Milliseconds kFrame{250};
constexpr base::Milliseconds kPatience{20'000};
constexpr double kHotCelsius = 33;
constexpr double kCoolCelsius = 21;

}  // namespace

void Story::expect(const Expectation& expectation) {
  if (!expectation.holds) failures_.push_back(expectation.what);
}

bool Story::wait(const std::string& headline, const std::function<bool()>& done) {
  const auto deadline = use_.clock.mono_now() + kPatience;
  for (;;) {
    use_.show(headline);
    check_books(headline);
    if (done()) return true;
    const auto now = use_.clock.mono_now();
    if (now >= deadline || use_.stop.stop_requested()) return false;
    (void)use_.clock.wait_until(now + kFrame, use_.stop);
  }
}

void Story::submit(const std::string& ns, int count, int cores, const std::string& rack) {
  for (int i = 0; i < count && !use_.stop.stop_requested(); ++i) {
    const NewPod pod{ns, "pod-" + std::to_string(++next_pod_), cores, rack};
    const auto reply = use_.server.call({"POST", "/api/v1/namespaces/" + ns + "/pods", pod_body(pod)});
    expect({reply.status == 201, "pod created: " + reply.body});
    submitted_.insert(ns + "/" + pod.name);
  }
}

bool Story::all_decided() const {
  const SchedulerView view = use_.scheduler.view();
  return view.placements.size() + view.waiting.size() >= submitted_.size();
}

bool Story::hot(const std::string& rack) const {
  const auto racks = use_.extender.racks();
  return racks &&
         std::any_of(racks->begin(), racks->end(), [&](const RackView& view) { return view.name == rack && view.hot; });
}

std::size_t Story::placed_on(const std::string& rack) const {
  const auto placements = use_.scheduler.view().placements;
  return static_cast<std::size_t>(std::count_if(placements.begin(), placements.end(),
                                                [&](const Placement& placement) { return placement.rack == rack; }));
}

// From the API alone, as an auditor would: idle nodes plus what each bound pod may draw.
void Story::check_books(const std::string& when) {
  const Json list = Json::parse(use_.server.call({"GET", "/api/v1/pods"}).body);
  std::map<std::string, double> watts;
  std::map<std::string, std::string> rack_of;
  for (const HallNode& node : use_.hall.nodes()) {
    watts[node.rack] += use_.facts.idle_watts;
    rack_of[node.name] = node.rack;
  }
  double policy = 0;
  for (const Json& object : list["items"]) {
    const PodFacts pod = facts_of(object);
    if (pod.node.empty()) continue;
    const double estimate = pod.cores * use_.facts.watts_per_core;
    watts[rack_of[pod.node]] += estimate;
    if (pod.ns == "llm") policy += estimate;
  }
  for (const auto& [rack, sum] : watts) {
    const bool within = sum <= use_.facts.rack_limit_watts();
    if (within) continue;
    std::string failure = rack + " is booked past its limit: ";
    expect({false, failure.append(std::to_string(sum)).append(" W (").append(when) += ')'});
  }
  if (policy > use_.facts.policy_cap_watts)
    expect({false, "policy llm-power is exceeded: " + std::to_string(policy) + " W"});
}

void Story::fill() {
  for (int wave = 0; wave < 6; ++wave) {
    submit("default", 3, 4);
    submit("llm", wave < 3 ? 3 : 0, 4);
    submit("batch", 1, 2);
    wait("Pods arrive and go where headroom is largest", [&] { return all_decided(); });
  }
  const SchedulerView view = use_.scheduler.view();
  expect({!view.placements.empty(), "pods are placed"});
  for (const std::string& rack : use_.hall.racks())
    expect({placed_on(rack) > 0, rack + " takes pods while all racks are cool"});
  const bool capped = std::any_of(view.waiting.begin(), view.waiting.end(),
                                  [](const auto& pod) { return pod.first.starts_with("llm/"); });
  expect({capped, "the policy cap of namespace llm leaves pods waiting"});
}

void Story::heat_and_cool() {
  const std::string rack = use_.hall.racks().at(1);
  use_.hall.set_air(rack, kHotCelsius, use_.clock.mono_now());
  expect({wait("The air in front of " + rack + " is getting hot", [&] { return hot(rack); }),
          rack + " is seen to be hot"});
  const std::size_t before = placed_on(rack);
  submit("default", 8, 3);
  submit("default", 3, 3, rack);
  wait("New pods avoid " + rack + "; three that want it must wait", [&] { return all_decided(); });
  expect({placed_on(rack) == before, rack + " takes no pod while it is hot"});
  const auto waiting = use_.scheduler.view().waiting;
  const auto for_heat = std::count_if(waiting.begin(), waiting.end(),
                                      [](const auto& pod) { return pod.second.find("inlet") != std::string::npos; });
  expect({for_heat >= 3, "the pods that want the hot rack wait, and their reason names the inlet"});

  use_.hall.set_air(rack, kCoolCelsius, use_.clock.mono_now());
  expect({wait(rack + " cools down again", [&] { return !hot(rack); }), rack + " is seen to have cooled"});
  const bool taken =
      wait("The waiting pods are woken and placed on " + rack, [&] { return placed_on(rack) >= before + 3; });
  expect({taken, rack + " takes pods again when it has cooled"});
}

void Story::burst() {
  submit("default", 50, 4);
  wait("A burst larger than all racks' headroom", [&] { return all_decided(); });
  const auto waiting = use_.scheduler.view().waiting;
  const auto for_power = std::count_if(waiting.begin(), waiting.end(), [](const auto& pod) {
    return pod.second.find("power headroom") != std::string::npos;
  });
  expect({for_power > 0, "what does not fit waits, and its reason names power"});
}

bool Story::reads_back(std::size_t row, double watts) const {
  const auto rows = use_.capping.rows();
  const auto& limits = rows.at(row).read_back;
  return !limits.empty() && std::all_of(limits.begin(), limits.end(), [&](double limit) { return limit == watts; });
}

bool Story::agent_is(std::size_t row, const std::string& state) const {
  return use_.capping.rows().at(row).state == state;
}

void Story::ask(int watts, const std::string& headline, std::size_t nodes) {
  const auto asked = use_.capping.ask(watts);
  expect({asked.ok(), "a policy asks for caps: " + (asked.ok() ? std::string() : asked.error().message)});
  const bool done = wait(headline, [&] {
    bool all = true;
    for (std::size_t row = 0; row < nodes; ++row) all = all && reads_back(row, watts);
    return all;
  });
  expect({done, std::to_string(watts) + " W read back on " + std::to_string(nodes) + " nodes"});
}

void Story::caps() {
  const std::string lonely = use_.capping.nodes().at(1);
  ask(90, "A policy asks for 90 W of each CPU package of two nodes", 2);
  use_.capping.lose_controller();
  expect({wait(lonely + " loses its controller and holds what it has", [&] { return agent_is(1, "Holding"); }),
          lonely + " notices the silence"});
  ask(70, "The policy asks for 70 W; the lonely node cannot know", 1);
  expect({wait(lonely + " has waited long enough", [&] { return agent_is(1, "Safe"); }), lonely + " falls back"});
  expect({reads_back(1, 90), lonely + " keeps its caps while it is alone"});
  expect({use_.capping.find_controller().ok(), "the controller can be reached again"});
  expect({wait("The controller is back", [&] { return reads_back(1, 70) && agent_is(1, "Active"); }),
          lonely + " follows again"});
}

std::vector<std::string> Story::play() {
  fill();
  if (!use_.stop.stop_requested()) heat_and_cool();
  if (!use_.stop.stop_requested()) burst();
  if (!use_.stop.stop_requested()) caps();
  const std::string error = use_.scheduler.view().last_error;
  if (!use_.stop.stop_requested()) expect({error.empty(), "every call to the extender is answered: " + error});
  return failures_;
}

void Story::go_on() {
  const std::string rack = use_.hall.racks().at(static_cast<std::size_t>(++rounds_) % use_.hall.racks().size());
  // A third of the running pods ends, others come.
  const Json list = Json::parse(use_.server.call({"GET", "/api/v1/pods"}).body);
  for (const Json& object : list["items"]) {
    const PodFacts pod = facts_of(object);
    const std::size_t turn =
        static_cast<std::size_t>(rounds_) + pod.name.size() + static_cast<unsigned char>(pod.name.back());
    if (!pod.node.empty() && turn % 3 == 0) {
      (void)use_.server.call({"DELETE", pod.path()});
    }
  }
  submit("default", 12, 4);
  submit("batch", 4, 2);
  const auto show_for = [&](const std::string& headline, base::Seconds time) {
    const auto until = use_.clock.mono_now() + time;
    while (use_.clock.mono_now() < until && !use_.stop.stop_requested()) {
      use_.show(headline);
      (void)use_.clock.wait_until(use_.clock.mono_now() + base::Milliseconds(500), use_.stop);
    }
  };
  show_for("Pods end and others come", base::Seconds(10));
  use_.hall.set_air(rack, kHotCelsius, use_.clock.mono_now());
  submit("default", 6, 3);
  show_for(rack + " is hot", base::Seconds(10));
  use_.hall.set_air(rack, kCoolCelsius, use_.clock.mono_now());
  show_for(rack + " cools down", base::Seconds(10));
}

}  // namespace headroom::demo
