// What a person hears who asked for the release of a node (base::names::kReleaseAnnotation). Pure.
#pragma once

#include <optional>
#include <string>

#include "controller/caps_report.h"
#include "model/node_power_cap.h"

namespace headroom::controller {

struct ReleaseAnswer {
  std::string text;   // "released", "kept: ...", "waits: ...", "under way: ..."
  bool done = false;  // the request is taken off: the originals are back, or there is nothing to give back
  bool kept = false;  // something still needs the cap

  bool operator==(const ReleaseAnswer&) const = default;
};

// Of AllocateInput::nodes[index]. Nothing: nobody asked.
[[nodiscard]] std::optional<ReleaseAnswer> release_answer(const CapRound& round, std::size_t index);

}  // namespace headroom::controller
