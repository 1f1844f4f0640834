#include "rapl-agent/hwmon/dcmi.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "rapl-agent/hwmon/run_program.h"

namespace headroom::rapl_agent::hwmon {
namespace {

using core::Outcome;

constexpr const char* kDomain = "node/dcmi";

std::string_view line_with(std::string_view text, std::string_view word) {
  const std::size_t found = text.find(word);
  if (found == std::string_view::npos) return {};
  const std::size_t feed = text.rfind('\n', found);
  const std::size_t begin = feed == std::string_view::npos ? 0 : feed + 1;
  return text.substr(begin, text.find('\n', found) - begin);
}

std::optional<std::int64_t> number_in(std::string_view text) {
  const std::size_t digit = text.find_first_of("-0123456789");
  if (digit == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + digit, text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<base::Power> parse_power_reading(std::string_view text) {
  if (line_with(text, "deactivated") != "") return std::nullopt;
  const std::string_view line = line_with(text, "Instantaneous power reading");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto watts = number_in(line.substr(colon));
  // 0 W is what BMCs say that do not measure.
  if (!watts || *watts <= 0 || *watts > 1'000'000) return std::nullopt;
  return base::watts(*watts);
}

std::optional<base::Temperature> parse_inlet_reading(std::string_view text) {
  std::string_view line = line_with(text, "Inlet");
  const std::size_t last = line.find_last_of("0123456789");
  if (last == std::string_view::npos) return std::nullopt;
  line = line.substr(0, last + 1);
  const std::size_t blank = line.find_last_of(" \t|");
  if (blank == std::string_view::npos) return std::nullopt;
  const auto celsius = number_in(line.substr(blank));
  if (!celsius || *celsius < -40 || *celsius > 120) return std::nullopt;
  return base::celsius(*celsius);
}

DcmiMeter::DcmiMeter(DcmiOptions options, base::Clock& clock)
    : options_(std::move(options)), clock_(clock), thread_([this](const std::stop_token& stop) { ask(stop); }) {}

DcmiMeter::~DcmiMeter() = default;

void DcmiMeter::ask(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    ask_once(stop);
    (void)clock_.wait_until(clock_.mono_now() + options_.interval, stop);
  }
}

void DcmiMeter::ask_once(const std::stop_token& stop) {
  const auto power = run_program({options_.program, "dcmi", "power", "reading"}, options_.timeout, stop);
  core::MeterReading reading;
  if (power) reading.power = parse_power_reading(*power);
  if (reading.power) {
    // Many BMCs have no inlet sensor by DCMI: its failure is no fault of the power reading.
    const auto inlet = run_program({options_.program, "dcmi", "get_temp_reading"}, options_.timeout, stop);
    if (inlet) reading.temperature = parse_inlet_reading(*inlet);
  }
  const std::lock_guard lock(mutex_);
  if (!reading.power) {
    problem_ = power ? "the BMC's answer has no power reading" : power.error().message;
    return;
  }
  problem_.clear();
  last_ = reading;
  heard_at_ = clock_.mono_now();
}

core::Inventory DcmiMeter::discover() {
  const std::lock_guard lock(mutex_);
  core::Inventory inventory;
  if (!problem_.empty()) inventory.notes.push_back("DCMI: " + problem_);
  if (!heard_at_) return inventory;
  core::Domain domain;
  domain.id = kDomain;
  domain.kind = core::DomainKind::node_meter;
  domain.meter.power = true;
  domain.meter.temperature = last_.temperature.has_value();
  domain.label = "BMC";
  inventory.domains = {std::move(domain)};
  return inventory;
}

core::Access DcmiMeter::read(const core::ControlKey&) {
  return {.outcome = Outcome::unknown_key};
}
core::Access DcmiMeter::write(const core::ControlKey&, std::uint64_t) {
  return {.outcome = Outcome::unknown_key};
}

core::MeterReading DcmiMeter::sample(const std::string& domain) {
  if (domain != kDomain) return {.outcome = Outcome::unknown_key};
  const std::lock_guard lock(mutex_);
  if (!heard_at_ || clock_.mono_now() - *heard_at_ > 3 * options_.interval) return {.outcome = Outcome::transient};
  return last_;
}

}  // namespace headroom::rapl_agent::hwmon
