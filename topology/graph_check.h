// What is wrong with the shape of a power graph. Used when topologies change, never for a decision.
#pragma once

#include <cstdint>
#include <vector>

namespace headroom::topology {

using Vertex = std::uint32_t;

// child is fed by parent.
struct FeedEdge {
  Vertex child = 0;
  Vertex parent = 0;
};

struct PowerGraph {
  std::size_t vertices = 0;
  std::vector<FeedEdge> edges;
  std::vector<Vertex> sources;
};

struct GraphFindings {
  std::vector<std::uint32_t> component;     // per vertex: number of its connected component, from 0
  std::vector<std::vector<Vertex>> cycles;  // per knot of cycles one of them, each vertex fed by the next
  std::vector<bool> reached;                // per vertex: a source feeds it
};

// Pure. Vertices in edges and sources must be below graph.vertices.
[[nodiscard]] GraphFindings check_graph(const PowerGraph& graph);

}  // namespace headroom::topology
