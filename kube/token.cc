#include "kube/token.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace headroom::kube {
namespace {

constexpr base::Seconds kReadAgain{60};

}  // namespace

TokenSource::TokenSource(std::string file, std::string fixed, const base::Clock& clock)
    : file_(std::move(file)), clock_(clock), token_(std::move(fixed)) {
  const std::lock_guard lock(mutex_);
  read();
}

std::string TokenSource::current() {
  const std::lock_guard lock(mutex_);
  if (clock_.mono_now() >= next_read_) read();
  return token_;
}

bool TokenSource::refresh(const std::string& rejected) {
  const std::lock_guard lock(mutex_);
  if (token_ == rejected) read();
  return token_ != rejected;
}

void TokenSource::read() {
  if (file_.empty()) return;
  next_read_ = clock_.mono_now() + kReadAgain;
  std::ifstream in(file_);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  // An empty file is a rotation caught half-way.
  if (in.bad() || text.empty()) return;
  token_ = std::move(text);
}

}  // namespace headroom::kube
