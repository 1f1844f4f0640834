#include "rapl-agent/standalone/environment.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace headroom::rapl_agent::standalone {
namespace {

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

template <class Value>
using Words = std::initializer_list<std::pair<std::string_view, Value>>;

// Reads variables one by one and collects what is wrong with them.
class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const {
    const auto found = environment_.find(name);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }
  std::optional<double> number(std::string_view name) {
    const auto written = text(name);
    if (!written) return std::nullopt;
    const auto value = number_in(*written);
    if (!value) complain(name, "is not a number");
    return value;
  }
  void power(std::string_view name, base::Power& to) {
    const auto value = number(name);
    if (!value) return;
    // A billion watts: no node, and far from where sums overflow.
    if (*value <= 0 || *value > 1e15) return complain(name, "must be microwatts above 0");
    to = base::microwatts(std::llround(*value));
  }
  template <class Value>
  std::optional<Value> word(std::string_view name, const Words<Value>& words) {
    const auto written = text(name);
    if (!written) return std::nullopt;
    std::string known;
    for (const auto& [word, value] : words) {
      if (*written == word) return value;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    complain(name, "must be one of " + known);
    return std::nullopt;
  }
  void complain(std::string_view name, const std::string& what) {
    problems_ += (problems_.empty() ? "" : "\n") + std::string(name) + ": " + what;
  }
  [[nodiscard]] const std::string& problems() const { return problems_; }

 private:
  const Environment& environment_;
  std::string problems_;
};

// Powercap put an "s" behind the value and read a Go duration, so that "2m" meant two milliseconds. Here a plain number
// is seconds and a unit is what it says.
std::optional<base::Milliseconds> duration_in(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
      {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  double scale = 1e3;
  for (const auto& [unit, milliseconds] : kUnits) {
    if (!text.ends_with(unit)) continue;
    scale = milliseconds;
    text.remove_suffix(unit.size());
    break;
  }
  const auto value = number_in(text);
  if (!value || *value * scale < 1'000 || *value * scale > 8.64e7) return std::nullopt;
  return base::Milliseconds(std::llround(*value * scale));
}

void read_period(Reader& reader, Settings& settings) {
  const auto written = reader.text("STABILISATION_TIME");
  if (!written) return;
  if (const auto period = duration_in(*written)) {
    settings.period = *period;
  } else {
    reader.complain("STABILISATION_TIME", "must be seconds from 1 to 86400, or a number with ms, s, m or h");
  }
}

void read_originals_floor(Reader& reader, Settings& settings) {
  const auto limit = reader.number("RAPL_LIMIT");
  const auto function = reader.word<Originals>(
      "PMAX_FUNC",
      {{"max", Originals::maximum}, {"min", Originals::minimum}, {"avg", Originals::average}, {"sum", Originals::sum}});
  if (!limit && !function) return;
  OriginalsFloor floor;
  if (limit && (*limit < 0 || *limit > 100)) reader.complain("RAPL_LIMIT", "must be a percentage");
  if (limit) floor.share = base::ppm(std::llround(*limit * 1e4));
  if (function) floor.of = *function;
  settings.originals_floor = floor;
  settings.remarks.emplace_back(
      "RAPL_LIMIT and PMAX_FUNC only raise the floor of the cap here, to that share of the original limits");
}

void read_source(Reader& reader, Settings& settings) {
  settings.source = reader
                        .word<SourceKind>("CAP_SOURCE", {{"sine", SourceKind::sine},
                                                         {"static", SourceKind::fixed},
                                                         {"table", SourceKind::table},
                                                         {"prometheus", SourceKind::prometheus}})
                        .value_or(settings.source);
  settings.source_unit = reader
                             .word<SourceUnit>("CAP_SOURCE_UNIT", {{"watts", SourceUnit::watts},
                                                                   {"microwatts", SourceUnit::microwatts},
                                                                   {"share", SourceUnit::share}})
                             .value_or(settings.source_unit);
  settings.source_url = reader.text("CAP_SOURCE_URL").value_or("");
  settings.source_query = reader.text("CAP_SOURCE_QUERY").value_or("");
  const bool outside = settings.source == SourceKind::table || settings.source == SourceKind::prometheus;
  if (outside && settings.source_url.empty()) reader.complain("CAP_SOURCE_URL", "is needed by this CAP_SOURCE");
  if (settings.source == SourceKind::prometheus && settings.source_query.empty())
    reader.complain("CAP_SOURCE_QUERY", "is needed by CAP_SOURCE=prometheus");
  if (reader.text("DATA_PROVIDER"))
    settings.remarks.emplace_back("DATA_PROVIDER is not read: CAP_SOURCE=table or prometheus brings market data");
}

}  // namespace

Environment environment_of(const char* const* entries) {
  Environment environment;
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    const std::string_view entry(*entries);
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

bool is_selected(const Environment& environment, std::string_view program) {
  const auto slash = program.rfind('/');
  if (slash != std::string_view::npos) program.remove_prefix(slash + 1);
  return program == "powercap" || environment.contains("MAX_SOURCE") || environment.contains("STABILISATION_TIME");
}

base::Result<Settings> read_environment(const Environment& environment) {
  Reader reader(environment);
  Settings settings;
  settings.node_name = reader.text("NODE_NAME").value_or("");
  if (settings.node_name.empty()) reader.complain("NODE_NAME", "is needed");
  reader.power("MAX_SOURCE", settings.max_source);
  reader.power("RAPL_MIN_POWER", settings.min_power);
  read_period(reader, settings);
  if (const auto alpha = reader.number("ALPHA")) {
    settings.alpha = *alpha;
    if (*alpha <= 0 || *alpha > 1'000) reader.complain("ALPHA", "must be above 0");
  }
  read_originals_floor(reader, settings);
  settings.scope = reader.word<CapScope>("POWERCAP_SCOPE", {{"node", CapScope::node}, {"domain", CapScope::domain}})
                       .value_or(settings.scope);
  settings.night =
      reader.word<Night>("POWERCAP_NIGHT", {{"dark", Night::dark}, {"bump", Night::bump}}).value_or(settings.night);
  read_source(reader, settings);
  if (!reader.problems().empty()) return base::invalid_input(reader.problems());
  return settings;
}

}  // namespace headroom::rapl_agent::standalone
