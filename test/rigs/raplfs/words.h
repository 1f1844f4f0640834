// A command line taken apart: words, quoted words, and key=value options.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::raplfs {

// A command that cannot be carried out; the message goes back to the script.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Words {
 public:
  // A word in double quotes may hold blanks and \n, \", \\. `key=value` is an option from the third word on.
  explicit Words(std::string_view line);

  [[nodiscard]] std::size_t count() const { return words_.size(); }
  // Refused when there are fewer words.
  [[nodiscard]] const std::string& at(std::size_t index) const;
  [[nodiscard]] bool has(const std::string& key) const { return options_.contains(key); }
  [[nodiscard]] std::string option(const std::string& key, const std::string& otherwise) const;
  [[nodiscard]] double quantity(const std::string& key, const std::string& otherwise) const;
  [[nodiscard]] std::optional<std::uint64_t> optional_quantity(const std::string& key) const;

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string> options_;
};

// "150W" = 150000000, "1.5mW", "20uW", "3J", "7uJ", "28s", "250ms", "976us", or a bare number: micro-units. Refused
// else.
[[nodiscard]] double quantity(const std::string& text);
[[nodiscard]] std::uint64_t whole_quantity(const std::string& text);
[[nodiscard]] int whole_number(const std::string& text);
// "1", "on", "0", "off".
[[nodiscard]] bool on_or_off(const std::string& text);

}  // namespace headroom::raplfs
