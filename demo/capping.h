// The caps half of the demo: the real controller, two real node agents, and the machines that raplfs simulates for
// them. One agent reaches the API server by a way of its own, which the story takes away.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "demo/api_server.h"
#include "demo/hall.h"
#include "demo/program.h"
#include "demo/rapl_tree.h"

namespace headroom::demo {

struct CappingOptions {
  std::string controller_binary;
  std::string agent_binary;
  std::string raplfs_binary;
  std::string layouts;
  std::string folder;
  std::string exporters_url;
  std::string proc_root = "/proc";
};

// One node as the table shows it.
struct CapRow {
  std::string node;
  std::string state;              // of its NodePowerCap: "Active", "Safe"; empty: there is none yet
  std::optional<int> asked;       // watts of each CPU package
  std::vector<double> read_back;  // what its files say, package by package
};

class Capping {
 public:
  // All outlive it.
  Capping(CappingOptions options, ApiServer& server, const Hall& hall, base::Clock& clock);
  ~Capping();
  Capping(const Capping&) = delete;
  Capping& operator=(const Capping&) = delete;

  // The two nodes that have an agent; the second is the one that loses its controller.
  [[nodiscard]] const std::vector<std::string>& nodes() const { return nodes_; }
  // Starts everything and tells the API server which boot of the machines this is.
  [[nodiscard]] base::Status start(base::Milliseconds patience);

  // A policy that caps each CPU package of both nodes.
  [[nodiscard]] base::Status ask(int watts);
  void lose_controller() { server_.close_side_door(); }
  [[nodiscard]] base::Status find_controller() { return server_.open_side_door(side_port_); }

  // What was asked by the API, what reads back from the files, what the agent says it does. From the agents' own pages
  // where the API cannot know.
  [[nodiscard]] std::vector<CapRow> rows() const;

 private:
  [[nodiscard]] base::Status start_agent(const std::string& node, const std::string& url, base::Milliseconds patience);
  [[nodiscard]] base::Status create(const std::string& path, const std::string& body);
  // A namespace with a pod on each of the two nodes: caps act where their policy has pods.
  [[nodiscard]] base::Status add_tenant();
  [[nodiscard]] base::Status tell_boot(const std::string& node);

  const CappingOptions options_;
  ApiServer& server_;
  const Hall& hall_;
  base::Clock& clock_;
  const std::vector<std::string> nodes_;
  const std::uint16_t side_port_;
  RaplTree tree_;
  std::unique_ptr<Program> controller_;
  std::vector<std::unique_ptr<Program>> agents_;
};

}  // namespace headroom::demo
