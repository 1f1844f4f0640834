// Tells the processor what will be read soon, so that waiting for memory overlaps with work. Private to this folder.
#pragma once

#include <cstddef>

namespace headroom::scoring {

// The whole object, which must be there; nothing is read by the program itself.
template <class T>
void expect_read(const T* object) {
  constexpr std::size_t kLine = 64;
  const char* bytes = reinterpret_cast<const char*>(object);
  __builtin_prefetch(bytes);
  if constexpr (sizeof(T) > alignof(T)) __builtin_prefetch(bytes + sizeof(T) - 1);
  static_assert(sizeof(T) <= 2 * kLine);
}

}  // namespace headroom::scoring
