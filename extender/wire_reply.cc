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

// One item of a long list of names, written in one piece where the name is short and plain, as nearly all are: replies
// hold thousands. `before` and `after` the quoted name are text as it is to stand.
class Item {
 public:
  explicit Item(std::string& out) : out_(out) {}

  void append(std::string_view before, std::string_view name, std::string_view after) {
    const std::size_t size = before.size() + name.size() + after.size() + 2;
    if (size > piece_.size() || runtime::plain_json_prefix(name) != name.size()) {
      out_ += before;
      append_json_string(out_, name);
      out_ += after;
      return;
    }
    char* at = std::copy(before.begin(), before.end(), piece_.data());
    *at++ = '"';
    at = std::copy(name.begin(), name.end(), at);
    *at++ = '"';
    std::copy(after.begin(), after.end(), at);
    out_.append(piece_.data(), size);
  }

 private:
  std::string& out_;
  std::array<char, 128> piece_{};
};

void append_passed_names(std::string& out, const NodesRequest& request, const FilterAnswer& answer) {
  out += R"({"Nodes":null,"NodeNames":[)";
  Item item(out);
  std::string_view before;
  for (const std::uint32_t position : answer.passed) {
    item.append(before, request.names[position], {});
    before = ",";
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
  constexpr std::array<std::string_view, 11> kScores{
      R"(,"Score":0})", R"(,"Score":1})", R"(,"Score":2})", R"(,"Score":3})", R"(,"Score":4})", R"(,"Score":5})",
      R"(,"Score":6})", R"(,"Score":7})", R"(,"Score":8})", R"(,"Score":9})", R"(,"Score":10})"};
  std::string out;
  std::size_t size = 2;
  for (const ScoredNode& scored : scores) size += request.names[scored.position].size() + 24;
  out.reserve(size);
  out += '[';
  Item item(out);
  std::string_view before = R"({"Host":)";
  for (const ScoredNode& scored : scores) {
    item.append(before, request.names[scored.position],
                kScores[static_cast<std::size_t>(std::clamp(scored.score, 0, 10))]);
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
