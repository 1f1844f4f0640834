// All domains of the node as they are known now: listed by the backends, remembered when they leave, recognised when
// they come back. Reads controls; never writes. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rapl-agent/core/domain_record.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/core/settings.h"

namespace headroom::rapl_agent::core {

class Catalog {
 public:
  // `recovered` gives controls their originals, and what was last written to them, when they are first listed.
  Catalog(const AgentSettings& settings, std::vector<Source> sources, const Recovered& recovered);

  // Lists everything again. Originals of controls never seen before are read.
  void discover(base::MonoTime now);
  void sample(base::MonoTime now);
  struct ControlRef {
    DomainRecord* record = nullptr;
    SurfaceState* surface = nullptr;
  };
  // Reads all fields of these controls; trouble is noted in each. True, at its place: everything needed was read.
  std::vector<bool> read_all(const std::vector<ControlRef>& controls, base::MonoTime now) const;
  bool read(DomainRecord& record, SurfaceState& surface, base::MonoTime now) const {
    return read_all({{&record, &surface}}, now).front();
  }

  // Takes what can be read of it now and counts nothing against it.
  void refresh(DomainRecord& record, SurfaceState& surface) const;

  [[nodiscard]] const std::vector<std::unique_ptr<DomainRecord>>& records() const { return records_; }  // by id
  [[nodiscard]] bool hardware() const;  // something can be capped
  [[nodiscard]] bool wants_discovery() const;
  [[nodiscard]] bool misses_some() const;  // a domain that was listed once is not any more
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  // By source: its listing hangs, or a control of one of its domains does.
  [[nodiscard]] std::map<std::string, bool> hung() const;
  // Draw of the whole node as its own meter says; nothing: there is none, or no usable sample.
  [[nodiscard]] std::optional<base::Power> node_meter() const;
  // Draw of the domains that can be capped; nothing while one of them has no usable sample.
  [[nodiscard]] std::optional<base::Power> cappable_power() const;
  // For the journal: every control ever seen, those of domains that are away included; by key.
  [[nodiscard]] std::vector<JournalControl> journal_controls() const;

 private:
  DomainRecord* find(const std::string& id);
  void list(const Source& source, base::MonoTime now);
  void sample_source(const Source& source, base::MonoTime now);
  bool take(const ControlRef& control, const std::function<Access(std::size_t)>& answer, base::MonoTime now) const;
  void admit(Domain domain, const Source& source, base::MonoTime now);
  void update(DomainRecord& record, Domain domain, base::MonoTime now);
  void add_surface(DomainRecord& record, const Control& control, base::MonoTime now);
  void recover(const DomainRecord& record, SurfaceState& surface);
  void record_originals(DomainRecord& record, SurfaceState& surface, base::MonoTime now) const;
  void set_limits(DomainRecord& record) const;

  AgentSettings settings_;
  std::vector<Source> sources_;
  bool originals_certain_ = true;
  std::map<ControlKey, JournalControl> journal_;  // not matched with a control yet
  std::vector<std::unique_ptr<DomainRecord>> records_;
  std::vector<std::string> notes_;
  std::map<std::string, bool> listing_hangs_;  // by source
};

}  // namespace headroom::rapl_agent::core
