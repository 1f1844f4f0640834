// The verbs of an API server over an ObjectStore: create, read, update, patch, apply, delete, bind; with the checks,
// defaults and refusals that clients depend on. Lists and watches: api_lists.h. HTTP around both: api_server.h.
//
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "demo/api_reply.h"
#include "demo/api_resources.h"
#include "demo/json.h"
#include "demo/object_store.h"
#include "runtime/http_message.h"

namespace headroom::demo {

class ApiObjects {
 public:
  // Both must outlive it.
  ApiObjects(ObjectStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // Built in, or of a CustomResourceDefinition that is stored. Nothing: such a path does not exist (404).
  [[nodiscard]] std::optional<ResourceType> type_of(const ApiPath& path) const;
  [[nodiscard]] std::vector<ResourceType> types() const;

  // Everything but lists and watches.
  [[nodiscard]] runtime::HttpResponse answer(const ResourceType& type, const ApiPath& path,
                                             const runtime::HttpRequest& request);

 private:
  struct Call;                                  // one request, taken apart
  using Written = std::variant<Json, Failure>;  // what a change would store
  using Make = std::function<Written(const ObjectPtr& current)>;

  [[nodiscard]] runtime::HttpResponse dispatch(const Call& call);
  [[nodiscard]] runtime::HttpResponse read(const Call& call) const;
  [[nodiscard]] runtime::HttpResponse create(const Call& call);
  [[nodiscard]] runtime::HttpResponse update(const Call& call);
  [[nodiscard]] runtime::HttpResponse patch(const Call& call);
  [[nodiscard]] runtime::HttpResponse apply(const Call& call);
  [[nodiscard]] runtime::HttpResponse remove(const Call& call);
  [[nodiscard]] runtime::HttpResponse bind(const Call& call);
  // One read-decide-write step on the call's object; `success` is the status of a good reply.
  [[nodiscard]] runtime::HttpResponse write(const Call& call, const Make& make, int success = 200);

  [[nodiscard]] Written new_object(const Call& call, Json object) const;
  [[nodiscard]] Written changed_object(const Call& call, const Json& before, const Json& after) const;
  [[nodiscard]] bool namespace_exists(const std::string& ns) const;
  void remove_dependents(const Call& call, const Json& object);
  void remove_all(const std::string& type, const std::string& ns);
  [[nodiscard]] std::string now() const;

  ObjectStore& store_;
  const base::Clock& clock_;
};

}  // namespace headroom::demo
