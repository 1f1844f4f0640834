#include "kube/event_book.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "kube/api_time.h"
#include "kube/json_writer.h"

namespace headroom::kube {
namespace {

constexpr base::Seconds kSeriesEndsAfter{360};
constexpr base::Seconds kSeriesWritten{30};
constexpr double kBurst = 10;
constexpr base::Seconds kOneMore{60};
constexpr std::size_t kLongestNote = 1'024;
constexpr std::size_t kLongestName = 220;  // of 253, with room for the suffix

// Cut at a character's edge: the API refuses half a one.
std::string cut(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80) --longest;
  text.resize(longest);
  return text;
}

std::string unique_name(const std::string& object, base::WallTime now, std::uint64_t number) {
  std::array<char, 48> suffix{};
  std::snprintf(suffix.data(), suffix.size(), ".%llx%04llx",
                static_cast<unsigned long long>(now.time_since_epoch().count()),
                static_cast<unsigned long long>(number & 0xFFFF));
  return cut(object, kLongestName) + suffix.data();
}

}  // namespace

EventBook::Added EventBook::add(const Event& event, EventTime now) {
  const Key key{event.regarding, event.type, event.reason, event.action};
  const auto known = series_.find(key);
  if (known != series_.end() && now.mono - known->second.last_seen < kSeriesEndsAfter) {
    Series& series = known->second;
    ++series.write.count;
    series.write.last = now.wall;
    series.write.event.note = event.note;
    series.last_seen = now.mono;
    return {Fate::aggregated};
  }
  if (!spend(event.regarding, now.mono)) return {Fate::dropped};
  Series series;
  series.write.event = event;
  series.write.event.note = cut(event.note, kLongestNote);
  series.write.name = unique_name(event.regarding.name, now.wall, names_++);
  series.write.first = now.wall;
  series.write.last = now.wall;
  series.last_seen = now.mono;
  series.last_written = now.mono;
  Added added{Fate::write, series.write};
  added.write->create = true;
  series_.insert_or_assign(key, std::move(series));
  return added;
}

std::vector<EventWrite> EventBook::due(base::MonoTime now) {
  std::vector<EventWrite> writes;
  for (auto& [key, series] : series_) {
    if (series.write.count == series.written_count || now - series.last_written < kSeriesWritten) continue;
    series.written_count = series.write.count;
    series.last_written = now;
    writes.push_back(series.write);
  }
  std::erase_if(series_, [&](const auto& item) {
    const Series& series = item.second;
    return series.write.count == series.written_count && now - series.last_seen >= kSeriesEndsAfter;
  });
  std::erase_if(budgets_, [&](const auto& item) {
    return now - item.second.counted_at >= kOneMore * static_cast<int>(kBurst);  // full again
  });
  return writes;
}

bool EventBook::spend(const ObjectRef& object, base::MonoTime now) {
  const auto [found, fresh] = budgets_.try_emplace(object, Budget{kBurst, now});
  Budget& budget = found->second;
  if (!fresh) {
    const std::chrono::duration<double> passed = now - budget.counted_at;
    budget.left = std::min(kBurst, budget.left + passed / std::chrono::duration<double>(kOneMore));
    budget.counted_at = now;
  }
  if (budget.left < 1) return false;
  budget.left -= 1;
  return true;
}

std::string event_namespace(const ObjectRef& object) {
  return object.ns.empty() ? "default" : object.ns;
}

std::string event_body(const EventWrite& write, const EventRecorderOptions& options) {
  const ObjectRef& object = write.event.regarding;
  JsonObject metadata;
  metadata.text("name", write.name).text("namespace", event_namespace(object));
  JsonObject regarding;
  regarding.text("apiVersion", object.api_version).text("kind", object.kind).text("name", object.name);
  regarding.text_if_any("namespace", object.ns).text_if_any("uid", object.uid);
  JsonObject body;
  body.text("apiVersion", "events.k8s.io/v1").text("kind", "Event").object("metadata", metadata);
  body.text("eventTime", format_micro_time(write.first));
  body.text("reportingController", options.controller).text("reportingInstance", options.instance);
  body.text("action", write.event.action).text("reason", write.event.reason);
  body.text("type", write.event.type == EventType::normal ? "Normal" : "Warning");
  body.object("regarding", regarding).text("note", write.event.note);
  return body.str();
}

std::string series_body(const EventWrite& write) {
  JsonObject series;
  series.number("count", static_cast<std::int64_t>(write.count));
  series.text("lastObservedTime", format_micro_time(write.last));
  JsonObject body;
  return body.object("series", series).str();
}

}  // namespace headroom::kube
