#include "rapl-agent/journal/journal_text.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "policy/node_power_cap_json.h"

namespace headroom::rapl_agent::journal {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "headroom-journal 1";

// CRC-32 (IEEE 802.3), bit by bit: journals are a few kilobytes.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xFFFF'FFFFu;
  for (const char byte : text) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB8'8320u : 0u);
  }
  return ~crc;
}

std::string heading(std::string_view body) {
  std::array<char, 96> line{};
  const int length = std::snprintf(line.data(), line.size(), "%.*s crc32=%08x bytes=%zu\n",
                                   static_cast<int>(kMagic.size()), kMagic.data(), crc32(body), body.size());
  return {line.data(), static_cast<std::size_t>(length)};
}

json print_control(const core::JournalControl& control) {
  json out{{"domain", control.key.domain},
           {"surface", std::string(core::to_string(control.key.surface))},
           {"field", std::string(core::to_string(control.key.field))},
           {"certain", control.original_certain}};
  if (control.original) out["original"] = *control.original;
  if (control.last_written) out["lastWritten"] = *control.last_written;
  if (control.pending) out["pending"] = *control.pending;
  return out;
}

std::optional<std::uint64_t> number(const json& from, const char* name) {
  const auto found = from.find(name);
  return found == from.end() ? std::nullopt : std::optional(found->get<std::uint64_t>());
}

// Throws json::exception where a member is missing or of another type.
base::Result<core::JournalControl> read_control(const json& from) {
  const auto surface = core::surface_named(from.at("surface").get<std::string>());
  const auto field = core::field_named(from.at("field").get<std::string>());
  if (!surface || !field) return base::invalid_input("a control of an unknown kind");
  core::JournalControl control;
  control.key = {from.at("domain").get<std::string>(), *surface, *field};
  control.original_certain = from.at("certain").get<bool>();
  control.original = number(from, "original");
  control.last_written = number(from, "lastWritten");
  control.pending = number(from, "pending");
  return control;
}

base::Result<core::CapOrder> read_order(const json& from) {
  const json object{{"metadata", {{"name", "journal"}, {"uid", from.at("uid")}}}, {"spec", from.at("spec")}};
  auto cap = policy::parse_node_power_cap(object.dump());
  if (!cap) return base::with_context(cap.error(), "order");
  return core::CapOrder{cap->uid, cap->spec};
}

base::Result<core::JournalState> read_body(const json& from) {
  core::JournalState state;
  state.boot_id = from.at("bootID").get<std::string>();
  for (const json& entry : from.at("controls")) {
    auto control = read_control(entry);
    if (!control) return std::move(control).error();
    state.controls.push_back(*std::move(control));
  }
  if (const auto order = from.find("order"); order != from.end()) {
    auto read = read_order(*order);
    if (!read) return std::move(read).error();
    state.order = *std::move(read);
  }
  if (const auto beat = from.find("heartbeatUs"); beat != from.end()) {
    state.heartbeat = base::WallTime(base::Microseconds(beat->get<std::int64_t>()));
  }
  if (const auto seen = from.find("heartbeatSeenBootUs"); seen != from.end()) {
    state.heartbeat_seen = base::MonoTime(base::Microseconds(seen->get<std::int64_t>()));
  }
  return state;
}

}  // namespace

std::string print_journal(const core::JournalState& state) {
  json out{{"bootID", state.boot_id}, {"controls", json::array()}};
  for (const core::JournalControl& control : state.controls) out["controls"].push_back(print_control(control));
  if (state.order) {
    out["order"] = {{"uid", state.order->uid}, {"spec", json::parse(policy::print_spec(state.order->spec))}};
  }
  if (state.heartbeat) out["heartbeatUs"] = state.heartbeat->time_since_epoch().count();
  if (state.heartbeat_seen) out["heartbeatSeenBootUs"] = state.heartbeat_seen->time_since_epoch().count();
  // A name that is not UTF-8 must not keep the rest from being written.
  const std::string body = out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  return heading(body) + body;
}

base::Result<core::JournalState> parse_journal(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return base::invalid_input("no heading");
  const std::string_view body = text.substr(end + 1);
  if (text.substr(0, end + 1) != heading(body)) return base::invalid_input("version, length or checksum is wrong");
  try {
    return read_body(json::parse(body));
  } catch (const json::exception& wrong) {
    return base::invalid_input(wrong.what());
  }
}

}  // namespace headroom::rapl_agent::journal
