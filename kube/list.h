// A list, read page by page; no page is held longer than its objects are being handed on.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "kube/connection.h"
#include "kube/json.h"
#include "kube/resource.h"

namespace headroom::kube {

struct ListRequest {
  Resource resource;
  int page_size = 500;
  std::string label_selector{};
  std::string field_selector{};
};

// How a list or a watch ended. Only `complete` makes what was handed on valid.
enum class EndKind {
  complete,          // list: all pages read. Watch: the server closed it, as it does after timeoutSeconds
  expired,           // 410 in either form: list again
  resource_missing,  // 404: the kind itself is not served (CRD not installed, or deleted)
  rejected,          // the server answered and said no: denied, broken reply, an ERROR event
  unreachable,       // no reply, or cut in the middle
};

struct StreamEnd {
  EndKind kind = EndKind::complete;
  std::string resource_version;  // complete list: of the list. Watch: the last one seen
  std::optional<base::Error> error{};
  std::optional<base::Seconds> retry_after{};
};

// What a reply other than 200 means for a list or a watch.
[[nodiscard]] StreamEnd end_of_reply(const runtime::HttpResponse& reply);

// Each object in turn, valid during the call.
using OnObject = std::function<void(PaddedJson)>;
[[nodiscard]] StreamEnd list_pages(Connection& connection, const ListRequest& request, const OnObject& on_object);

// Splits one page. Errors: invalid_input where the text is no list.
struct ListPage {
  std::string resource_version;
  std::string continue_token;
};
[[nodiscard]] base::Result<ListPage> split_list(PaddedJson page, const OnObject& on_object);

}  // namespace headroom::kube
