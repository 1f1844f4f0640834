#include "cli/table.h"

#include <gtest/gtest.h>

namespace headroom::cli {
namespace {

TEST(Table, NumbersAreAlignedToTheRightAndTextToTheLeft) {
  EXPECT_EQ(table_text({"NAME", ">W", "WHY"}, {{"rack-1", "5", "ok"}, {"r", "12000", "a b"}}),
            "NAME        W  WHY\n"
            "rack-1      5  ok\n"
            "r       12000  a b\n");
}

TEST(Table, ShortRowsAndEmptyTablesArePrinted) {
  EXPECT_EQ(table_text({"A", "B"}, {{"x"}}), "A  B\nx\n");
  EXPECT_EQ(table_text({"A", "B"}, {}), "A  B\n");
}

TEST(Table, AWideCharacterTakesOnePlace) {
  EXPECT_EQ(table_text({"N", "X"}, {{"é", "1"}, {"ab", "2"}}), "N   X\né   1\nab  2\n");
}

}  // namespace
}  // namespace headroom::cli
