#include "kube/api_status.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::kube {
namespace {

struct Row {
  std::string name;
  int code;
  base::ErrorKind kind;
};
class StatusCode : public testing::TestWithParam<Row> {};

TEST_P(StatusCode, BecomesTheErrorKindThatSaysWhatToDo) {
  ApiStatus status;
  status.code = GetParam().code;
  EXPECT_EQ(to_error(status).kind, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StatusCode,
    testing::Values(Row{"400", 400, base::ErrorKind::invalid_input}, Row{"401", 401, base::ErrorKind::denied},
                    Row{"403", 403, base::ErrorKind::denied}, Row{"404", 404, base::ErrorKind::not_found},
                    Row{"405", 405, base::ErrorKind::unsupported}, Row{"409", 409, base::ErrorKind::conflict},
                    Row{"410", 410, base::ErrorKind::unavailable}, Row{"415", 415, base::ErrorKind::unsupported},
                    Row{"422", 422, base::ErrorKind::invalid_input}, Row{"429", 429, base::ErrorKind::unavailable},
                    Row{"500", 500, base::ErrorKind::unavailable}, Row{"503", 503, base::ErrorKind::unavailable}),
    test::RowName());

TEST(ApiStatus, AStatusObjectIsReadWithItsCauses) {
  runtime::HttpResponse reply;
  reply.status = 422;
  reply.body =
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"is invalid","reason":"Invalid",)"
      R"("details":{"name":"p","causes":[{"reason":"FieldValueInvalid","message":"must be above 0",)"
      R"("field":"spec.powerCapLimit"}]},"code":422})";
  const ApiStatus status = status_of(reply);
  EXPECT_EQ(status.reason, "Invalid");
  EXPECT_EQ(to_error(status).message, "422 Invalid: is invalid; spec.powerCapLimit: must be above 0");
}

TEST(ApiStatus, RetryAfterComesFromTheHeaderElseFromTheDetails) {
  runtime::HttpResponse reply;
  reply.status = 429;
  reply.body = R"({"kind":"Status","details":{"retryAfterSeconds":7},"code":429})";
  EXPECT_EQ(status_of(reply).retry_after, base::Seconds(7));
  reply.headers.emplace("retry-after", "3");
  EXPECT_EQ(status_of(reply).retry_after, base::Seconds(3));
}

TEST(ApiStatus, ABodyThatIsNoStatusIsShownCutShort) {
  runtime::HttpResponse reply;
  reply.status = 502;
  reply.body = "<html>" + std::string(5'000, 'x');
  const base::Error error = to_error(status_of(reply));
  EXPECT_EQ(error.kind, base::ErrorKind::unavailable);
  EXPECT_LT(error.message.size(), 300u);
}

TEST(ApiStatus, TheReplysOwnCodeWinsOverTheBodys) {
  runtime::HttpResponse reply;
  reply.status = 500;
  reply.body = R"({"kind":"Status","code":200})";
  EXPECT_EQ(status_of(reply).code, 500);
}

TEST(ApiStatus, ExpiredIsRecognisedInBothForms) {
  runtime::HttpResponse reply;
  reply.status = 410;
  EXPECT_TRUE(is_expired(status_of(reply)));
  std::string event = R"({"kind":"Status","status":"Failure","reason":"Expired","code":410})";
  EXPECT_TRUE(is_expired(parse_status(PaddedJson::of(event))));
}

}  // namespace
}  // namespace headroom::kube
