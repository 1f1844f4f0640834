#include <algorithm>
#include <string>
#include <utility>

#include "cli/lint.h"

namespace headroom::cli {
namespace {

constexpr base::Milliseconds kSchedulerDefaultTimeout{5'000};  // DefaultExtenderTimeout in extender.go
constexpr base::Milliseconds kShortestUsefulTimeout{1'000};
constexpr base::Milliseconds kLongestUsefulTimeout{10'000};
// Built-in plugins add up to 1200 points with their default weights, an extender up to 100 times its weight.
constexpr std::int64_t kWeightOfAllPlugins = 12;

// Appends findings about one entry.
class EntryFindings {
 public:
  EntryFindings(std::string_view field, int line) : field_(field), line_(line) {}

  void add(Severity severity, std::string rule, std::string_view key, std::string message) {
    std::string field = key.empty() ? field_ : field_ + "." + std::string(key);
    findings_.push_back({severity, std::move(rule), std::move(field), line_, std::move(message)});
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  std::string field_;
  int line_;
  std::vector<Finding> findings_;
};

bool filters_or_ranks(const ExtenderEntry& entry) {
  return !entry.filter_verb.empty() || !entry.prioritize_verb.empty();
}

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (url.starts_with('[')) return url.substr(1, url.find(']') == std::string_view::npos ? 0 : url.find(']') - 1);
  return url.substr(0, url.find_first_of(":/?#"));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void check_url(const ExtenderEntry& entry, EntryFindings& findings) {
  const std::string& url = entry.url_prefix;
  const bool http = url.starts_with("http://");
  const bool https = url.starts_with("https://");
  if (!http && !https) {
    findings.add(Severity::error, "url-scheme", "urlPrefix",
                 url.empty() ? "is missing" : "'" + url + "' must begin with http:// or https://");
    return;
  }
  if (url.find_first_of("?#@ ") != std::string::npos) {
    findings.add(Severity::error, "url-form", "urlPrefix",
                 "'" + url + "' may hold scheme, host, port and path only: the verb is appended to it");
  }
  if (http && entry.enable_https) {
    findings.add(Severity::error, "https-over-http", "urlPrefix",
                 "begins with http:// although enableHTTPS is true: requests go out in plain text");
  }
  if (http && !entry.enable_https && !is_loopback(host_of(url))) {
    findings.add(Severity::warning, "plain-http-remote", "urlPrefix",
                 "is plain HTTP to another host: whoever answers there decides about placements; use mTLS or loopback");
  }
}

void check_tls(const ExtenderEntry& entry, EntryFindings& findings) {
  const bool https = entry.enable_https || entry.url_prefix.starts_with("https://");
  if (entry.enable_https && !entry.tls_has_ca) {
    findings.add(Severity::error, "https-without-ca", "tlsConfig",
                 "has no caFile or caData: with enableHTTPS kube-scheduler then accepts any certificate");
  } else if (https && entry.tls_insecure) {
    findings.add(Severity::error, "https-insecure", "tlsConfig.insecure", "is true: any certificate is accepted");
  }
  if (https && !entry.tls_has_client_certificate && !is_loopback(host_of(entry.url_prefix))) {
    findings.add(Severity::warning, "https-without-client-certificate", "tlsConfig",
                 "has no certFile: a client certificate is the only way kube-scheduler can prove who it is");
  }
}

void check_verbs(const ExtenderEntry& entry, EntryFindings& findings) {
  const std::pair<std::string_view, const std::string*> verbs[] = {{"filterVerb", &entry.filter_verb},
                                                                   {"prioritizeVerb", &entry.prioritize_verb},
                                                                   {"preemptVerb", &entry.preempt_verb},
                                                                   {"bindVerb", &entry.bind_verb}};
  bool any = false;
  for (const auto& [key, verb] : verbs) {
    any = any || !verb->empty();
    if (verb->starts_with('/') || verb->find_first_of("?# ") != std::string::npos) {
      findings.add(Severity::error, "verb-form", key,
                   "'" + *verb + "' must be a plain name such as filter: a slash is put in front of it");
    }
  }
  if (!any) findings.add(Severity::error, "no-verbs", "", "has no verb: it is never called");
  if (!entry.filter_verb.empty() && entry.preempt_verb.empty()) {
    findings.add(Severity::warning, "missing-preempt-verb", "preemptVerb",
                 "is missing: a pod that no node can power may evict lower-priority pods for nothing");
  }
  if (!entry.bind_verb.empty() && filters_or_ranks(entry) && entry.managed_resources.empty()) {
    findings.add(Severity::note, "bind-shares-entry", "bindVerb",
                 "shares its connections with the other verbs: a burst of binds delays filter calls; the shipped file "
                 "gives bind an entry and a port of its own");
  }
}

void check_weight(const ExtenderEntry& entry, EntryFindings& findings) {
  if (!entry.prioritize_verb.empty() && entry.weight <= 0) {
    findings.add(Severity::error, "weight-not-positive", "weight",
                 "must be above 0 where prioritizeVerb is set: kube-scheduler does not start");
  }
  if (entry.prioritize_verb.empty() && entry.weight != 0) {
    findings.add(Severity::note, "weight-unused", "weight", "has no effect without prioritizeVerb");
  }
  if (!entry.prioritize_verb.empty() && entry.weight > kWeightOfAllPlugins) {
    findings.add(Severity::warning, "weight-overrides-all", "weight",
                 "is " + std::to_string(entry.weight) + ": up to " + std::to_string(entry.weight * 100) +
                     " points against at most 1200 of all built-in plugins, affinity and spreading included; 3 is "
                     "shipped");
  }
}

void check_timeout(const ExtenderEntry& entry, const LintOptions& options, EntryFindings& findings) {
  const bool unset = entry.http_timeout.value_or(base::Milliseconds{0}).count() == 0;
  const base::Milliseconds timeout = unset ? kSchedulerDefaultTimeout : *entry.http_timeout;
  if (unset) findings.add(Severity::note, "timeout-default", "httpTimeout", "is not set or 0, which means 5 s");
  if (filters_or_ranks(entry) && timeout < kShortestUsefulTimeout) {
    findings.add(Severity::warning, "timeout-short", "httpTimeout",
                 "is below 1 s: on a busy machine calls fail that would have been answered, and with them pods");
  }
  if (filters_or_ranks(entry) && timeout > kLongestUsefulTimeout) {
    findings.add(Severity::warning, "timeout-long", "httpTimeout",
                 "is above 10 s: pods are scheduled one after another, and a call that hangs holds up all of them");
  }
  if (!entry.bind_verb.empty() && timeout <= options.bind_timeout) {
    findings.add(Severity::error, "bind-timeout", "httpTimeout",
                 "is not above the extender's own limit for one bind (bind.timeout, " +
                     std::to_string(options.bind_timeout.count()) +
                     " ms): kube-scheduler gives up while the binding is under way");
  }
}

void check_managed_names(const ExtenderEntry& entry, EntryFindings& findings) {
  for (const ManagedResource& resource : entry.managed_resources) {
    const bool extended = resource.name.find('/') != std::string::npos &&
                          !resource.name.starts_with("kubernetes.io/") &&
                          resource.name.find(".kubernetes.io/") == std::string::npos;
    if (extended) continue;
    findings.add(
        Severity::error, "managed-resource-name", "managedResources",
        "'" + resource.name + "' is not an extended resource name (domain/name): kube-scheduler does not start");
  }
}

}  // namespace

std::vector<Finding> lint_entry(const ExtenderEntry& entry, std::string_view field, const LintOptions& options) {
  EntryFindings findings(field, entry.line);
  check_url(entry, findings);
  check_tls(entry, findings);
  check_verbs(entry, findings);
  if (filters_or_ranks(entry) && !entry.node_cache_capable) {
    findings.add(
        Severity::error, "node-cache-incapable", "nodeCacheCapable",
        "is false: whole Node objects travel, and from 1.33 on kube-scheduler forgets the pods of every node the "
        "extender returned, so its own scores take all nodes for empty (kubernetes/kubernetes#141781)");
  }
  if (entry.ignorable) {
    findings.add(Severity::warning, "ignorable", "ignorable",
                 "is true: while the extender does not answer, pods are placed without any check, and nothing says so");
  }
  check_weight(entry, findings);
  check_timeout(entry, options, findings);
  check_managed_names(entry, findings);
  return findings.take();
}

}  // namespace headroom::cli
