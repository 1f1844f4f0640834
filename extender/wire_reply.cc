#include "extender/wire_reply.h"

#include <algorithm>
#include <array>

#include "runtime/json_text.h"

namespace headroom::extender {
namespace {

using runtime::append_json_string;

// Writes "a,b,c" without a branch for the first one at every call site.
class Separator {
 public:
  void next(std::string& out) {
    if (used_) out += ',';
    used_ = true;
  }

 private:
  bool used_ = false;
};

// The names of a request as JSON strings. Replies hold thousands, and nearly every request's are packed: then they go
// over with their quotes as they came.
class QuotedNames {
 public:
  explicit QuotedNames(const NodesRequest& request) : request_(request) {}

  void append(std::string& out, std::uint32_t position) const {
    if (request_.packed) {
      out += packed(position, position);
    } else {
      append_json_string(out, request_.names[position]);
    }
  }

  // Of ascending positions, with commas. Neighbours of a packed request go over in one piece.
  void append_list(std::string& out, const std::vector<std::uint32_t>& positions) const {
    for (std::size_t first = 0, end = 0; first < positions.size(); first = end) {
      if (first > 0) out += ',';
      end = first + 1;
      if (!request_.packed) {
        append_json_string(out, request_.names[positions[first]]);
        continue;
      }
      while (end < positions.size() && positions[end] == positions[end - 1] + 1) ++end;
      out += packed(positions[first], positions[end - 1]);
    }
  }

 private:
  // From the opening quote of one name to the closing quote of another.
  [[nodiscard]] std::string_view packed(std::uint32_t first, std::uint32_t last) const {
    const char* begin = request_.names[first].data() - 1;
    const std::string_view name = request_.names[last];
    return {begin, static_cast<std::size_t>(name.data() + name.size() + 1 - begin)};
  }

  const NodesRequest& request_;
};

void append_passed_names(std::string& out, const NodesRequest& request, const FilterAnswer& answer) {
  out += R"({"Nodes":null,"NodeNames":[)";
  QuotedNames(request).append_list(out, answer.passed);
  out += ']';
}

void append_passed_objects(std::string& out, const NodesRequest& request, const FilterAnswer& answer) {
  out += R"({"Nodes":{"metadata":{},"items":[)";
  Separator separator;
  for (const std::uint32_t position : answer.passed) {
    separator.next(out);
    out += request.objects[position];
  }
  out += R"(]},"NodeNames":null)";
}

void append_refused(std::string& out, const NodesRequest& request, const FilterAnswer& answer) {
  const QuotedNames names(request);
  Separator separator;
  std::string_view reason;
  std::string after;  // the name: most neighbours have the same reason
  for (const RefusedNode& refused : answer.refused) {
    if (after.empty() || refused.reason != reason) {
      reason = refused.reason;
      after = ":" + runtime::json_quoted(reason);
    }
    separator.next(out);
    names.append(out, refused.position);
    out += after;
  }
}

// Upper bound good enough to allocate once: names, quotes and the longest of the reasons.
std::size_t filter_reply_size(const NodesRequest& request, const FilterAnswer& answer) {
  std::size_t size = 160;
  const auto& passed = request.form == NodeForm::names ? request.names : request.objects;
  for (const std::uint32_t position : answer.passed) size += passed[position].size() + 3;
  for (const RefusedNode& refused : answer.refused) {
    size += request.names[refused.position].size() + refused.reason.size() + 6;
  }
  return size;
}

void append_candidate(std::string& out, const Candidate& candidate) {
  append_json_string(out, candidate.node);
  out += R"(:{"Pods":[)";
  Separator separator;
  for (const std::string_view uid : candidate.victim_uids) {
    separator.next(out);
    out += R"({"UID":)";
    append_json_string(out, uid);
    out += '}';
  }
  out += R"(],"NumPDBViolations":)";
  out += std::to_string(candidate.pdb_violations);
  out += '}';
}

}  // namespace

std::string write_filter_reply(const NodesRequest& request, const FilterAnswer& answer) {
  std::string out;
  out.reserve(filter_reply_size(request, answer));
  if (request.form == NodeForm::names) {
    append_passed_names(out, request, answer);
  } else {
    append_passed_objects(out, request, answer);
  }
  out += R"(,"FailedNodes":{},"FailedAndUnresolvableNodes":{)";
  append_refused(out, request, answer);
  out += R"(},"Error":""})";
  return out;
}

std::string write_filter_error(std::string_view error) {
  std::string out = R"({"Nodes":null,"NodeNames":null,"FailedNodes":null,"FailedAndUnresolvableNodes":null,"Error":)";
  append_json_string(out, error);
  out += '}';
  return out;
}

std::string write_prioritize_reply(const NodesRequest& request, const std::vector<ScoredNode>& scores) {
  constexpr std::array<std::string_view, 11> kScores{
      R"(,"Score":0})", R"(,"Score":1})", R"(,"Score":2})", R"(,"Score":3})", R"(,"Score":4})", R"(,"Score":5})",
      R"(,"Score":6})", R"(,"Score":7})", R"(,"Score":8})", R"(,"Score":9})", R"(,"Score":10})"};
  std::string out;
  std::size_t size = 2;
  for (const ScoredNode& scored : scores) size += request.names[scored.position].size() + 24;
  out.reserve(size);
  out += '[';
  const QuotedNames names(request);
  std::string_view before = R"({"Host":)";
  for (const ScoredNode& scored : scores) {
    out += before;
    names.append(out, scored.position);
    out += kScores[static_cast<std::size_t>(std::clamp(scored.score, 0, 10))];
    before = R"(,{"Host":)";
  }
  out += ']';
  return out;
}

std::string write_preempt_reply(const PreemptRequest& request, const std::vector<std::uint32_t>& kept) {
  std::string out = R"({"NodeNameToMetaVictims":{)";
  Separator separator;
  for (const std::uint32_t position : kept) {
    separator.next(out);
    append_candidate(out, request.candidates[position]);
  }
  out += "}}";
  return out;
}

std::string write_preempt_nothing() {
  return R"({"NodeNameToMetaVictims":{}})";
}

std::string write_bind_reply(std::string_view error) {
  std::string out = R"({"Error":)";
  append_json_string(out, error);
  out += '}';
  return out;
}

}  // namespace headroom::extender
