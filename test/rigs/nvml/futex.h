// Waiting for a word in shared memory to change, across processes (std::atomic's own wait serves one process only).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <ctime>

namespace headroom::test {

// Returns when the word is not `old`, when somebody woke it, or after a tenth of a second: callers look again.
template <class T>
void futex_wait(std::atomic<T>& word, T old) {
  const timespec patience{.tv_sec = 0, .tv_nsec = 100'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, static_cast<unsigned>(old), &patience, nullptr, 0);
}

template <class T>
void futex_wake(std::atomic<T>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace headroom::test
