#include "rapl-agent/gpu/nvml_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/rigs/nvml/nvml_stub.h"

namespace headroom::rapl_agent::gpu {
namespace {

using test::NvmlStub;
using test::StubCall;
using test::StubLibrary;

NvmlLibrary opened(const NvmlStub& stub) {
  auto library = NvmlLibrary::open({stub.shared_object()});
  EXPECT_TRUE(library.ok()) << library.error().message;
  EXPECT_EQ(library->init(), NvmlCode::success);
  return *std::move(library);
}

TEST(NvmlLibrary, candidates_begin_with_the_loaders_own_search_and_then_take_each_root_in_turn) {
  const auto candidates = library_candidates({"", "/driver"});
  ASSERT_EQ(candidates.size(), 13U);
  EXPECT_EQ(candidates.front(), "libnvidia-ml.so.1");
  EXPECT_EQ(candidates[1], "/usr/lib64/libnvidia-ml.so.1");
  EXPECT_EQ(candidates[7], "/driver/usr/lib64/libnvidia-ml.so.1");
}

TEST(NvmlLibrary, where_none_loads_the_message_says_what_the_loader_said_about_each) {
  const auto library = NvmlLibrary::open({"/nowhere/a.so", "/nowhere/b.so"});
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(library.error().message, testing::AllOf(testing::HasSubstr("a.so"), testing::HasSubstr("b.so")));
}

TEST(NvmlLibrary, the_first_candidate_that_loads_is_taken) {
  const NvmlStub stub;
  const auto library = NvmlLibrary::open({"/nowhere/a.so", stub.shared_object()});
  ASSERT_TRUE(library.ok());
  EXPECT_EQ(library->path(), stub.shared_object());
}

TEST(NvmlLibrary, a_handle_from_before_a_shutdown_is_refused) {
  NvmlStub stub;
  auto library = opened(stub);
  const auto device = library.by_index(0);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(library.shutdown(), NvmlCode::success);
  EXPECT_EQ(library.init(), NvmlCode::success);
  EXPECT_EQ(library.uuid(device.value).code, NvmlCode::uninitialized);
}

TEST(NvmlLibrary, the_second_version_of_set_carries_its_size_and_scope) {
  NvmlStub stub;
  stub.device(0).has_module = 1;
  auto library = opened(stub);
  ASSERT_TRUE(library.has_scopes());
  const auto device = library.by_index(0).value;
  EXPECT_EQ(library.set_limit(device, NvmlScope::module, 800'000), NvmlCode::success);
  EXPECT_EQ(stub.device(0).module_limit_mw, 800'000U);
  EXPECT_EQ(stub.device(0).limit_mw, 700'000U);
  EXPECT_EQ(library.limit(device, NvmlScope::module).value, 800'000U);
}

// Row 49.
TEST(FaultsN_Library, Fault_nvml_symbol_missing) {
  NvmlStub stub(StubLibrary::old);
  auto library = opened(stub);
  EXPECT_FALSE(library.has_scopes());
  const auto device = library.by_index(0).value;
  EXPECT_EQ(library.set_limit(device, NvmlScope::gpu, 300'000), NvmlCode::success);
  EXPECT_EQ(stub.device(0).limit_mw, 300'000U);
  EXPECT_EQ(stub.calls(StubCall::set_limit), 1U);
  EXPECT_EQ(library.set_limit(device, NvmlScope::module, 300'000), NvmlCode::function_not_found);
}

TEST(FaultsN_Library, Fault_nvml_symbol_missing_a_library_that_has_the_symbol_and_does_not_know_the_call) {
  for (const int code : {3, 13, 25}) {
    NvmlStub stub;
    stub.fail(StubCall::set_limit_v2, code);
    auto library = opened(stub);
    const auto device = library.by_index(0).value;
    EXPECT_EQ(library.set_limit(device, NvmlScope::gpu, 300'000), NvmlCode::success) << code;
    EXPECT_EQ(stub.device(0).limit_mw, 300'000U) << code;
  }
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
