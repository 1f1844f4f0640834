// Fields as in k8s.io/api/resource/v1: DeviceRequest (exactly | firstAvailable), AllocationResult.devices.results.
#include <map>
#include <utility>

#include "kube/decode.h"
#include "kube/json_reader.h"

namespace headroom::kube {
namespace {

// One request, with the names under which an allocation speaks of its parts.
struct NamedRequest {
  std::string name;
  std::vector<std::string> part_names;  // "gpu", or "gpu/large" of firstAvailable; as `alternatives`
  model::DeviceRequest alternatives;
  bool admin = false;
};

// Devices granted, by "request" or "request/subrequest".
using Granted = std::map<std::string, std::int64_t, std::less<>>;

// ExactDeviceRequest and DeviceSubRequest have these fields in common.
struct Part {
  std::string name;
  model::ClassDevices devices;
  bool admin = false;
};

Part read_part(JsonCursor& item) {
  Part part;
  std::int64_t count = 0;
  std::string mode;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      part.name = value.text();
    } else if (key == "deviceClassName") {
      part.devices.device_class = value.text();
    } else if (key == "allocationMode") {
      mode = value.text();
    } else if (key == "count") {
      count = value.integer();
      if (count < 0) value.fail("is negative");
    } else if (key == "adminAccess") {
      part.admin = value.flag(false);
    }
  });
  // A mode of a newer API: as many as there may be.
  if (mode.empty() || mode == "ExactCount") part.devices.count = count == 0 ? 1 : count;
  return part;
}

NamedRequest read_request(JsonCursor& item) {
  NamedRequest request;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      request.name = value.text();
    } else if (key == "exactly") {
      Part part = read_part(value);
      request.admin = part.admin;
      request.part_names.emplace_back();
      request.alternatives.push_back(std::move(part.devices));
    } else if (key == "firstAvailable") {
      value.items([&](JsonCursor& alternative) {
        Part part = read_part(alternative);
        request.part_names.push_back(std::move(part.name));
        request.alternatives.push_back(std::move(part.devices));
      });
    }
  });
  if (request.alternatives.empty()) item.fail("asks for devices in no known way");
  for (std::string& part : request.part_names) part.insert(0, part.empty() ? request.name : request.name + "/");
  return request;
}

// ResourceClaimSpec
std::vector<NamedRequest> read_claim_spec(JsonCursor& spec) {
  std::vector<NamedRequest> requests;
  spec.fields([&](std::string_view key, JsonCursor& devices) {
    if (key != "devices") return;
    devices.fields([&](std::string_view field, JsonCursor& list) {
      if (field != "requests") return;
      list.items([&](JsonCursor& item) { requests.push_back(read_request(item)); });
    });
  });
  return requests;
}

Granted read_results(JsonCursor& results) {
  Granted granted;
  results.items([&](JsonCursor& item) {
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "request") ++granted[value.text()];
    });
  });
  return granted;
}

// status.allocation.devices.results
Granted read_claim_status(JsonCursor& status) {
  Granted granted;
  status.fields([&](std::string_view key, JsonCursor& allocation) {
    if (key != "allocation") return;
    allocation.fields([&](std::string_view part, JsonCursor& devices) {
      if (part != "devices") return;
      devices.fields([&](std::string_view field, JsonCursor& results) {
        if (field == "results") granted = read_results(results);
      });
    });
  });
  return granted;
}

model::DeviceRequest granted_or_asked(NamedRequest request, const Granted& granted) {
  for (std::size_t i = 0; i < request.alternatives.size(); ++i) {
    const auto found = granted.find(request.part_names[i]);
    if (found == granted.end()) continue;
    return {{std::move(request.alternatives[i].device_class), found->second}};
  }
  return std::move(request.alternatives);
}

base::Result<model::DeviceClaim> make_claim(PaddedJson json, std::vector<NamedRequest> requests,
                                            const Granted& granted) {
  const ObjectMeta meta = read_meta(json);
  if (meta.name.empty()) return base::invalid_input("metadata.name: is required");
  model::DeviceClaim claim;
  claim.key = meta.key();
  for (NamedRequest& request : requests) {
    if (!request.admin) claim.requests.push_back(granted_or_asked(std::move(request), granted));
  }
  return claim;
}

}  // namespace

base::Result<model::DeviceClaim> decode_device_claim(PaddedJson json) {
  std::vector<NamedRequest> requests;
  Granted granted;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "spec") {
      requests = read_claim_spec(value);
    } else if (key == "status") {
      granted = read_claim_status(value);
    }
  });
  if (!read) return read.error();
  return make_claim(json, std::move(requests), granted);
}

base::Result<model::DeviceClaim> decode_device_claim_template(PaddedJson json) {
  std::vector<NamedRequest> requests;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& spec) {
    if (key != "spec") return;
    spec.fields([&](std::string_view field, JsonCursor& claim_spec) {
      if (field == "spec") requests = read_claim_spec(claim_spec);
    });
  });
  if (!read) return read.error();
  return make_claim(json, std::move(requests), {});
}

}  // namespace headroom::kube
