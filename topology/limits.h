// Bounds of fields, as in deploy/crds (a test compares them).
#pragma once

#include <cstdint>

namespace headroom::topology {

inline constexpr std::int64_t kMaxWatts = 1'000'000'000;  // 1 GW: more than any site; keeps sums far from overflow
inline constexpr double kMinCelsius = -50;
inline constexpr double kMaxCelsius = 150;
inline constexpr std::int64_t kMaxSeconds = 86'400;
inline constexpr std::size_t kMaxElements = 512;
inline constexpr std::size_t kMaxFeeds = 8;
inline constexpr std::size_t kMaxNodeClasses = 64;
inline constexpr std::size_t kMaxDevices = 32;
inline constexpr std::size_t kMaxNamespaces = 256;
inline constexpr std::size_t kMaxElementName = 63;  // a rack's name is a label value
inline constexpr std::size_t kMaxQuery = 2048;
inline constexpr double kMaxWattsPerCore = 1000;

}  // namespace headroom::topology
