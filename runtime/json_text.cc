#include "runtime/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace headroom::runtime {
namespace {

// True for the bytes that stand in a JSON string as they are, whatever comes before or after.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_plain(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

constexpr std::size_t kWord = sizeof(std::uint64_t);

constexpr std::uint64_t every_byte(unsigned char c) {
  return 0x0101010101010101U * c;
}

// The high bit of each byte that is not plain, up to the first one: behind it a borrow or carry may set more. The first
// is right where the first byte is the lowest.
std::uint64_t not_plain(std::uint64_t bytes) {
  const auto below = [&](std::uint64_t value, unsigned char limit) { return (value - every_byte(limit)) & ~value; };
  const std::uint64_t quote = bytes ^ every_byte('"');
  const std::uint64_t backslash = bytes ^ every_byte('\\');
  const std::uint64_t above = bytes | (bytes + every_byte(0x80 - 0x7F));
  return (below(bytes, 0x20) | below(quote, 1) | below(backslash, 1) | above) & every_byte(0x80);
}

struct Utf8Length {
  std::size_t bytes;
  std::uint8_t first_low, first_high;  // allowed range of the second byte
};

// By the lead byte; zero bytes: not a lead byte. The second byte's range excludes overlong forms and surrogates.
Utf8Length utf8_length(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Bytes of the valid multi-byte character at `at`; 0 when there is none.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const Utf8Length length = utf8_length(byte(0));
  if (length.bytes == 0 || at + length.bytes > text.size()) return 0;
  if (byte(1) < length.first_low || byte(1) > length.first_high) return 0;
  for (std::size_t i = 2; i < length.bytes; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length.bytes;
}

void append_control(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\t': out += "\\t"; return;
    case '\r': out += "\\r"; return;
    default: break;
  }
  out += "\\u00";
  out += kHex[c >> 4U];
  out += kHex[c & 0xFU];
}

// Appends what stands at `at` and is not plain; gives how many bytes it took.
std::size_t append_special(std::string& out, std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
    return 1;
  }
  if (c < 0x20 || c == 0x7F) {
    append_control(out, c);
    return 1;
  }
  const std::size_t bytes = character_at(text, at);
  if (bytes == 0) {
    out += "\\ufffd";
    return 1;
  }
  out.append(text, at, bytes);
  return bytes;
}

}  // namespace

std::size_t plain_json_prefix(std::string_view text) {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + kWord <= text.size(); at += kWord) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text.data() + at, kWord);
      const std::uint64_t found = not_plain(bytes);
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

void append_json_string(std::string& out, std::string_view text) {
  if (plain_json_prefix(text) == text.size()) {
    const std::size_t begin = out.size();
    out.append(text.size() + 2, '"');  // both quotes; the text goes between them
    text.copy(out.data() + begin + 1, text.size());
    return;
  }
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = at + plain_json_prefix(text.substr(at));
    out.append(text, at, end - at);
    at = end < text.size() ? end + append_special(out, text, end) : end;
  }
  out += '"';
}

std::string json_quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_string(out, text);
  return out;
}

std::size_t first_not_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = static_cast<unsigned char>(text[at]) < 0x80 ? 1 : character_at(text, at);
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

std::string json_number(double number) {
  if (!std::isfinite(number)) return "null";
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return std::string(text.data(), end.ptr);
}

}  // namespace headroom::runtime
