#include "kube/watch.h"

#include <array>
#include <utility>

#include "kube/decode.h"
#include "kube/json_reader.h"
#include "kube/line_buffer.h"

namespace headroom::kube {
namespace {

base::Result<WatchEventType> event_type(std::string_view name) {
  using enum WatchEventType;
  static constexpr std::array<std::pair<std::string_view, WatchEventType>, 5> kTypes{
      {{"ADDED", added}, {"MODIFIED", modified}, {"DELETED", deleted}, {"BOOKMARK", bookmark}, {"ERROR", error}}};
  for (const auto& [text, type] : kTypes) {
    if (text == name) return type;
  }
  return base::invalid_input("type: '" + std::string(name.substr(0, 40)) + "' is no watch event");
}

// Takes one stream apart and remembers how far it got.
class WatchReading {
 public:
  WatchReading(const WatchRequest& request, const OnWatchEvent& on_event) : on_event_(on_event) {
    end_.resource_version = request.resource_version;
  }

  bool feed(std::string_view chunk) {
    const auto fed = lines_.feed(chunk, [this](PaddedJson line) { return on_line(line); });
    if (fed == LineBuffer::Fed::line_too_long) fail(base::invalid_input("an event is longer than the limit"));
    return fed == LineBuffer::Fed::all;
  }
  // Set once the stream is known to be over from its content.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] StreamEnd end() && { return std::move(end_); }

 private:
  bool on_line(PaddedJson line) {
    const auto event = parse_watch_event(line);
    if (!event) return fail(event.error());
    if (event->type == WatchEventType::error) return on_error(event->object);
    const ObjectMeta meta = read_meta(event->object);
    if (event->type != WatchEventType::bookmark && !on_event_(*event)) {
      ended_ = true;
      return false;
    }
    // Only after the event has been taken: what is asked for next begins behind it.
    if (!meta.resource_version.empty()) end_.resource_version = meta.resource_version;
    return true;
  }
  bool on_error(PaddedJson object) {
    const ApiStatus status = parse_status(object);
    end_.kind = is_expired(status) ? EndKind::expired : EndKind::rejected;
    end_.error = to_error(status);
    end_.retry_after = status.retry_after;
    ended_ = true;
    return false;
  }
  bool fail(const base::Error& error) {
    end_.kind = EndKind::rejected;
    end_.error = base::with_context(error, "watch event");
    ended_ = true;
    return false;
  }

  const OnWatchEvent& on_event_;
  LineBuffer lines_;
  StreamEnd end_;
  bool ended_ = false;
};

}  // namespace

base::Result<WatchEvent> parse_watch_event(PaddedJson line) {
  std::string_view object;
  std::string type_text;
  const auto read = read_json_object(line, [&](std::string_view key, JsonCursor& value) {
    if (key == "type") {
      type_text = value.text();
    } else if (key == "object") {
      object = value.raw();
    }
  });
  if (!read) return read.error();
  if (object.empty()) return base::invalid_input("object: is missing");
  const auto known = event_type(type_text);
  if (!known) return known.error();
  return WatchEvent{*known, PaddedJson::part(object)};
}

StreamEnd watch_events(Connection& connection, const WatchRequest& request, const OnWatchEvent& on_event) {
  runtime::HttpRequest http;
  http.path = request.resource.collection_path();
  http.query.emplace("watch", "1");
  http.query.emplace("allowWatchBookmarks", "true");
  http.query.emplace("resourceVersion", request.resource_version);
  http.query.emplace("timeoutSeconds", std::to_string(request.timeout.count()));
  if (!request.label_selector.empty()) http.query.emplace("labelSelector", request.label_selector);
  if (!request.field_selector.empty()) http.query.emplace("fieldSelector", request.field_selector);

  WatchReading reading(request, on_event);
  const auto reply = connection.stream(http, [&](std::string_view chunk) { return reading.feed(chunk); });
  const bool ended = reading.ended();
  if (!ended && reply && reply->status != 200) {
    StreamEnd refused = end_of_reply(*reply);
    refused.resource_version = request.resource_version;
    return refused;
  }
  StreamEnd end = std::move(reading).end();
  if (!ended && !reply) {
    end.kind = EndKind::unreachable;
    end.error = reply.error();
  }
  return end;
}

}  // namespace headroom::kube
