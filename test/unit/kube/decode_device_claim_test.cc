#include <gtest/gtest.h>

#include <string>

#include "kube/decode.h"
#include "test/support/table.h"

namespace headroom::kube {
namespace {

std::string claim_with(const std::string& requests, const std::string& status = "{}") {
  return R"({"metadata":{"name":"c","namespace":"ns","uid":"u"},"spec":{"devices":{"requests":)" + requests +
         R"(}},"status":)" + status + "}";
}

// "2 x gpu or all x small; 1 x nic"
std::string text_of(const model::DeviceClaim& claim) {
  std::string text;
  for (const model::DeviceRequest& request : claim.requests) {
    if (!text.empty()) text += "; ";
    for (std::size_t i = 0; i < request.size(); ++i) {
      text += i == 0 ? "" : " or ";
      text += (request[i].count ? std::to_string(*request[i].count) : "all") + " x " + request[i].device_class;
    }
  }
  return text;
}

struct ClaimRow {
  std::string name;
  std::string requests;
  std::string want;
  std::string status = "{}";
  friend void PrintTo(const ClaimRow& row, std::ostream* out) { *out << row.name; }
};
class DeviceClaim : public testing::TestWithParam<ClaimRow> {};

TEST_P(DeviceClaim, AsksFor) {
  std::string text = claim_with(GetParam().requests, GetParam().status);
  const auto claim = decode_device_claim(PaddedJson::of(text));
  ASSERT_TRUE(claim.ok()) << claim.error().message;
  EXPECT_EQ(claim->key, "ns/c");
  EXPECT_EQ(text_of(*claim), GetParam().want);
}

const std::string kEither = R"([{"name":"g","firstAvailable":[{"name":"big","deviceClassName":"gpu"},)"
                            R"({"name":"two","deviceClassName":"small","allocationMode":"ExactCount","count":2}]}])";

INSTANTIATE_TEST_SUITE_P(
    Table, DeviceClaim,
    testing::Values(
        ClaimRow{"one device where no count is given", R"([{"name":"g","exactly":{"deviceClassName":"gpu"}}])",
                 "1 x gpu"},
        ClaimRow{"as many as it says",
                 R"([{"name":"g","exactly":{"deviceClassName":"gpu","allocationMode":"ExactCount","count":4}}])",
                 "4 x gpu"},
        ClaimRow{
            "several requests",
            R"([{"name":"g","exactly":{"deviceClassName":"gpu"}},{"name":"n","exactly":{"deviceClassName":"nic"}}])",
            "1 x gpu; 1 x nic"},
        ClaimRow{"all devices of a class, a number not known yet",
                 R"([{"name":"g","exactly":{"deviceClassName":"gpu","allocationMode":"All"}}])", "all x gpu"},
        ClaimRow{"a mode of a newer server, a number not known either",
                 R"([{"name":"g","exactly":{"deviceClassName":"gpu","allocationMode":"Some","count":1}}])",
                 "all x gpu"},
        ClaimRow{"any of its alternatives", kEither, "1 x gpu or 2 x small"},
        ClaimRow{"nothing where it only looks at devices of others",
                 R"([{"name":"g","exactly":{"deviceClassName":"gpu","adminAccess":true,"allocationMode":"All"}}])", ""},
        ClaimRow{"nothing without requests", "null", ""},
        ClaimRow{"what all turned out to be",
                 R"([{"name":"g","exactly":{"deviceClassName":"gpu","allocationMode":"All"}}])", "3 x gpu",
                 R"({"allocation":{"devices":{"results":[{"request":"g","device":"0"},{"request":"g","device":"1"},)"
                 R"({"request":"g","device":"2"}]}}})"},
        ClaimRow{"the alternative that was granted", kEither, "2 x small",
                 R"({"allocation":{"devices":{"results":[{"request":"g/two"},{"request":"g/two"}]}}})"},
        ClaimRow{"what was asked where the allocation does not speak of it", kEither, "1 x gpu or 2 x small",
                 R"({"allocation":{"devices":{"results":[{"request":"other"}]}}})"}),
    test::RowName());

TEST(DeviceClaimTemplate, HoldsTheSpecOfTheClaimsMadeFromIt) {
  std::string text =
      R"({"metadata":{"name":"t","namespace":"ns"},"spec":{"metadata":{"labels":{"a":"b"}},)"
      R"("spec":{"devices":{"requests":[{"name":"g","exactly":{"deviceClassName":"gpu","count":2}}]}}}})";
  const auto claim = decode_device_claim_template(PaddedJson::of(text));
  ASSERT_TRUE(claim.ok()) << claim.error().message;
  EXPECT_EQ(claim->key, "ns/t");
  EXPECT_EQ(text_of(*claim), "2 x gpu");
}

struct BadClaimRow {
  std::string name;
  std::string requests;
  std::string field;
  friend void PrintTo(const BadClaimRow& row, std::ostream* out) { *out << row.name; }
};
class BadDeviceClaim : public testing::TestWithParam<BadClaimRow> {};

TEST_P(BadDeviceClaim, IsRefusedNamingTheField) {
  std::string text = claim_with(GetParam().requests);
  const auto claim = decode_device_claim(PaddedJson::of(text));
  ASSERT_FALSE(claim.ok());
  EXPECT_EQ(claim.error().kind, base::ErrorKind::invalid_input);
  EXPECT_NE(claim.error().message.find(GetParam().field), std::string::npos) << claim.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadDeviceClaim,
    testing::Values(BadClaimRow{"a request in no known way must not count as none",
                                R"([{"name":"g","exactly":{"deviceClassName":"gpu"}},{"name":"h","newer":{}}])",
                                "spec.devices.requests[1]"},
                    BadClaimRow{"nor one with an empty list of alternatives", R"([{"name":"g","firstAvailable":[]}])",
                                "spec.devices.requests[0]"},
                    BadClaimRow{"a count that is text", R"([{"name":"g","exactly":{"count":"two"}}])",
                                "spec.devices.requests[0].exactly.count"},
                    BadClaimRow{"a negative count", R"([{"name":"g","exactly":{"count":-1}}])",
                                "spec.devices.requests[0].exactly.count"},
                    BadClaimRow{"requests that are no list", R"({"g":1})", "spec.devices.requests"}),
    test::RowName());

}  // namespace
}  // namespace headroom::kube
