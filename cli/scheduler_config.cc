#include "cli/scheduler_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace headroom::cli {
namespace {

using runtime::ConfigValue;

// Reads typed fields of one map and collects what does not fit.
class Fields {
 public:
  Fields(const ConfigValue& map, std::string path, std::vector<std::string>& problems)
      : map_(map), path_(std::move(path)), problems_(problems) {
    if (!map_.is_null() && map_.as_map() == nullptr) problem("", map_, "must be a map");
  }

  [[nodiscard]] std::string text(std::string_view key, std::string fallback = {}) const {
    const ConfigValue* value = find(key);
    if (value == nullptr) return fallback;
    if (value->as_text() != nullptr) return *value->as_text();
    problem(key, *value, "must be text");
    return fallback;
  }

  [[nodiscard]] bool flag(std::string_view key, bool fallback) const {
    const ConfigValue* value = find(key);
    if (value == nullptr) return fallback;
    if (value->as_bool() != nullptr) return *value->as_bool();
    problem(key, *value, "must be true or false");
    return fallback;
  }

  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const {
    const ConfigValue* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->as_integer() != nullptr) return *value->as_integer();
    problem(key, *value, "must be an integer");
    return std::nullopt;
  }

  [[nodiscard]] std::optional<base::Milliseconds> duration(std::string_view key) const {
    const ConfigValue* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->as_text() != nullptr) {
      if (auto parsed = parse_go_duration(*value->as_text())) return parsed;
    }
    problem(key, *value, "must be a duration such as 5s");
    return std::nullopt;
  }

  [[nodiscard]] const ConfigValue& section(std::string_view key) const {
    static const ConfigValue kNothing;
    const ConfigValue* value = find(key);
    return value == nullptr ? kNothing : *value;
  }

  [[nodiscard]] const ConfigValue::List& list(std::string_view key) const {
    static const ConfigValue::List kNothing;
    const ConfigValue* value = find(key);
    if (value == nullptr) return kNothing;
    if (value->as_list() != nullptr) return *value->as_list();
    problem(key, *value, "must be a list");
    return kNothing;
  }

  void refuse_unknown_keys(const auto& known) const {
    if (map_.as_map() == nullptr) return;
    for (const auto& [key, value] : *map_.as_map()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        problem(key, value, "is not a field of an extender entry: kube-scheduler would not start");
      }
    }
  }

  void problem(std::string_view key, const ConfigValue& value, std::string_view message) const {
    std::string text;
    if (value.line() > 0) text += "line " + std::to_string(value.line()) + ": ";
    text += path_;
    if (!path_.empty() && !key.empty()) text += ".";
    text += std::string(key) + " " + std::string(message);
    problems_.push_back(std::move(text));
  }

 private:
  [[nodiscard]] const ConfigValue* find(std::string_view key) const {
    const ConfigValue* value = map_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  const ConfigValue& map_;
  std::string path_;
  std::vector<std::string>& problems_;
};

constexpr std::array<std::string_view, 12> kEntryKeys = {
    "urlPrefix",   "filterVerb", "preemptVerb", "prioritizeVerb",   "weight",           "bindVerb",
    "enableHTTPS", "tlsConfig",  "httpTimeout", "nodeCacheCapable", "managedResources", "ignorable"};

ExtenderEntry read_entry(const ConfigValue& value, const std::string& path, std::vector<std::string>& problems) {
  const Fields fields(value, path, problems);
  fields.refuse_unknown_keys(kEntryKeys);
  ExtenderEntry entry;
  entry.line = value.line();
  entry.url_prefix = fields.text("urlPrefix");
  entry.filter_verb = fields.text("filterVerb");
  entry.prioritize_verb = fields.text("prioritizeVerb");
  entry.preempt_verb = fields.text("preemptVerb");
  entry.bind_verb = fields.text("bindVerb");
  entry.weight = fields.integer("weight").value_or(0);
  entry.http_timeout = fields.duration("httpTimeout");
  entry.enable_https = fields.flag("enableHTTPS", false);
  entry.node_cache_capable = fields.flag("nodeCacheCapable", false);
  entry.ignorable = fields.flag("ignorable", false);

  const Fields tls(fields.section("tlsConfig"), path + ".tlsConfig", problems);
  entry.tls_insecure = tls.flag("insecure", false);
  entry.tls_has_ca = !tls.text("caFile").empty() || !tls.text("caData").empty();
  entry.tls_has_client_certificate = !tls.text("certFile").empty() || !tls.text("certData").empty();

  for (const ConfigValue& resource : fields.list("managedResources")) {
    const Fields managed(resource, path + ".managedResources", problems);
    entry.managed_resources.push_back({managed.text("name"), managed.flag("ignoredByScheduler", false)});
  }
  return entry;
}

void read_profiles(const Fields& root, SchedulerConfig& config, std::vector<std::string>& problems) {
  for (const ConfigValue& value : root.list("profiles")) {
    const Fields fields(value, "profiles[" + std::to_string(config.profiles.size()) + "]", problems);
    config.profiles.push_back(
        {value.line(), fields.text("schedulerName", "default-scheduler"), fields.integer("percentageOfNodesToScore")});
  }
  if (config.profiles.empty()) config.profiles.emplace_back();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

base::Result<SchedulerConfig> read_scheduler_config(const ConfigValue& tree) {
  std::vector<std::string> problems;
  const Fields root(tree, "", problems);
  const std::string version = root.text("apiVersion");
  if (root.text("kind") != "KubeSchedulerConfiguration" || version != "kubescheduler.config.k8s.io/v1") {
    return base::invalid_input("is not a KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1 (kind '" +
                               root.text("kind") + "', apiVersion '" + version + "')");
  }
  SchedulerConfig config;
  const Fields election(root.section("leaderElection"), "leaderElection", problems);
  config.leader_elect = election.flag("leaderElect", true);
  config.lease_name = election.text("resourceName", config.lease_name);
  config.lease_namespace = election.text("resourceNamespace", config.lease_namespace);
  config.percentage_of_nodes_to_score = root.integer("percentageOfNodesToScore");
  config.pod_max_backoff_seconds = root.integer("podMaxBackoffSeconds").value_or(config.pod_max_backoff_seconds);
  read_profiles(root, config, problems);
  for (const ConfigValue& value : root.list("extenders")) {
    const std::string path = "extenders[" + std::to_string(config.extenders.size()) + "]";
    config.extenders.push_back(read_entry(value, path, problems));
  }
  if (!problems.empty()) return base::invalid_input(joined(problems));
  return config;
}

std::optional<base::Milliseconds> parse_go_duration(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"ms", 1.0}, {"us", 1e-3}, {"ns", 1e-6}, {"h", 3.6e6}, {"m", 6e4}, {"s", 1e3}}};
  std::string_view rest = text;
  if (rest == "0") return base::Milliseconds{0};
  double total = 0;
  if (rest.empty()) return std::nullopt;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) return std::nullopt;  // "nan" is not above 0 either
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto* unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return rest.starts_with(u.first); });
    if (unit == kUnits.end()) return std::nullopt;
    rest.remove_prefix(unit->first.size());
    total += number * unit->second;
  }
  if (!(total <= 1e12)) return std::nullopt;
  return base::Milliseconds{static_cast<std::int64_t>(total)};
}

}  // namespace headroom::cli
