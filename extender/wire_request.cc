#include "extender/wire_request.h"

#include <algorithm>

#include "extender/wire_walk.h"
#include "runtime/json_text.h"

namespace headroom::extender {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the other half of this file

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

enum class PlainList { packed, blanks, no };

// A list of strings that stand as they are, without a visit to the parser for each: names in Kubernetes are plain.
// `text` begins with the list's bracket. no: there is something else in the list, or it is broken.
PlainList read_plain_names(std::string_view text, std::vector<std::string_view>& names) {
  constexpr std::size_t kUsualName = 12;
  constexpr std::size_t kMostReserved = 8'192;  // what follows the list may be long
  constexpr std::string_view kBetween = R"(",")";
  if (!text.starts_with('[')) return PlainList::no;
  names.reserve(std::min(text.size() / kUsualName, kMostReserved));
  PlainList form = PlainList::packed;
  do {
    text.remove_prefix(1);
    skip_blanks(text);
    if (!text.starts_with('"')) return names.empty() && text.starts_with(']') ? PlainList::blanks : PlainList::no;
    for (bool goes_on = true; goes_on;) {
      text.remove_prefix(1);
      const std::size_t length = runtime::plain_json_prefix(text);
      if (length == text.size() || text[length] != '"') return PlainList::no;
      names.push_back(text.substr(0, length));
      text.remove_prefix(length);
      goes_on = text.starts_with(kBetween);
      text.remove_prefix(goes_on ? 2 : 1);
    }
    if (!text.starts_with(']')) form = PlainList::blanks;
    skip_blanks(text);
  } while (text.starts_with(','));
  return text.starts_with(']') ? form : PlainList::no;
}

Status read_names(ondemand::value value, NodesRequest& request) {
  const auto begin = static_cast<std::size_t>(value.raw_json_token().data() - request.store.body.data());
  const PlainList form = read_plain_names(request.store.body.substr(begin), request.names);
  request.packed = form == PlainList::packed;
  if (form != PlainList::no) return Done{};
  request.names.clear();
  return each_item(value, [&](ondemand::value item) -> Status {
    auto name = text_of(item, request.store);
    if (!name) return std::move(name).error();
    request.names.push_back(*name);
    return Done{};
  });
}

Status read_node_object(ondemand::value item, NodesRequest& request) {
  auto node = object_of(item);
  if (!node) return std::move(node).error();
  std::string_view text;
  if (const auto error = node->raw_json().get(text); error != simdjson::SUCCESS) return malformed(error);
  if (const auto error = node->reset().error(); error != simdjson::SUCCESS) return malformed(error);
  auto name = metadata_text(*node, "name", request.store);
  if (!name) return std::move(name).error();
  request.names.push_back(*name);
  request.objects.push_back(text);
  return Done{};
}

Status read_node_list(ondemand::value value, NodesRequest& request) {
  Once items;
  return each_field_of(value, [&](std::string_view key, ondemand::value field) -> Status {
    if (!same_key(key, "items")) return Done{};
    if (Status once = items.mark("items"); !once) return once;
    Status done = each_item(field, [&](ondemand::value item) { return read_node_object(item, request); });
    return done ? done : Status(with_context(std::move(done).error(), "items"));
  });
}

Status read_args_field(std::string_view key, ondemand::value value, Forms& forms, NodesRequest& request) {
  if (same_key(key, "Pod")) {
    if (Status once = forms.pod.mark("Pod"); !once) return once;
    auto pod = read_pod(value);
    if (!pod) return with_context(std::move(pod).error(), "Pod");
    request.pod_json = *pod;
    return Done{};
  }
  const bool is_names = same_key(key, "NodeNames");
  if (!is_names && !same_key(key, "Nodes")) return Done{};
  const std::string_view name = is_names ? "NodeNames" : "Nodes";
  if (Status once = (is_names ? forms.names_key : forms.nodes_key).mark(name); !once) return once;
  auto null = is_null(value);
  if (!null) return with_context(std::move(null).error(), name);
  if (*null) return Done{};
  (is_names ? forms.names : forms.nodes) = true;
  if (forms.names && forms.nodes) return invalid_input("both Nodes and NodeNames are given");
  Status done = is_names ? read_names(value, request) : read_node_list(value, request);
  return done ? done : Status(with_context(std::move(done).error(), name));
}

}  // namespace

Result<NodesRequest> read_nodes_request(const std::string& body) {
  NodesRequest request;
  Forms forms;
  Status done = read_body(body, request.store, [&](std::string_view key, ondemand::value value) {
    return read_args_field(key, value, forms, request);
  });
  if (!done) return std::move(done).error();
  if (!forms.pod.seen()) return invalid_input("Pod: missing");
  if (!forms.names && !forms.nodes) return invalid_input("neither Nodes nor NodeNames is given");
  request.form = forms.nodes ? NodeForm::objects : NodeForm::names;
  return request;
}

}  // namespace headroom::extender
