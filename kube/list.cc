#include "kube/list.h"

#include <utility>

#include "kube/api_status.h"
#include "kube/json_reader.h"

namespace headroom::kube {
namespace {

runtime::HttpRequest page_request(const ListRequest& request, const std::string& continue_token) {
  runtime::HttpRequest page;
  page.path = request.resource.collection_path();
  page.query.emplace("limit", std::to_string(request.page_size));
  if (!continue_token.empty()) page.query.emplace("continue", continue_token);
  if (!request.label_selector.empty()) page.query.emplace("labelSelector", request.label_selector);
  if (!request.field_selector.empty()) page.query.emplace("fieldSelector", request.field_selector);
  return page;
}

}  // namespace

StreamEnd end_of_reply(const runtime::HttpResponse& reply) {
  const ApiStatus status = status_of(reply);
  StreamEnd end;
  end.error = to_error(status);
  end.retry_after = status.retry_after;
  if (is_expired(status)) {
    end.kind = EndKind::expired;
  } else if (status.code == 404) {
    end.kind = EndKind::resource_missing;
  } else if (status.code == 429 || status.code == 502 || status.code == 503 || status.code == 504) {
    end.kind = EndKind::unreachable;
  } else {
    end.kind = EndKind::rejected;
  }
  return end;
}

base::Result<ListPage> split_list(PaddedJson page, const OnObject& on_object) {
  ListPage result;
  bool items_seen = false;
  const auto read = read_json_object(page, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      value.fields([&](std::string_view field, JsonCursor& text) {
        if (field == "resourceVersion") {
          result.resource_version = text.text();
        } else if (field == "continue") {
          result.continue_token = text.text();
        }
      });
    } else if (key == "items") {
      items_seen = true;
      value.items([&](JsonCursor& item) {
        const std::string_view raw = item.raw();
        if (!item.failed()) on_object(PaddedJson::part(raw));
      });
    }
  });
  if (!read) return read.error();
  if (!items_seen) return base::invalid_input("items: is missing, so this is no list");
  if (result.resource_version.empty()) return base::invalid_input("metadata.resourceVersion: is missing");
  return result;
}

StreamEnd list_pages(Connection& connection, const ListRequest& request, const OnObject& on_object) {
  std::string continue_token;
  for (;;) {
    auto reply = connection.send(page_request(request, continue_token));
    if (!reply) return {EndKind::unreachable, "", reply.error(), std::nullopt};
    if (reply->status != 200) return end_of_reply(*reply);
    auto page = split_list(PaddedJson::of(reply->body), on_object);
    if (!page) {
      return {EndKind::rejected, "", base::with_context(page.error(), "list of " + request.resource.display()), {}};
    }
    if (page->continue_token.empty()) return {EndKind::complete, std::move(page->resource_version), {}, {}};
    continue_token = std::move(page->continue_token);
  }
}

}  // namespace headroom::kube
