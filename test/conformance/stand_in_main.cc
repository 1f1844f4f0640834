// The conformance cases against demo/'s API server in this process. Run from the repository root.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "demo/api_server.h"
#include "test/conformance/target.h"

namespace {

bool apply_crd(headroom::demo::ApiServer& server, const std::string& plural) {
  std::ifstream file("deploy/crds/" + plural + ".yaml");
  std::stringstream text;
  text << file.rdbuf();
  const auto reply =
      server.call({"PATCH",
                   "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + plural + ".powercapping.example.com",
                   text.str(),
                   "application/apply-patch+yaml",
                   {{"fieldManager", "conformance"}, {"force", "true"}}});
  if (reply.status / 100 != 2) std::fprintf(stderr, "%s: %d %s\n", plural.c_str(), reply.status, reply.body.c_str());
  return reply.status / 100 == 2;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  headroom::demo::ApiServer server({});
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "the stand-in does not start: %s\n", started.error().message.c_str());
    return 2;
  }
  for (const char* plural : {"powercappingpolicies", "powertopologies", "nodepowercaps"}) {
    if (!apply_crd(server, plural)) return 2;
  }
  headroom::conformance::set_target(server.url());
  return RUN_ALL_TESTS();
}
