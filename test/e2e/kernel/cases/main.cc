// The cases that run inside the guest. Each prints "Fault_<name>: ok" or "Fault_<name>: FAILED" when it is over.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

class Lines : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& info) override {
    std::printf("%s: %s (%lld ms)\n", info.name(), info.result()->Passed() ? "ok" : "FAILED",
                static_cast<long long>(info.result()->elapsed_time()));
    std::fflush(stdout);
  }
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    std::printf("  %s:%d: %s\n", part.file_name() != nullptr ? part.file_name() : "?", part.line_number(),
                part.message());
  }
};

}  // namespace

int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  // These cases load modules and switch CPUs off.
  if (::access("/run/headroom-guest", F_OK) != 0) {
    std::fputs("kernel_guest_cases runs only inside the guest of scripts/kernel-e2e\n", stderr);
    return 2;
  }
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Lines);
  return RUN_ALL_TESTS();
}
