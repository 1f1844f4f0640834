#include "topology/graph_check.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/strong_components.hpp>
#include <optional>

namespace headroom::topology {
namespace {

using Directed = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Undirected = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;

std::vector<std::uint32_t> components(const PowerGraph& graph) {
  Undirected undirected(graph.vertices);
  for (const auto& edge : graph.edges) boost::add_edge(edge.child, edge.parent, undirected);
  std::vector<std::uint32_t> component(graph.vertices);
  if (graph.vertices > 0) boost::connected_components(undirected, component.data());
  return component;
}

// A cycle through start inside its strongly connected knot: the way back to start is a path of a depth-first walk.
std::vector<Vertex> cycle_through(const Directed& upwards, const std::vector<std::uint32_t>& knot, Vertex start) {
  std::vector<bool> seen(boost::num_vertices(upwards), false);
  std::vector<Vertex> path{start};
  const auto next_of = [&](Vertex v) -> std::optional<Vertex> {
    const auto [begin, end] = boost::adjacent_vertices(v, upwards);
    for (auto it = begin; it != end; ++it) {
      const auto to = static_cast<Vertex>(*it);
      if (to == start || (knot[to] == knot[start] && !seen[to])) return to;
    }
    return std::nullopt;
  };
  while (!path.empty()) {
    const auto to = next_of(path.back());
    if (!to) {
      path.pop_back();  // a dead end inside the knot
    } else if (*to == start) {
      break;
    } else {
      seen[*to] = true;
      path.push_back(*to);
    }
  }
  return path;
}

std::vector<std::vector<Vertex>> cycles(const PowerGraph& graph) {
  Directed upwards(graph.vertices);
  std::vector<bool> own_cycle(graph.vertices, false);
  for (const auto& edge : graph.edges) {
    boost::add_edge(edge.child, edge.parent, upwards);
    if (edge.child == edge.parent) own_cycle[edge.child] = true;
  }
  std::vector<std::uint32_t> knot(graph.vertices);
  const std::size_t knots = graph.vertices == 0 ? 0 : boost::strong_components(upwards, knot.data());
  std::vector<std::size_t> size(knots, 0);
  for (const auto k : knot) ++size[k];
  std::vector<bool> told(knots, false);
  std::vector<std::vector<Vertex>> found;
  for (Vertex v = 0; v < graph.vertices; ++v) {
    if (told[knot[v]] || (size[knot[v]] < 2 && !own_cycle[v])) continue;
    told[knot[v]] = true;
    found.push_back(cycle_through(upwards, knot, v));
  }
  return found;
}

std::vector<bool> reached_from_sources(const PowerGraph& graph) {
  // One extra vertex feeds every source, so that one search does.
  Directed downwards(graph.vertices + 1);
  for (const auto& edge : graph.edges) boost::add_edge(edge.parent, edge.child, downwards);
  for (const auto source : graph.sources) boost::add_edge(graph.vertices, source, downwards);
  std::vector<boost::default_color_type> color(graph.vertices + 1);
  boost::breadth_first_search(
      downwards, graph.vertices,
      boost::color_map(boost::make_iterator_property_map(color.begin(), boost::get(boost::vertex_index, downwards))));
  std::vector<bool> reached(graph.vertices);
  for (std::size_t v = 0; v < graph.vertices; ++v) reached[v] = color[v] != boost::white_color;
  return reached;
}

}  // namespace

GraphFindings check_graph(const PowerGraph& graph) {
  return {components(graph), cycles(graph), reached_from_sources(graph)};
}

}  // namespace headroom::topology
