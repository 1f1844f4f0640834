// Properties of compile() over random graphs.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "test/unit/topology/builders.h"
#include "topology/compile.h"

namespace headroom::topology::test {
namespace {

using model::ElementType;

struct Size {
  int feeds = 2;
  int pdus = 8;
  int racks = 30;
};

// Layers feeds -> PDUs -> racks, every PDU and rack fed by one to three of the layer above with random shares.
model::TopologyObject random_site(std::mt19937& random, Size size) {
  std::vector<model::PowerElement> elements;
  std::vector<std::string> above;
  for (int i = 0; i < size.feeds; ++i) {
    above.push_back("f" + std::to_string(i));
    elements.push_back(feed(above.back()));
  }
  const auto add_layer = [&](const std::string& prefix, ElementType type, int count) {
    std::vector<std::string> layer;
    for (int i = 0; i < count; ++i) {
      std::shuffle(above.begin(), above.end(), random);
      const auto sources = std::min<std::size_t>(above.size(), 1 + random() % 3);
      Feeds feeds;
      int left = 100;
      for (std::size_t s = 0; s < sources; ++s) {
        const int last = s + 1 == sources ? left : 1 + static_cast<int>(random() % 30);
        feeds.push_back({above[s], last});
        left -= last;
      }
      layer.push_back(prefix + std::to_string(i));
      elements.push_back(element(layer.back(), type, 10'000, feeds));
    }
    above = layer;
  };
  add_layer("p", ElementType::pdu, size.pdus);
  add_layer("r", ElementType::rack, size.racks);
  return object("site", std::move(elements));
}

// Deals the elements out to several objects at random.
Objects dealt(const model::TopologyObject& site, std::mt19937& random, std::size_t objects) {
  std::vector<model::TopologyObject> parts;
  for (std::size_t i = 0; i < objects; ++i) parts.push_back(object("part" + std::to_string(i), {}));
  for (const auto& e : site.elements) parts[random() % objects].elements.push_back(e);
  for (auto& part : parts) std::shuffle(part.elements.begin(), part.elements.end(), random);
  std::shuffle(parts.begin(), parts.end(), random);
  Objects result;
  for (auto& part : parts) result.push_back(shared(std::move(part)));
  return result;
}

class OverRandomSites : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 random{GetParam()};
  model::TopologyObject site = random_site(random, {});
};

TEST_P(OverRandomSites, EveryWattOfARackReachesTheSourcesOnce) {
  const Compiled compiled = compile({{shared(site)}, {}, {}, nullptr});
  for (const auto& rack : compiled.elements) {
    if (rack.type != ElementType::rack) continue;
    base::Share at_sources;
    for (const auto& step : rack.path) {
      if (compiled.elements[step.element].type == ElementType::feed) at_sources += step.share;
      EXPECT_LE(step.share, base::percent(100) + base::ppm(10));
    }
    // Products are rounded up, never down: a few parts per million more, none less.
    EXPECT_GE(at_sources, base::percent(100)) << rack.name;
    EXPECT_LE(at_sources, base::percent(100) + base::ppm(20)) << rack.name;
  }
}

TEST_P(OverRandomSites, AddingUpwardsEqualsThePathsOfTheRacks) {
  const Compiled compiled = compile({{shared(site)}, {}, {}, nullptr});
  std::vector<std::int64_t> upwards(compiled.elements.size(), 0);
  std::vector<std::int64_t> by_path(compiled.elements.size(), 0);
  for (ElementIndex i = 0; i < compiled.elements.size(); ++i) {
    const Element& element = compiled.elements[i];
    if (element.type == ElementType::rack) {
      const base::Power load = base::watts(1 + static_cast<std::int64_t>(random() % 5'000));
      upwards[i] = load.count();
      for (const auto& step : element.path) by_path[step.element] += base::scaled_up(load, step.share).count();
    }
    for (const auto& child : element.children) {
      ASSERT_LT(child.element, i) << "children come first";
      upwards[i] += base::scaled_up(base::microwatts(upwards[child.element]), child.share).count();
    }
  }
  for (ElementIndex i = 0; i < compiled.elements.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(upwards[i]), static_cast<double>(by_path[i]), 2e6) << compiled.elements[i].name;
  }
}

TEST_P(OverRandomSites, TheOrderOfObjectsAndElementsChangesNothing) {
  const auto print = [](const Compiled& compiled) {
    std::string text;
    for (const auto& element : compiled.elements) {
      text += element.name + ":";
      for (const auto& step : element.path)
        text += std::to_string(step.element) + "*" + std::to_string(step.share.count()) + ",";
    }
    return text;
  };
  const std::string want = print(compile({{shared(site)}, {}, {}, nullptr}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(print(compile({dealt(site, random, 1 + random() % 3), {}, {}, nullptr})), want);
}

// Break one random feed and the racks of the component keep exactly the limits they had.
TEST_P(OverRandomSites, ABrokenEditLeavesEveryRackAtLeastAsLimitedAsBefore) {
  const Compiled before = compile({{shared(site)}, {}, {}, nullptr});
  auto broken = site;
  auto& victim = broken.elements[2 + random() % (broken.elements.size() - 2)];
  victim.fed_by.front().name = "gone";
  const Compiled now = compile({{shared(broken)}, {}, {}, &before});
  const Compiled fresh = compile({{shared(broken)}, {}, {}, nullptr});
  for (const auto& element : site.elements) {
    if (element.type != ElementType::rack) continue;
    EXPECT_EQ(find_rack(now, element.name).standing, RackStanding::in_force);
    EXPECT_NE(find_rack(fresh, element.name).standing, RackStanding::outside) << "never unlimited";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, OverRandomSites, testing::Range(1U, 13U));

TEST(CompileSize, AThousandElementsInTwoObjectsCompileInAFractionOfASecond) {
  std::mt19937 random(7);
  const auto site = random_site(random, {8, 92, 900});
  const Objects objects = dealt(site, random, 2);
  const auto start = std::chrono::steady_clock::now();
  const Compiled compiled = compile({objects, {}, {}, nullptr});
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(compiled.elements.size(), 1000U);
  // Measured about 10 ms; the limit only catches a change of order of growth, also under sanitizers.
  EXPECT_LT(took, std::chrono::seconds(2));
  RecordProperty("microseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace
}  // namespace headroom::topology::test
