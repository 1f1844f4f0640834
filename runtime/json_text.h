// Writing JSON by hand where a library would be too much: strings with everything escaped that must be, and numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headroom::runtime {

// `text` in quotes. Control characters are escaped, bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);
// The same, appended: for replies of thousands of names.
void append_json_string(std::string& out, std::string_view text);
// How many bytes at the beginning stand in a JSON string as they are: printable ASCII but quote and backslash.
[[nodiscard]] std::size_t plain_json_prefix(std::string_view text);
// Where the first byte stands that does not belong to UTF-8; npos: there is none.
[[nodiscard]] std::size_t first_not_utf8(std::string_view text);
// The shortest decimal that reads back as the same number; "null" for NaN and infinities, which JSON does not have.
[[nodiscard]] std::string json_number(double number);

}  // namespace headroom::runtime
