#include "telemetry/sample_table.h"

#include <algorithm>
#include <utility>

namespace headroom::telemetry {
namespace {

constexpr base::Power kImpossible = base::watts(1'000'000);

}  // namespace

SampleTable::SampleTable(std::span<const SampleRow> samples) {
  for (const SampleRow row : samples) by_name_[row->name].push_back(row);
}

const std::vector<SampleRow>& SampleTable::named(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? none_ : found->second;
}

std::vector<SampleRow> SampleTable::matching(std::string_view prefix, std::string_view suffix) const {
  std::vector<SampleRow> rows;
  for (auto entry = by_name_.lower_bound(prefix); entry != by_name_.end() && entry->first.starts_with(prefix);
       ++entry) {
    if (entry->first.ends_with(suffix)) rows.insert(rows.end(), entry->second.begin(), entry->second.end());
  }
  return rows;
}

std::string identity(const Sample& sample, LabelNames labels) {
  std::string key;
  for (const std::string_view label : labels) {
    key += sample.label(label);
    key += '\x1f';
  }
  return key;
}

std::map<std::string, SampleRow> distinct(const std::vector<SampleRow>& rows, LabelNames labels) {
  std::map<std::string, SampleRow> kept;
  for (const SampleRow row : rows) {
    const auto [entry, inserted] = kept.emplace(identity(*row, labels), row);
    const SampleRow other = entry->second;
    if (inserted) continue;
    if (row->time > other->time || (row->time == other->time && row->value > other->value)) entry->second = row;
  }
  return kept;
}

std::optional<base::Power> plausible_power(double watts) {
  const auto power = base::power_from_watts(watts);
  if (!power || *power < base::Power{} || *power >= kImpossible) return std::nullopt;
  return power;
}

PowerSum sum_power(const std::vector<SampleRow>& rows, LabelNames labels) {
  PowerSum sum;
  for (const auto& [key, row] : distinct(rows, labels)) {
    const auto power = plausible_power(row->value);
    if (!power) {
      ++sum.unreadable;
      sum.unreadable_value = row->value;
      continue;
    }
    sum.oldest = sum.rows == 0 ? row->time : std::min(sum.oldest, row->time);
    sum.power += *power;
    ++sum.rows;
  }
  if (sum.power >= kImpossible) {
    sum.unreadable_value = base::to_watts(sum.power);
    sum.unreadable += std::exchange(sum.rows, 0U);
    sum.power = {};
  }
  return sum;
}

}  // namespace headroom::telemetry
