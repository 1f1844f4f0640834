// Bounds of fields, as in deploy/crds (a test compares them).
#pragma once

#include <cstdint>

namespace headroom::policy {

inline constexpr std::size_t kMaxRackConstraints = 512;
inline constexpr std::size_t kMaxAlgorithms = 16;
inline constexpr std::size_t kMaxParameters = 64;
inline constexpr std::size_t kMaxNodeCaps = 64;
inline constexpr std::size_t kMaxNodeCapLabels = 64;
inline constexpr std::size_t kMaxPerformanceQuery = 2048;
inline constexpr std::int64_t kMaxShortTermPercent = 200;
inline constexpr std::int64_t kMaxTimeWindowMilliseconds = 3'600'000;
inline constexpr std::int64_t kMaxPriority = 2'000'000'000;

}  // namespace headroom::policy
