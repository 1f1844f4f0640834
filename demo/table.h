// The live table: one line per rack. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "demo/extender_process.h"
#include "demo/scheduler.h"

namespace headroom::demo {

struct TableView {
  const std::vector<RackView>& racks;
  const SchedulerView& scheduler;
};
// Lines of at most 140 columns, without colours, ending with a line feed.
[[nodiscard]] std::string render_table(const TableView& view);

}  // namespace headroom::demo
