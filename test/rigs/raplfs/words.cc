#include "test/rigs/raplfs/words.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "test/rigs/raplfs/registers.h"

namespace headroom::raplfs {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array kUnits = {Unit{"", 1},    Unit{"uW", 1}, Unit{"mW", 1e3}, Unit{"W", 1e6}, Unit{"uJ", 1},
                               Unit{"J", 1e6}, Unit{"us", 1}, Unit{"ms", 1e3}, Unit{"s", 1e6}};

// One word from `line`, which is shortened by it.
std::string take_word(std::string_view& line) {
  std::string word;
  bool quoted = false;
  std::size_t position = 0;
  for (; position < line.size(); ++position) {
    const char letter = line[position];
    if (letter == '\\' && quoted && position + 1 < line.size()) {
      const char next = line[++position];
      word += next == 'n' ? '\n' : next;
    } else if (letter == '"') {
      quoted = !quoted;
    } else if (letter == ' ' && !quoted) {
      break;
    } else {
      word += letter;
    }
  }
  if (quoted) throw Refused("a quote is not closed");
  line.remove_prefix(position);
  return word;
}

}  // namespace

Words::Words(std::string_view line) {
  while (true) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty()) return;
    const bool literal = line.starts_with('"');
    std::string word = take_word(line);
    const auto equals = word.find('=');
    if (!literal && words_.size() >= 2 && equals != std::string::npos) {
      options_[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      words_.push_back(std::move(word));
    }
  }
}

const std::string& Words::at(std::size_t index) const {
  if (index >= words_.size()) throw Refused("word " + std::to_string(index + 1) + " is missing");
  return words_[index];
}

std::string Words::option(const std::string& key, const std::string& otherwise) const {
  const auto found = options_.find(key);
  return found == options_.end() ? otherwise : found->second;
}

double Words::quantity(const std::string& key, const std::string& otherwise) const {
  return raplfs::quantity(option(key, otherwise));
}

std::optional<std::uint64_t> Words::optional_quantity(const std::string& key) const {
  const auto found = options_.find(key);
  if (found == options_.end() || found->second == "none") return std::nullopt;
  return whole_quantity(found->second);
}

double quantity(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || number < 0) throw Refused("'" + text + "' is not a quantity");
  for (const Unit& unit : kUnits) {
    if (unit.name == end) return number * unit.factor;
  }
  throw Refused("'" + text + "': unknown unit");
}

std::uint64_t whole_quantity(const std::string& text) {
  // Exact also beyond what a double holds.
  if (const auto exact = parse_number(text)) return *exact;
  return static_cast<std::uint64_t>(std::llround(quantity(text)));
}

int whole_number(const std::string& text) {
  const auto number = parse_number(text);
  if (!number || *number > 1'000'000'000) throw Refused("'" + text + "' is not a number");
  return static_cast<int>(*number);
}

bool on_or_off(const std::string& text) {
  const auto on = parse_switch(text);
  if (!on) throw Refused("'" + text + "' is neither on nor off");
  return *on;
}

}  // namespace headroom::raplfs
