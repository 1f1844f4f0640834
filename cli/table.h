// Columns of text for a terminal. Pure.
#pragma once

#include <string>
#include <vector>

namespace headroom::cli {

// A header that begins with '>' is printed without it and its column is aligned to the right: for numbers.
// The last column is never padded. Rows may be shorter than the headers.
[[nodiscard]] std::string table_text(const std::vector<std::string>& headers,
                                     const std::vector<std::vector<std::string>>& rows);

}  // namespace headroom::cli
