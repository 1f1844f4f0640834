// Reading the fields of a custom resource: every access checks type and range, and every problem is written down with
// the path of the field, so that one reading lists all of them. What nobody asked for is remembered as well: a field
// that this version does not know must be reported, not ignored.
//
//   Problems problems;
//   ObjectReader spec(value, "spec", problems);
//   const auto watts = spec.integer("ratedWatts", {1, 1'000'000'000});   // nothing: absent, null or wrong
//
// Values, no I/O. An ObjectReader refers to its JsonValue and its Problems: both must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "topology/json_value.h"

namespace headroom::topology {

class Problems {
 public:
  void add(std::string_view path, std::string_view text);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  // Joined with "; ". REQUIRES: !empty().
  [[nodiscard]] base::Error as_error() const;

 private:
  std::vector<std::string> all_;
};

struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
struct NumberRange {
  double least = 0;
  double most = 0;
};

class ObjectReader {
 public:
  // A value that is no object is a problem (null counts as absent: an empty object).
  ObjectReader(const JsonValue& value, std::string path, Problems& problems);

  // Each returns nothing where the field is absent or null, and where it is wrong, which is then a problem.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, IntegerRange range);
  [[nodiscard]] std::optional<double> number(std::string_view name, NumberRange range);
  [[nodiscard]] std::optional<bool> flag(std::string_view name);
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t max_length);
  [[nodiscard]] std::optional<ObjectReader> object(std::string_view name);
  // Paths of the elements end in "[i]". Elements that are no objects are problems and left out.
  [[nodiscard]] std::vector<ObjectReader> objects(std::string_view name, std::size_t max_items);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t max_items);
  [[nodiscard]] std::optional<model::LabelSelector> selector(std::string_view name);
  // Members of an object whose names are data.
  [[nodiscard]] const JsonValue::Object* members(std::string_view name, std::size_t max_items);

  template <class Enum, std::size_t N>
  [[nodiscard]] std::optional<Enum> choice(std::string_view name,
                                           const std::array<std::pair<std::string_view, Enum>, N>& choices) {
    const auto word = text(name, 64);
    if (!word) return std::nullopt;
    std::string allowed;
    for (const auto& [spelled, value] : choices) {
      if (spelled == *word) return value;
      allowed += (allowed.empty() ? "" : ", ") + std::string(spelled);
    }
    add_problem(name, "\"" + *word + "\" is none of " + allowed);
    return std::nullopt;
  }

  // The field is accepted but has no effect yet: note_ignored lists it where it is present.
  void ignore(std::string_view name);
  // Paths of fields marked by ignore() and of fields that nobody asked for, indices as "[]".
  void note_ignored(std::set<std::string>& paths) const;

  // For objects that must be understood whole: a field that nobody asked for is a problem.
  void refuse_unknown();

  // A problem of the field (of the object itself where the name is empty).
  void add_problem(std::string_view name, std::string_view text);
  void require(std::string_view name);

  [[nodiscard]] std::string path_of(std::string_view name) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  // Null where absent or JSON null.
  [[nodiscard]] const JsonValue* get(std::string_view name);

  const JsonValue* value_;
  std::string path_;
  Problems* problems_;
  std::set<std::string, std::less<>> read_;
  std::set<std::string, std::less<>> ignored_;
};

// metadata of a Kubernetes object.
struct Metadata {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
};
[[nodiscard]] Metadata read_metadata(const JsonValue& object, Problems& problems);

}  // namespace headroom::topology
