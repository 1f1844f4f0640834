#include "rapl-agent/standalone/sources.h"

#include <ctime>
#include <utility>

namespace headroom::rapl_agent::standalone {

Moment moment_at(base::WallTime wall) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::duration_cast<base::Seconds>(wall.time_since_epoch()).count());
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return {wall, local.tm_hour * 60 + local.tm_min};
}

base::Result<SourcePower> SineSource::power_at(const Moment& moment) {
  return SourcePower{sine_power(curve_, moment.minute_of_day)};
}

base::Result<SourcePower> FixedSource::power_at(const Moment&) {
  return SourcePower{power_};
}

std::optional<base::Power> power_of(double value, const Scale& scale) {
  if (!(value >= 0)) return std::nullopt;
  switch (scale.unit) {
    case SourceUnit::watts: return base::power_from_watts(value);
    case SourceUnit::microwatts: return base::power_from_watts(value / 1e6);
    case SourceUnit::share: return base::power_from_watts(value * base::to_watts(scale.whole));
  }
  return std::nullopt;
}

std::unique_ptr<CapSource> make_source(const Settings& settings) {
  const Scale scale{settings.source_unit, settings.max_source};
  switch (settings.source) {
    case SourceKind::fixed: return std::make_unique<FixedSource>(settings.max_source);
    case SourceKind::table: return std::make_unique<TableSource>(settings.source_url, scale);
    case SourceKind::prometheus:
      return std::make_unique<QuerySource>(settings.source_url, settings.source_query, scale);
    case SourceKind::sine: break;
  }
  return std::make_unique<SineSource>(SineCurve{settings.max_source, settings.alpha, settings.night});
}

std::string_view name_of(SourceKind kind) {
  switch (kind) {
    case SourceKind::sine: return "sine";
    case SourceKind::fixed: return "static";
    case SourceKind::table: return "table";
    case SourceKind::prometheus: return "prometheus";
  }
  return "unknown";
}

}  // namespace headroom::rapl_agent::standalone
