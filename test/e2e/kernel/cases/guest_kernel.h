// The guest's kernel as the cases handle it: the module with its registers, attribute files, CPUs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace headroom::guest {

inline constexpr const char* kPowercap = "/sys/devices/virtual/powercap";

// The module headroom_rapl, loaded for as long as this lives. Construction fails the case when it cannot be loaded.
class Registers {
 public:
  // As insmod takes them: "psys=1 locked=2".
  explicit Registers(const std::string& parameters = "");
  ~Registers();
  Registers(const Registers&) = delete;
  Registers& operator=(const Registers&) = delete;

  void unload();
  void load(const std::string& parameters);
  // A run-time parameter: a fault, or a counter.
  void set(std::string_view parameter, std::uint64_t value);
  [[nodiscard]] std::uint64_t get(std::string_view parameter) const;

 private:
  bool loaded_ = false;
};

// "intel-rapl:0" -> its directory. Sub-zones too.
[[nodiscard]] std::string zone(std::string_view id);
// The zone that has this name; "" when there is none.
[[nodiscard]] std::string zone_named(std::string_view name, std::string_view control_type = "intel-rapl");

// Contents without the newline; "errno <n>" where that fails.
[[nodiscard]] std::string read_file(const std::string& path);
[[nodiscard]] std::uint64_t read_number(const std::string& path);
// 0 or the errno of open or write.
[[nodiscard]] int write_file(const std::string& path, std::string_view text);

// Package 1's CPUs, both of them.
enum class Power { off, on };
void switch_package_1(Power power);

// Whether it came true within half a minute.
[[nodiscard]] bool eventually(const std::function<bool()>& true_now);

// Says a line on the console that the host waits for.
void tell_host(std::string_view line);

}  // namespace headroom::guest
