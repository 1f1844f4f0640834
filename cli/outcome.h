// What a command did, as a value, so that tests see what a person and a shell would see.
#pragma once

#include <string>

namespace headroom::cli {

struct Outcome {
  int status = 0;   // exit status: 0 fine, 1 findings or a negative answer, 2 it could not be done
  std::string out;  // for standard output
  std::string err;  // for standard error
};

}  // namespace headroom::cli
