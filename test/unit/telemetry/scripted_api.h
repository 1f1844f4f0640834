// A QueryApi that answers from a table, and counts what it was asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/sample_source.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::test {

struct ScriptedAnswers {
  std::map<std::string, std::vector<Sample>> rows;  // by query; others give no rows
  std::map<std::string, base::Error> errors;
  std::vector<std::string> asked;
};

[[nodiscard]] inline Sample row(std::vector<std::pair<std::string, std::string>> labels, double value,
                                std::string name = {}) {
  return {std::move(name), std::move(labels), value, kNoon};
}
[[nodiscard]] inline double unix_seconds(int seconds) {
  return static_cast<double>(at(seconds).time_since_epoch().count()) / 1e6;
}

class ScriptedApi final : public telemetry::QueryApi {
 public:
  explicit ScriptedApi(ScriptedAnswers& answers) : answers_(answers) {}

  base::Result<std::vector<Sample>> query(std::string_view promql) override {
    answers_.asked.emplace_back(promql);
    if (const auto error = answers_.errors.find(std::string(promql)); error != answers_.errors.end()) {
      return error->second;
    }
    const auto found = answers_.rows.find(std::string(promql));
    return found == answers_.rows.end() ? std::vector<Sample>{} : found->second;
  }
  void cancel() override {}

 private:
  ScriptedAnswers& answers_;
};

}  // namespace headroom::test
