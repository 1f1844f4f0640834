// Sections of configuration files that several programs read: spelled, defaulted and checked once.
// docs/configuration.md describes each key.
//
// Readers note problems in the ConfigReader they are given; the caller's finish() reports them all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/config_reader.h"
#include "runtime/logging.h"
#include "runtime/tls.h"
#include "scoring/settings.h"
#include "telemetry/telemetry_config.h"

namespace headroom::config {

struct ListenConfig {
  std::string address = "127.0.0.1";  // IPv6 without brackets
  std::uint16_t port = 0;             // 0: the system chooses
  std::optional<runtime::ServerTls> tls;
};

// "127.0.0.1:9876", "[::1]:9876", ":9876" (all addresses).
[[nodiscard]] base::Result<ListenConfig> parse_listen(std::string_view text);
[[nodiscard]] ListenConfig read_listen(const runtime::ConfigReader& section, std::string_view key,
                                       ListenConfig fallback);
// `listen` at the address that a flag gives, with the same TLS; as it was where the flag is not set. Errors name
// `flag`.
[[nodiscard]] base::Result<ListenConfig> moved_to(ListenConfig listen, const std::optional<std::string>& address,
                                                  std::string_view flag);
[[nodiscard]] std::optional<runtime::ServerTls> read_tls(const runtime::ConfigReader& tls, std::string_view key);

// "log".
[[nodiscard]] runtime::LogOptions read_log(const runtime::ConfigReader& section);
// "defaultNodeClass" and "estimates" of the root.
[[nodiscard]] scoring::Settings read_scoring(const runtime::ConfigReader& root);
// "telemetry". Problems of telemetry::validate are noted too.
[[nodiscard]] telemetry::TelemetryConfig read_telemetry(const runtime::ConfigReader& section);

}  // namespace headroom::config
