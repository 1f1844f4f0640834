// The environment variables by which powercap (github.com/menraromial/powercap, up to Aug 2025) was told what to do,
// and the few that this agent adds. They are the whole configuration of standalone mode. docs/standalone.md lists them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "base/result.h"
#include "base/units.h"

namespace headroom::rapl_agent::standalone {

using Environment = std::map<std::string, std::string, std::less<>>;
// From "NAME=value" entries, ended by a null pointer, as main gets them.
[[nodiscard]] Environment environment_of(const char* const* entries);

// The agent was started as powercap: MAX_SOURCE or STABILISATION_TIME is set, or the program is called "powercap".
[[nodiscard]] bool is_selected(const Environment& environment, std::string_view program);

enum class CapScope {
  node,    // the cap is what all CPU packages together may draw
  domain,  // the old reading: each package may draw it
};
enum class Originals { maximum, minimum, average, sum };  // PMAX_FUNC
enum class SourceKind { sine, fixed, table, prometheus };
enum class SourceUnit { watts, microwatts, share };  // share: of MAX_SOURCE, 0..1
enum class Night { dark, bump };                     // bump: an even ALPHA has a second peak at midnight

// RAPL_LIMIT and PMAX_FUNC: the floor is at least this share of the originals' maximum, minimum, ...
struct OriginalsFloor {
  base::Share share = base::percent(60);
  Originals of = Originals::maximum;

  bool operator==(const OriginalsFloor&) const = default;
};

struct Settings {
  std::string node_name;
  base::Power max_source = base::watts(40);
  base::Power min_power = base::watts(10);
  base::Milliseconds period{300'000};  // between two looks at the source
  double alpha = 4;
  std::optional<OriginalsFloor> originals_floor;  // absent: neither RAPL_LIMIT nor PMAX_FUNC is set
  CapScope scope = CapScope::node;
  SourceKind source = SourceKind::sine;
  std::string source_url;    // of a table: a path or an http(s) URL; of prometheus: its base URL
  std::string source_query;  // PromQL
  SourceUnit source_unit = SourceUnit::watts;
  Night night = Night::dark;
  std::vector<std::string> remarks;  // what is set and reads otherwise than somebody may expect; logged once

  bool operator==(const Settings&) const = default;
};

// An empty value is an absent one. Errors: invalid_input with every problem, one per line, each naming the variable.
[[nodiscard]] base::Result<Settings> read_environment(const Environment& environment);

}  // namespace headroom::rapl_agent::standalone
