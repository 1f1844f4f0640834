#include "extender/wire_reply.h"

#include <algorithm>

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

void append_passed_names(std::string& out, const NodesRequest& request, const FilterAnswer& answer) {
  out += R"({"Nodes":null,"NodeNames":[)";
  Separator separator;
  for (const std::uint32_t position : answer.passed) {
    separator.next(out);
    append_json_string(out, request.names[position]);
  }
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
  Separator separator;
  for (const RefusedNode& refused : answer.refused) {
    separator.next(out);
    append_json_string(out, request.names[refused.position]);
    out += ':';
    append_json_string(out, refused.reason);
  }
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
  std::string out;
  std::size_t size = 2;
  for (const ScoredNode& scored : scores) size += request.names[scored.position].size() + 24;
  out.reserve(size);
  out += '[';
  Separator separator;
  for (const ScoredNode& scored : scores) {
    separator.next(out);
    out += R"({"Host":)";
    append_json_string(out, request.names[scored.position]);
    const int score = std::clamp(scored.score, 0, 10);
    out += R"(,"Score":)";
    if (score == 10) {
      out += "10}";
    } else {
      out += static_cast<char>('0' + score);
      out += '}';
    }
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
