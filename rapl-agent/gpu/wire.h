// Little-endian fields in and out of a byte string, for protocol.cc. Private to this folder.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::rapl_agent::gpu {

class WireWriter {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8)
      bytes_.push_back(static_cast<char>(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift)));
  }
  // Cut at what the length field can say.
  void text(std::string_view text) {
    const auto size = static_cast<std::uint16_t>(text.size() < UINT16_MAX ? text.size() : UINT16_MAX);
    number(size);
    bytes_.append(text.substr(0, size));
  }
  void optional_number(std::optional<std::int64_t> value) {
    number<std::uint8_t>(value ? 1 : 0);
    if (value) number(static_cast<std::uint64_t>(*value));
  }
  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// After the first field that is not there everything reads as zero and ok() is false.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    if (rest_.size() < sizeof(T)) return fail(), T{0};
    std::uint64_t value = 0;
    for (unsigned at = 0; at < sizeof(T); ++at)
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(rest_[at])) << (8 * at);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  std::string text() {
    const std::size_t size = number<std::uint16_t>();
    if (rest_.size() < size) return fail(), std::string();
    std::string found(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return found;
  }
  std::optional<std::int64_t> optional_number() {
    if (number<std::uint8_t>() == 0) return std::nullopt;
    return static_cast<std::int64_t>(number<std::uint64_t>());
  }
  // A number that names one of an enum's values, the last of which is `last`.
  template <class Enum>
  Enum choice(Enum last) {
    const auto value = number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) return fail(), Enum{};
    return static_cast<Enum>(value);
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace headroom::rapl_agent::gpu
