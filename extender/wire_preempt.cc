// Reads the bodies of preempt and bind.
#include <unordered_map>

#include "extender/wire_request.h"
#include "extender/wire_walk.h"

namespace headroom::extender {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the other half of this file

// A victim is {"UID":…} in the Meta form and a whole Pod in the other.
Status read_victim(ondemand::value item, NodeForm form, Candidate& candidate, TextStore& store) {
  auto object = object_of(item);
  if (!object) return std::move(object).error();
  if (form == NodeForm::objects) {
    auto uid = metadata_text(*object, "uid", store);
    if (!uid) return std::move(uid).error();
    candidate.victim_uids.push_back(*uid);
    return Done{};
  }
  std::optional<std::string_view> uid;
  Status done = each_field(*object, [&](std::string_view key, ondemand::value field) -> Status {
    if (!same_key(key, "UID")) return Done{};
    if (uid) return invalid_input("UID: given twice");
    auto text = text_of(field, store);
    if (!text) return with_context(std::move(text).error(), "UID");
    uid = *text;
    return Done{};
  });
  if (!done) return done;
  if (!uid) return invalid_input("UID: missing");
  candidate.victim_uids.push_back(*uid);
  return Done{};
}

Status read_violations(ondemand::value value, Candidate& candidate) {
  auto null = is_null(value);
  if (!null) return null.error();
  if (*null) return Done{};
  if (const auto error = value.get_int64().get(candidate.pdb_violations); error != simdjson::SUCCESS) {
    return error == simdjson::NUMBER_ERROR ? invalid_input("must be a whole number")
                                           : wrong_type(error, "a whole number");
  }
  return Done{};
}

Status read_candidate(ondemand::value value, NodeForm form, Candidate& candidate, TextStore& store) {
  Once pods, violations;
  return each_field_of(value, [&](std::string_view key, ondemand::value field) -> Status {
    if (same_key(key, "Pods")) {
      if (Status once = pods.mark("Pods"); !once) return once;
      Status done = each_item(field, [&](ondemand::value item) { return read_victim(item, form, candidate, store); });
      return done ? done : Status(with_context(std::move(done).error(), "Pods"));
    }
    if (same_key(key, "NumPDBViolations")) {
      if (Status once = violations.mark("NumPDBViolations"); !once) return once;
      Status done = read_violations(field, candidate);
      return done ? done : Status(with_context(std::move(done).error(), "NumPDBViolations"));
    }
    return Done{};
  });
}

// A node given twice counts as its last value, as in Go.
Status read_candidates(ondemand::value value, NodeForm form, PreemptRequest& request) {
  std::unordered_map<std::string_view, std::size_t> position;
  return each_field_of(value, [&](std::string_view key, ondemand::value field) -> Status {
    Candidate candidate;
    candidate.node = request.store.unescaped.emplace_front(key);
    if (Status done = read_candidate(field, form, candidate, request.store); !done) {
      return with_context(std::move(done).error(), candidate.node);
    }
    const auto [found, inserted] = position.emplace(candidate.node, request.candidates.size());
    if (inserted) {
      request.candidates.push_back(std::move(candidate));
    } else {
      request.candidates[found->second] = std::move(candidate);
    }
    return Done{};
  });
}

Status read_preempt_field(std::string_view key, ondemand::value value, Forms& forms, PreemptRequest& request) {
  if (same_key(key, "Pod")) {
    if (Status once = forms.pod.mark("Pod"); !once) return once;
    auto pod = read_pod(value);
    if (!pod) return with_context(std::move(pod).error(), "Pod");
    request.pod_json = *pod;
    return Done{};
  }
  const bool is_meta = same_key(key, "NodeNameToMetaVictims");
  if (!is_meta && !same_key(key, "NodeNameToVictims")) return Done{};
  const std::string_view name = is_meta ? "NodeNameToMetaVictims" : "NodeNameToVictims";
  if (Status once = (is_meta ? forms.names_key : forms.nodes_key).mark(name); !once) return once;
  auto null = is_null(value);
  if (!null) return with_context(std::move(null).error(), name);
  if (*null) return Done{};
  (is_meta ? forms.names : forms.nodes) = true;
  if (forms.names && forms.nodes) return invalid_input("both NodeNameToVictims and NodeNameToMetaVictims are given");
  Status done = read_candidates(value, is_meta ? NodeForm::names : NodeForm::objects, request);
  return done ? done : Status(with_context(std::move(done).error(), name));
}

Result<std::string> read_bind_text(std::string_view name, ondemand::value value, TextStore& store) {
  auto text = text_of(value, store);
  if (!text) return with_context(std::move(text).error(), name);
  if (text->empty()) return invalid_input(std::string(name) + ": must not be empty");
  return std::string(*text);
}

}  // namespace

Result<PreemptRequest> read_preempt_request(const std::string& body) {
  PreemptRequest request;
  Forms forms;
  Status done = read_body(body, request.store, [&](std::string_view key, ondemand::value value) {
    return read_preempt_field(key, value, forms, request);
  });
  if (!done) return std::move(done).error();
  if (!forms.pod.seen()) return invalid_input("Pod: missing");
  return request;
}

Result<BindRequest> read_bind_request(const std::string& body) {
  BindRequest request;
  TextStore store;
  struct Field {
    std::string_view name;
    std::string& target;
  };
  const Field fields[] = {{"PodName", request.pod_name},
                          {"PodNamespace", request.pod_namespace},
                          {"PodUID", request.pod_uid},
                          {"Node", request.node}};
  Status done = read_body(body, store, [&](std::string_view key, ondemand::value value) -> Status {
    for (const Field& field : fields) {
      if (!same_key(key, field.name)) continue;
      if (!field.target.empty()) return invalid_input(std::string(field.name) + ": given twice");
      auto text = read_bind_text(field.name, value, store);
      if (!text) return std::move(text).error();
      field.target = std::move(*text);
    }
    return Done{};
  });
  if (!done) return std::move(done).error();
  for (const Field& field : fields) {
    if (field.target.empty()) return invalid_input(std::string(field.name) + ": missing");
  }
  return request;
}

}  // namespace headroom::extender
