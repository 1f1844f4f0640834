// kube_conformance: the conformance cases against the API server that HEADROOM_CONFORMANCE_API names (a kubeconfig's
// path or a URL).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "test/conformance/target.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const char* const target = std::getenv("HEADROOM_CONFORMANCE_API");
  if (target == nullptr || *target == '\0') {
    std::fputs("kube_conformance: HEADROOM_CONFORMANCE_API must be a kubeconfig's path or an API server's URL\n",
               stderr);
    return 2;
  }
  headroom::conformance::set_target(target);
  return RUN_ALL_TESTS();
}
