// The reserve of every node (policy/reserve.h) over the rounds of the caps loop. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "policy/allocate.h"
#include "policy/reserve.h"

namespace headroom::controller {

class Reserves {
 public:
  // CapNode::reserve comes in as the overhead of the node's class and goes out as what is to be ordered. `cap` is in
  // place. Windows of nodes that are not in the input are dropped.
  void put(policy::AllocateInput& input);

 private:
  std::map<std::string, policy::ReserveWindow, std::less<>> windows_;  // by node
};

}  // namespace headroom::controller
