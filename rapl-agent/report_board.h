// Where the loop leaves its newest report and others pick it up: status writer, metrics, pages.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/published.h"
#include "rapl-agent/core/agent_report.h"

namespace headroom::rapl_agent {

struct PostedReport {
  core::AgentReport report;
  base::MonoTime at;  // on the loop's clock
};

// The loop publishes, any thread reads.
class ReportBoard final : public core::StatusOutbox {
 public:
  // `clock` must outlive it. `posted` is called on the loop's thread after each report and must not block.
  ReportBoard(const base::Clock& clock, std::function<void()> posted) : clock_(clock), posted_(std::move(posted)) {}

  void publish(const core::AgentReport& report) override {
    board_.publish(std::make_shared<const PostedReport>(PostedReport{report, clock_.mono_now()}));
    posted_();
  }
  // Null before the first.
  [[nodiscard]] std::shared_ptr<const PostedReport> latest() const { return board_.load(); }

 private:
  const base::Clock& clock_;
  const std::function<void()> posted_;
  base::Published<PostedReport> board_;
};

}  // namespace headroom::rapl_agent
