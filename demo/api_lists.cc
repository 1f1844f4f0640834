#include "demo/api_lists.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "runtime/system_clock.h"

namespace headroom::demo {
namespace {

std::string query_text(const runtime::HttpRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> query_number(const runtime::HttpRequest& request, const std::string& name) {
  const std::string text = query_text(request, name);
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// Where the next page begins, and which revision the first one showed. Opaque to clients.
struct ContinueToken {
  std::uint64_t revision = 0;
  std::string ns;
  std::string name;

  [[nodiscard]] std::string text() const { return std::to_string(revision) + "~" + ns + "~" + name; }
  static std::optional<ContinueToken> parse(const std::string& text) {
    const auto first = text.find('~');
    const auto second = text.find('~', first + 1);
    if (first == std::string::npos || second == std::string::npos) return std::nullopt;
    ContinueToken token{0, text.substr(first + 1, second - first - 1), text.substr(second + 1)};
    const auto parsed = std::from_chars(text.data(), text.data() + first, token.revision);
    return parsed.ec == std::errc() ? std::optional(token) : std::nullopt;
  }
};

Failure expired(const std::string& message) {
  return {410, "Expired", message};
}

std::string event_line(const char* type, const Json& object) {
  return Json{{"type", type}, {"object", object}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json bookmark(const ResourceType& type, std::uint64_t revision) {
  return {{"kind", type.kind},
          {"apiVersion", type.api_version()},
          {"metadata", {{"resourceVersion", std::to_string(revision)}}}};
}

// One running watch.
class Watcher {
 public:
  Watcher(const ObjectStore& store, const ResourceType& type, const ApiPath& path, const runtime::HttpRequest& request)
      : store_(store), type_(type), ns_(path.ns), selectors_(Selectors::parse(request.query).value_or(Selectors())) {
    if (!path.name.empty()) name_ = path.name;
    const auto asked = query_number(request, "resourceVersion");
    from_now_ = !asked || *asked == 0;
    initial_events_ = query_text(request, "sendInitialEvents") == "true";
    bookmarks_ =
        query_text(request, "allowWatchBookmarks") == "true" || query_text(request, "allowWatchBookmarks") == "1";
    revision_ = asked.value_or(0);
    timeout_ =
        base::Seconds(std::clamp<std::uint64_t>(query_number(request, "timeoutSeconds").value_or(1'800), 1, 86'400));
  }

  void run(const runtime::ChunkWriter& write, base::Milliseconds bookmark_interval) {
    const runtime::SystemClock clock;
    const auto end = clock.mono_now() + timeout_;
    auto next_bookmark = clock.mono_now() + bookmark_interval;
    if ((from_now_ || initial_events_) && !send_present(write)) return;
    while (write("")) {
      const auto now = clock.mono_now();
      if (now >= end) {
        if (bookmarks_) write(event_line("BOOKMARK", bookmark(type_, revision_)));
        return;
      }
      if (bookmarks_ && now >= next_bookmark) {
        if (!write(event_line("BOOKMARK", bookmark(type_, revision_)))) return;
        next_bookmark = now + bookmark_interval;
      }
      const auto changes = store_.changes({type_.id(), revision_, kTick});
      if (!changes) {
        write(event_line("ERROR", status_object(expired("too old resource version: " + std::to_string(revision_)))));
        return;
      }
      for (const StoredChange& change : changes->changes) {
        if (!send(change, write)) return;
      }
      revision_ = changes->revision;
    }
  }

 private:
  // Also how soon a vanished client is noticed.
  static constexpr base::Milliseconds kTick{200};

  bool selected(const ObjectKey& key, const Json& object) const {
    return (ns_.empty() || key.ns == ns_) && (!name_ || key.name == *name_) && selectors_.matches(object);
  }

  bool send_present(const runtime::ChunkWriter& write) {
    const auto listing = store_.list(type_.id(), ns_);
    revision_ = listing.revision;
    for (const auto& [key, object] : listing.objects) {
      if (selected(key, *object) && !write(event_line("ADDED", *object))) return false;
    }
    if (!initial_events_) return true;
    Json end = bookmark(type_, revision_);
    end["metadata"]["annotations"]["k8s.io/initial-events-end"] = "true";
    return write(event_line("BOOKMARK", end));
  }

  // What a change means to somebody who sees only the selected objects.
  bool send(const StoredChange& change, const runtime::ChunkWriter& write) const {
    const bool was = change.previous && selected(change.key, *change.previous);
    const bool is = change.kind != ChangeKind::deleted && selected(change.key, *change.object);
    if (!was && !is) return true;
    if (!is) return write(event_line("DELETED", *change.object));
    return write(event_line(was ? "MODIFIED" : "ADDED", *change.object));
  }

  const ObjectStore& store_;
  const ResourceType type_;
  const std::string ns_;
  std::optional<std::string> name_;
  const Selectors selectors_;
  bool from_now_ = false;
  bool initial_events_ = false;
  bool bookmarks_ = false;
  std::uint64_t revision_ = 0;
  base::Seconds timeout_{0};
};

Json resource_entry(const ResourceType& type) {
  return {{"name", type.plural},
          {"singularName", ""},
          {"namespaced", type.namespaced},
          {"kind", type.kind},
          {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}};
}

Json group_entry(const std::string& group, const std::set<std::string>& versions) {
  Json entry = {{"name", group}, {"versions", Json::array()}};
  for (const std::string& version : versions) {
    std::string qualified = group;
    qualified.append(1, '/').append(version);
    entry["versions"].push_back({{"groupVersion", std::move(qualified)}, {"version", version}});
  }
  entry["preferredVersion"] = entry["versions"].front();
  return entry;
}

}  // namespace

bool ApiLists::is_watch(const runtime::HttpRequest& request) {
  const std::string watch = query_text(request, "watch");
  return request.method == "GET" && (watch == "1" || watch == "true");
}

runtime::HttpResponse ApiLists::list(const ResourceType& type, const ApiPath& path,
                                     const runtime::HttpRequest& request) const {
  const auto selectors = Selectors::parse(request.query);
  if (!selectors) return failure_reply(bad_request("unable to parse the selector"));
  std::optional<ContinueToken> token;
  if (const std::string text = query_text(request, "continue"); !text.empty()) {
    token = ContinueToken::parse(text);
    if (!token) return failure_reply(bad_request("continue key is not valid"));
    if (!store_.knows(token->revision)) {
      return failure_reply(expired("The provided continue parameter is too old to display a consistent list result."));
    }
  }
  const auto limit = query_number(request, "limit").value_or(0);
  const auto listing = store_.list(type.id(), path.ns);
  const std::uint64_t revision = token ? token->revision : listing.revision;
  Json reply = {{"kind", type.kind + "List"},
                {"apiVersion", type.api_version()},
                {"metadata", {{"resourceVersion", std::to_string(revision)}}},
                {"items", Json::array()}};
  ContinueToken last;
  std::uint64_t left_over = 0;
  for (const auto& [key, object] : listing.objects) {
    if (token && std::pair(key.ns, key.name) <= std::pair(token->ns, token->name)) continue;
    if (!selectors->matches(*object)) continue;
    if (limit > 0 && reply["items"].size() >= limit) {
      ++left_over;
      continue;
    }
    reply["items"].push_back(*object);
    last = {revision, key.ns, key.name};
  }
  if (left_over > 0) {
    reply["metadata"]["continue"] = last.text();
    reply["metadata"]["remainingItemCount"] = left_over;
  }
  return json_reply(200, reply);
}

runtime::HttpStream ApiLists::watch(const ResourceType& type, const ApiPath& path,
                                    const runtime::HttpRequest& request) const {
  auto watcher = std::make_shared<Watcher>(store_, type, path, request);
  return {{}, [watcher, interval = bookmark_interval_](const runtime::ChunkWriter& write) {
            watcher->run(write, interval);
          }};
}

runtime::HttpResponse ApiLists::discover(const std::vector<ResourceType>& types, const std::string& path) {
  if (path == "/api") return json_reply(200, {{"kind", "APIVersions"}, {"versions", {"v1"}}});
  std::map<std::string, std::set<std::string>> groups;
  Json resources = Json::array();
  for (const ResourceType& type : types) {
    if (!type.group.empty()) groups[type.group].insert(type.version);
    const std::string base = type.group.empty() ? "/api/" : "/apis/";
    if (path != base + type.api_version()) continue;
    resources.push_back(resource_entry(type));
    if (!type.has_status) continue;
    resources.push_back(resource_entry(type));
    resources.back()["name"] = type.plural + "/status";
    resources.back()["verbs"] = {"get", "patch", "update"};
  }
  if (path == "/apis") {
    Json reply = {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array()}};
    for (const auto& [group, versions] : groups) reply["groups"].push_back(group_entry(group, versions));
    return json_reply(200, reply);
  }
  if (path.starts_with("/apis/") && groups.contains(path.substr(6))) {
    Json reply = group_entry(path.substr(6), groups[path.substr(6)]);
    reply["kind"] = "APIGroup";
    return json_reply(200, reply);
  }
  if (resources.empty()) return failure_reply({404, "NotFound", "the server could not find the requested resource"});
  const std::string group_version = path.substr(path.find('/', 1) + 1);
  return json_reply(
      200,
      {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", group_version}, {"resources", resources}});
}

}  // namespace headroom::demo
