#include "kube/quantity.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "test/support/table.h"

namespace headroom::kube {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Row {
  std::string name;
  std::string text;
  std::int64_t millis;
  std::int64_t whole;
};

class Quantity : public testing::TestWithParam<Row> {};

TEST_P(Quantity, IsReadInThousandthsAndInWholeUnits) {
  const Row& row = GetParam();
  const auto millis = parse_milli_quantity(row.text);
  const auto whole = parse_quantity(row.text);
  ASSERT_TRUE(millis.ok() && whole.ok()) << row.text;
  EXPECT_EQ(*millis, row.millis);
  EXPECT_EQ(*whole, row.whole);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Quantity,
    testing::Values(Row{"whole", "4", 4'000, 4}, Row{"zero", "0", 0, 0}, Row{"thousandths", "250m", 250, 1},
                    Row{"a decimal point", "1.5", 1'500, 2}, Row{"no digit before the point", ".5", 500, 1},
                    Row{"no digit after the point", "2.", 2'000, 2}, Row{"a plus sign", "+3", 3'000, 3},
                    Row{"negative", "-1500m", -1'500, -2}, Row{"kilo", "2k", 2'000'000, 2'000},
                    Row{"kibi", "2Ki", 2'048'000, 2'048}, Row{"half a kibi", "0.5Ki", 512'000, 512},
                    Row{"mebi", "1Mi", 1'048'576'000, 1'048'576}, Row{"giga", "1G", 1'000'000'000'000, 1'000'000'000},
                    Row{"tebi", "1Ti", 1'099'511'627'776'000, 1'099'511'627'776}, Row{"micro rounds up", "1500u", 2, 1},
                    Row{"nano rounds up", "1n", 1, 1}, Row{"an exponent", "3e2", 300'000, 300},
                    Row{"a capital exponent", "3E2", 300'000, 300}, Row{"a negative exponent", "12e-1", 1'200, 2},
                    Row{"exa alone", "1E", kMax, 1'000'000'000'000'000'000},
                    Row{"exbi", "1Ei", kMax, 1'152'921'504'606'846'976},
                    Row{"more than fits is the largest", "9999E", kMax, kMax},
                    Row{"thirty digits", "123456789012345678901234567890", kMax, kMax},
                    Row{"many fraction digits round up", "0.0000000000000000000000001", 1, 1},
                    Row{"trailing zeros do not", "1.0000000000000000000000000000", 1'000, 1},
                    Row{"a huge exponent of zero", "0e999999999", 0, 0},
                    Row{"a huge negative exponent", "5e-999999999", 1, 1},
                    Row{"binary and fraction together", "0.001Ei", 1'152'921'504'606'846'976, 1'152'921'504'606'847}),
    test::RowName());

struct BadRow {
  std::string name;
  std::string text;
};
class BadQuantity : public testing::TestWithParam<BadRow> {};

TEST_P(BadQuantity, IsRefusedInWords) {
  const auto parsed = parse_milli_quantity(GetParam().text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().kind, base::ErrorKind::invalid_input);
  EXPECT_NE(parsed.error().message.find("is not a quantity"), std::string::npos) << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(Table, BadQuantity,
                         testing::Values(BadRow{"empty", ""}, BadRow{"a suffix alone", "m"},
                                         BadRow{"a point alone", "."}, BadRow{"an unknown suffix", "1.5x"},
                                         BadRow{"two points", "1.2.3"}, BadRow{"white space", " 1"},
                                         BadRow{"white space behind", "1 "}, BadRow{"two suffixes", "1kM"},
                                         BadRow{"an exponent without digits", "1e"},
                                         BadRow{"an exponent and a suffix", "1e3Ki"}, BadRow{"two signs", "--1"},
                                         BadRow{"not a number", "NaN"}),
                         test::RowName());

}  // namespace
}  // namespace headroom::kube
