// Result<T>: a value or an Error. Errors are values: small kinds named by what the caller does about them, and a chain
// of context in the message, outermost first ("read policy: spec.powerCapLimit: must be above 0").
//
// A refused node is not an Error (see scoring/verdict.h), nor is missing telemetry (a std::optional or a grade).
// Exceptions are for bugs and memory exhaustion; they end at a thread's edge.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace headroom::base {

enum class ErrorKind {
  invalid_input,  // the sender must change what was sent
  not_found,      // the object is gone or never was
  conflict,       // somebody else changed it: read again, decide again
  denied,         // authentication or authorisation: an operator must act
  unavailable,    // try again later
  unsupported,    // the other side cannot do this
  internal,       // our own fault
};

[[nodiscard]] constexpr std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input: return "invalid input";
    case ErrorKind::not_found: return "not found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::denied: return "denied";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::internal: return "internal error";
  }
  return "unknown";
}

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  bool operator==(const Error&) const = default;
};

// Adds what the caller was doing, in front. Done once per level, by the caller.
[[nodiscard]] inline Error with_context(Error error, std::string_view doing) {
  error.message = std::string(doing) + ": " + error.message;
  return error;
}

[[nodiscard]] inline Error invalid_input(std::string message) {
  return {ErrorKind::invalid_input, std::move(message)};
}
[[nodiscard]] inline Error not_found(std::string message) {
  return {ErrorKind::not_found, std::move(message)};
}
[[nodiscard]] inline Error conflict(std::string message) {
  return {ErrorKind::conflict, std::move(message)};
}
[[nodiscard]] inline Error denied(std::string message) {
  return {ErrorKind::denied, std::move(message)};
}
[[nodiscard]] inline Error unavailable(std::string message) {
  return {ErrorKind::unavailable, std::move(message)};
}
[[nodiscard]] inline Error unsupported(std::string message) {
  return {ErrorKind::unsupported, std::move(message)};
}
[[nodiscard]] inline Error internal_error(std::string message) {
  return {ErrorKind::internal, std::move(message)};
}

// Stands for "no value, but it worked" in Result<Done>.
struct Done {
  bool operator==(const Done&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  // REQUIRES: !ok().
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Done>;
[[nodiscard]] inline Status ok_status() {
  return Done{};
}

}  // namespace headroom::base
