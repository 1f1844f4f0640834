// A cursor over JSON for decoders: one pass, in the order of the text, with the first error kept and its path named.
//
// Every reader gives the empty value for null and after an error, so that a decoder reads straight on and asks once at
// the end. The parser library appears in json_reader.cc only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "kube/json.h"

namespace headroom::kube {

// A reference to a callable that outlives the call it is passed to.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

// One value of the text, to be read at most once. Lives inside the callback it is handed to.
class JsonCursor {
 public:
  using OnField = FunctionRef<void(std::string_view key, JsonCursor& value)>;
  using OnItem = FunctionRef<void(JsonCursor& value)>;

  void fields(OnField on_field);
  void items(OnItem on_item);
  [[nodiscard]] std::string text();
  // Valid until the parse ends.
  [[nodiscard]] std::string_view view();
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] bool flag(bool when_null);  // NOLINT(bool parameter): the default, not a mode
  // A string, or a number as it is written: quantities come in both forms.
  [[nodiscard]] std::string_view scalar_text();
  // The text of the value, unread.
  [[nodiscard]] std::string_view raw();

  // "spec.containers[1].name: <what>" becomes the error, unless there is one already.
  void fail(std::string_view what);
  [[nodiscard]] bool failed() const;

 private:
  friend class JsonParse;
  struct Shared;
  JsonCursor(Shared& shared, const JsonCursor* parent) : shared_(&shared), parent_(parent) {}
  [[nodiscard]] std::string path() const;

  Shared* shared_;
  const JsonCursor* parent_;
  std::string_view key_;
  std::size_t index_ = 0;
  alignas(8) std::array<std::byte, 32> value_{};  // the library's value, trivially copyable
};

// Reads the root object. Errors: invalid_input: not JSON, no object, or what `read` failed with.
[[nodiscard]] base::Status read_json_object(PaddedJson json, JsonCursor::OnField on_field);

}  // namespace headroom::kube
