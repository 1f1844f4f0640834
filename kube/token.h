// A bearer token that rotates: the file is read again every minute it is used, and at once when the server answered
// 401. A file that cannot be read keeps the last token. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "base/clock.h"

namespace headroom::kube {

class TokenSource {
 public:
  // One of the two may be empty; with both empty there is no token. `clock` must outlive it.
  TokenSource(std::string file, std::string fixed, const base::Clock& clock);

  // The token to send now; empty: none.
  [[nodiscard]] std::string current();
  // After a 401 for `rejected`: reads the file whatever its age. True: there is another token, so ask again.
  [[nodiscard]] bool refresh(const std::string& rejected);

 private:
  void read();  // REQUIRES: mutex_ held

  const std::string file_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  base::MonoTime next_read_{};
};

}  // namespace headroom::kube
