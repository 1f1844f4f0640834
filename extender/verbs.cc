#include "extender/verbs.h"

#include <utility>

#include "extender/decide.h"
#include "extender/wire_reply.h"
#include "extender/wire_request.h"

namespace headroom::extender {
namespace {

struct Reply {
  std::string body;
  VerbResult result = VerbResult::ok;
};

// What the two halves of a request have in common: something to decide by, or why not.
struct Moment {
  std::shared_ptr<const scoring::LedgerView> ledger;
  std::shared_ptr<const Decision> decision;
  std::string problem;  // empty: both are there

  [[nodiscard]] State state() const { return {*decision->books, *ledger}; }
};

Moment load(const VerbsDependencies& use) {
  Moment moment;
  moment.ledger = use.ledger.view();  // before the books: see scoring/ledger.h
  moment.decision = use.decisions.load();
  moment.problem = not_usable(moment.decision.get(), {use.clock.mono_now(), use.max_books_age});
  return moment;
}

Reply answer_filter(const VerbsDependencies& use, const std::string& body) {
  const Moment moment = load(use);
  if (!moment.problem.empty()) return {write_filter_error(moment.problem), VerbResult::not_ready};
  const auto request = read_nodes_request(body);
  if (!request) return {write_filter_error("bad request: " + request.error().message), VerbResult::bad_request};
  const auto pod = read_pod_of(request->pod_json);
  if (!pod) return {write_filter_error("bad request: " + pod.error().message), VerbResult::bad_request};
  const FilterDecision decision = decide_filter(*request, *pod, moment.state());
  use.metrics.count_refusals(decision);
  const bool nowhere = decision.answer.passed.empty() && !decision.answer.refused.empty();
  return {write_filter_reply(*request, decision.answer), nowhere ? VerbResult::refused : VerbResult::ok};
}

Reply answer_prioritize(const VerbsDependencies& use, const std::string& body) {
  const Moment moment = load(use);
  if (!moment.problem.empty()) return {"[]", VerbResult::not_ready};
  const auto request = read_nodes_request(body);
  if (!request) return {"[]", VerbResult::bad_request};
  const auto pod = read_pod_of(request->pod_json);
  if (!pod) return {"[]", VerbResult::bad_request};
  return {write_prioritize_reply(*request, decide_prioritize(*request, *pod, moment.state())), VerbResult::ok};
}

Reply answer_preempt(const VerbsDependencies& use, const std::string& body) {
  const Moment moment = load(use);
  if (!moment.problem.empty()) return {write_preempt_nothing(), VerbResult::not_ready};
  const auto request = read_preempt_request(body);
  if (!request) return {write_preempt_nothing(), VerbResult::bad_request};
  const auto pod = read_pod_of(request->pod_json);
  if (!pod) return {write_preempt_nothing(), VerbResult::bad_request};
  const auto kept = decide_preempt(*request, *pod, moment.state());
  const bool nowhere = kept.empty() && !request->candidates.empty();
  return {write_preempt_reply(*request, kept), nowhere ? VerbResult::refused : VerbResult::ok};
}

VerbResult verb_result(const BindAnswer& answer) {
  if (answer.error.empty()) return VerbResult::ok;
  return answer.result == BindResult::not_ready ? VerbResult::not_ready : VerbResult::refused;
}

Reply answer_bind(const VerbsDependencies& use, const std::string& body) {
  const auto request = read_bind_request(body);
  if (!request) return {write_bind_reply("bad request: " + request.error().message), VerbResult::bad_request};
  const BindAnswer answer = use.binds.bind(*request);
  use.metrics.count(answer.result);
  return {write_bind_reply(answer.error), verb_result(answer)};
}

template <class Answer>
runtime::HttpResponse timed(const VerbsDependencies& use, Verb verb, Answer answer) {
  const base::MonoTime begin = use.clock.mono_now();
  Reply reply = answer();
  use.metrics.observe(verb, reply.result, use.clock.mono_now() - begin);
  runtime::HttpResponse response;
  response.body = std::move(reply.body);
  return response;
}

}  // namespace

runtime::HttpResponse Verbs::filter(const runtime::HttpRequest& request) const {
  return timed(use_, Verb::filter, [&] { return answer_filter(use_, request.body); });
}

runtime::HttpResponse Verbs::prioritize(const runtime::HttpRequest& request) const {
  return timed(use_, Verb::prioritize, [&] { return answer_prioritize(use_, request.body); });
}

runtime::HttpResponse Verbs::preempt(const runtime::HttpRequest& request) const {
  return timed(use_, Verb::preempt, [&] { return answer_preempt(use_, request.body); });
}

runtime::HttpResponse Verbs::bind(const runtime::HttpRequest& request) const {
  return timed(use_, Verb::bind, [&] { return answer_bind(use_, request.body); });
}

void Verbs::add_routes(runtime::HttpServer& server) const {
  server.route("POST", "/filter", [this](const runtime::HttpRequest& request) { return filter(request); });
  server.route("POST", "/prioritize", [this](const runtime::HttpRequest& request) { return prioritize(request); });
  server.route("POST", "/preempt", [this](const runtime::HttpRequest& request) { return preempt(request); });
  server.route("POST", "/bind", [this](const runtime::HttpRequest& request) { return bind(request); });
}

}  // namespace headroom::extender
