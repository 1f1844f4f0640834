// Log lines on standard error: one JSON object per line, or plain text on a terminal.
//
//   log_info("extender", "listening", {{"address", "127.0.0.1:9876"}, {"threads", 32}});
//   {"time":"2026-02-03T04:05:06.789Z","level":"info","component":"extender","message":"listening","address":...}
//
// Everything that is not a literal belongs into a field, so that lines can be counted by message. Messages and fields
// are escaped: whatever a pod is called, a line stays one line and valid JSON (invalid UTF-8 becomes U+FFFD).
// Thread-safe. Before configure_logging() lines of level info and above go out in the automatic format.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace headroom::runtime {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { automatic, json, text };  // automatic: text on a terminal, JSON elsewhere

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
};
// Called once by main, before threads that log.
void configure_logging(const LogOptions& options);

class LogField {
 public:
  LogField(std::string_view key, std::string_view text) : key_(key), value_(text) {}
  LogField(std::string_view key, const char* text) : key_(key), value_(std::string_view(text)) {}
  LogField(std::string_view key, const std::string& text) : key_(key), value_(std::string_view(text)) {}
  LogField(std::string_view key, std::same_as<bool> auto flag) : key_(key), value_(flag) {}
  LogField(std::string_view key, std::floating_point auto number) : key_(key), value_(static_cast<double>(number)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view key, T number)
      : key_(key), value_(static_cast<std::int64_t>(number)) {}

  using Value = std::variant<std::string_view, std::int64_t, double, bool>;
  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  std::string_view key_;  // both only until the end of the call that logs
  Value value_;
};
using LogFields = std::initializer_list<LogField>;

void log_debug(std::string_view component, std::string_view message, LogFields fields = {});
void log_info(std::string_view component, std::string_view message, LogFields fields = {});
void log_warning(std::string_view component, std::string_view message, LogFields fields = {});
void log_error(std::string_view component, std::string_view message, LogFields fields = {});

// What a line carries behind time and level. Pure, for tests.
[[nodiscard]] std::string json_log_body(std::string_view component, std::string_view message, LogFields fields);
[[nodiscard]] std::string text_log_body(std::string_view component, std::string_view message, LogFields fields);

}  // namespace headroom::runtime
