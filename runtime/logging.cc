#include "runtime/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>
#include <cmath>
#include <memory>

#include "runtime/json_text.h"

namespace headroom::runtime {
namespace {

// The format is kept as the logger's name: spdlog's default logger is the only state that logging has.
constexpr std::string_view kJsonLogger = "json";
constexpr std::string_view kTextLogger = "text";

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string value_as_json(const LogField::Value& value) {
  struct Writer {
    std::string operator()(std::string_view text) const { return json_quoted(text); }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return json_number(number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  };
  return std::visit(Writer{}, value);
}

// For lines that come before configure_logging(). Once: two threads that log their first line at the same time would
// otherwise free the logger under each other.
void configure_if_nobody_did() {
  static const bool kConfigured = [] {
    const std::string& name = spdlog::default_logger_raw()->name();
    if (name != kJsonLogger && name != kTextLogger) configure_logging({});
    return true;
  }();
  static_cast<void>(kConfigured);
}

void write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  configure_if_nobody_did();
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (!logger->should_log(spdlog_level(level))) return;
  const bool json = logger->name() == kJsonLogger;
  const std::string body = json ? json_log_body(component, message, fields) : text_log_body(component, message, fields);
  logger->log(spdlog_level(level), spdlog::string_view_t(body.data(), body.size()));
}

}  // namespace

void configure_logging(const LogOptions& options) {
  const bool json =
      options.format == LogFormat::json || (options.format == LogFormat::automatic && ::isatty(STDERR_FILENO) == 0);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>(std::string(json ? kJsonLogger : kTextLogger), std::move(sink));
  // %v is written by us, escaped; the rest of the pattern holds nothing that comes from outside.
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%H:%M:%S.%e %-7l %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog_level(options.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

std::string json_log_body(std::string_view component, std::string_view message, LogFields fields) {
  std::string body = "\"component\":" + json_quoted(component) + ",\"message\":" + json_quoted(message);
  for (const LogField& field : fields) {
    body += ',';
    body += json_quoted(field.key());
    body += ':';
    body += value_as_json(field.value());
  }
  return body;
}

std::string text_log_body(std::string_view component, std::string_view message, LogFields fields) {
  // Escaped like JSON but without quotes where none are needed, so that a line stays one line.
  const auto plain = [](std::string_view text) {
    const std::string quoted = json_quoted(text);
    return quoted.substr(1, quoted.size() - 2);
  };
  std::string body = "[" + plain(component) + "] " + plain(message);
  for (const LogField& field : fields) body += ' ' + plain(field.key()) + '=' + value_as_json(field.value());
  return body;
}

void log_debug(std::string_view component, std::string_view message, LogFields fields) {
  write(LogLevel::debug, component, message, fields);
}
void log_info(std::string_view component, std::string_view message, LogFields fields) {
  write(LogLevel::info, component, message, fields);
}
void log_warning(std::string_view component, std::string_view message, LogFields fields) {
  write(LogLevel::warning, component, message, fields);
}
void log_error(std::string_view component, std::string_view message, LogFields fields) {
  write(LogLevel::error, component, message, fields);
}

}  // namespace headroom::runtime
