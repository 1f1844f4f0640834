// For table tests whose rows carry their name: INSTANTIATE_TEST_SUITE_P(Table, Rule, testing::Values(...), RowName()).
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace headroom::test {

// Prints the row's `name`; spaces and punctuation become underscores, as GoogleTest asks.
struct RowName {
  template <class Row>
  std::string operator()(const testing::TestParamInfo<Row>& row) const {
    std::string name = row.param.name;
    for (char& c : name) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    return name;
  }
};

}  // namespace headroom::test
