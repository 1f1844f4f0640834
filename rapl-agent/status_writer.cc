#include "rapl-agent/status_writer.h"

#include <algorithm>
#include <utility>

#include "base/names.h"
#include "kube/json_writer.h"
#include "kube/resource.h"
#include "policy/node_power_cap_json.h"
#include "rapl-agent/status_plan.h"
#include "runtime/logging.h"

namespace headroom::rapl_agent {
namespace {

constexpr base::Milliseconds kIdle{60'000};
constexpr base::Milliseconds kFirstPause{500};
constexpr base::Milliseconds kLongestPause{30'000};
constexpr std::string_view kFieldManager = "headroom-agent";

}  // namespace

StatusWriter::StatusWriter(Parts parts) : parts_(std::move(parts)) {}

StatusWriter::~StatusWriter() {
  stop();
}

void StatusWriter::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void StatusWriter::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  not_before_ = {};
  (void)round();
}

StatusWriterCounts StatusWriter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void StatusWriter::run(const std::stop_token& stop) {
  base::MonoTime until = parts_.clock.mono_now();
  while (wake_.wait(parts_.clock, until, stop)) until = round();
}

base::MonoTime StatusWriter::round() {
  const base::MonoTime now = parts_.clock.mono_now();
  const auto report = parts_.report();
  auto object = parts_.object();
  if (report == nullptr || !object) return now + kIdle;
  if (now < not_before_) return not_before_;
  if (object->uid != uid_) {
    uid_ = object->uid;
    written_.reset();
  }
  model::NodePowerCapStatus wanted = status_of(*report, written_ ? *written_ : object->status, parts_.clock.wall_now());
  if (written_) {
    const Worth worth = worth_writing(*written_, wanted);
    if (worth == Worth::nothing) return now + kIdle;
    if (worth == Worth::later && now < written_at_ + kMeasuredApart) return written_at_ + kMeasuredApart;
  }
  return attempt(*std::move(object), std::move(wanted)) ? now + kIdle : not_before_;
}

bool StatusWriter::attempt(model::NodePowerCap object, model::NodePowerCapStatus wanted) {
  object.status = std::move(wanted);
  const base::Status written = parts_.write(object);
  const base::MonoTime now = parts_.clock.mono_now();
  const std::lock_guard lock(mutex_);
  if (written) {
    written_ = std::move(object.status);
    written_at_ = now;
    failures_ = 0;
    ++counts_.written;
    return true;
  }
  ++counts_.failed;
  if (failures_ == 0) runtime::log_warning("status", "not written", {{"error", written.error().message}});
  const auto pause = std::min(kFirstPause * (1 << std::min(failures_, 6)), kLongestPause);
  ++failures_;
  not_before_ = now + pause;
  return false;
}

std::string status_apply_body(const model::NodePowerCap& cap) {
  kube::JsonObject meta;
  meta.text("name", cap.name).text("uid", cap.uid);
  kube::JsonObject body;
  body.text("apiVersion", base::names::kApiGroupVersion)
      .text("kind", base::names::kNodePowerCapKind)
      .object("metadata", meta)
      .json("status", policy::print_status(cap.status));
  return body.str();
}

StatusWriter::Write apply_status(kube::ApiClient& client) {
  return [&client](const model::NodePowerCap& cap) -> base::Status {
    kube::PatchRequest request;
    request.path = kube::resources::node_power_caps().object_path(cap.name, "status");
    request.kind = kube::PatchKind::apply;
    request.body = status_apply_body(cap);
    request.field_manager = kFieldManager;
    request.force = true;
    auto reply = client.patch(request);
    if (!reply) return std::move(reply).error();
    return base::ok_status();
  };
}

}  // namespace headroom::rapl_agent
