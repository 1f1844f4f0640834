#include "cli/table.h"

#include <algorithm>

namespace headroom::cli {
namespace {

struct Column {
  std::string title;
  bool right = false;
  std::size_t width = 0;
};

// Characters, not bytes: a UTF-8 continuation byte takes no place.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<Column> columns_of(const std::vector<std::string>& headers,
                               const std::vector<std::vector<std::string>>& rows) {
  std::vector<Column> columns;
  for (const std::string& header : headers) {
    const bool right = header.starts_with('>');
    columns.push_back({right ? header.substr(1) : header, right, 0});
    columns.back().width = width_of(columns.back().title);
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) {
      columns[i].width = std::max(columns[i].width, width_of(row[i]));
    }
  }
  return columns;
}

void append_line(std::string& text, const std::vector<Column>& columns, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string cell = i < cells.size() ? cells[i] : std::string();
    const std::string padding(columns[i].width - width_of(cell), ' ');
    if (columns[i].right) text += padding;
    text += cell;
    if (i + 1 == columns.size()) break;
    if (!columns[i].right) text += padding;
    text += "  ";
  }
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

std::string table_text(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows) {
  const std::vector<Column> columns = columns_of(headers, rows);
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  std::string text;
  append_line(text, columns, titles);
  for (const auto& row : rows) append_line(text, columns, row);
  return text;
}

}  // namespace headroom::cli
