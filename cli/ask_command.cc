#include "cli/ask_command.h"

#include <string_view>
#include <utility>

#include "cli/agent_page.h"
#include "cli/pages.h"
#include "runtime/http_client.h"

namespace headroom::cli {
namespace {

runtime::HttpRequest request_for(const AskCommand& command, const runtime::Url& url) {
  runtime::HttpRequest request;
  const std::string prefix = url.path == "/" ? std::string() : url.path;
  if (command.question == Question::agent) {
    request.path = prefix + "/debug/state";
    return request;
  }
  if (command.question != Question::explain) {
    request.path = prefix + "/debug/snapshot";
    return request;
  }
  request.path = prefix + "/explain";
  request.query.emplace("pod", command.pod);
  if (!command.node.empty()) request.query.emplace("node", command.node);
  return request;
}

base::Result<std::string> text_of(Question question, std::string_view body) {
  switch (question) {
    case Question::racks: return racks_text(body);
    case Question::topology: return topology_text(body);
    case Question::explain: return explain_text(body);
    case Question::agent: return agent_text(body);
  }
  return base::internal_error("unknown question");
}

// How to reach what does not answer.
const char* hint(Question question) {
  return question == Question::agent
             ? "\n(an agent listens in its pod: kubectl -n headroom-agents port-forward POD 9880)"
             : "\n(the extender answers on loopback only: kubectl -n headroom-system port-forward "
               "deploy/headroom-scheduler 9876)";
}

Outcome failed(int status, const std::string& message) {
  return {status, "", "headroom: " + message + "\n"};
}

}  // namespace

Outcome run_ask(const AskCommand& command) {
  const auto url = runtime::parse_url(command.url);
  if (!url) return failed(2, "--url " + command.url + ": " + url.error().message);
  runtime::HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.https = url->https;
  options.tls = command.tls;
  options.read_timeout = options.total_timeout = command.timeout;
  const auto reply = runtime::HttpClient(std::move(options)).send(request_for(command, *url));
  if (!reply) {
    return failed(2, command.url + ": " + reply.error().message + hint(command.question));
  }
  if (command.raw_json) return {reply->status == 200 ? 0 : 1, reply->body, ""};
  const auto text = text_of(command.question, reply->body);
  if (text) return {0, *text, ""};
  const int status = text.error().kind == base::ErrorKind::unavailable ? 1 : 2;
  return failed(status, command.url + " answered " + std::to_string(reply->status) + ": " + text.error().message);
}

}  // namespace headroom::cli
