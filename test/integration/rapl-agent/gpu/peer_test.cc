// Who may speak to the GPU helper, and to whom the agent speaks: told by the kernel (SO_PEERCRED), whatever the files'
// permissions are. A child of the test is somebody else.
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "rapl-agent/gpu/protocol.h"
#include "rapl-agent/gpu/wire.h"
#include "test/integration/rapl-agent/gpu/helper_fixture.h"

namespace headroom::rapl_agent::gpu {
namespace {

constexpr uid_t kNobody = 65534;

enum Ending { as_expected = 0, cannot_become = 10, cannot_connect = 11, was_answered = 12, was_left_hanging = 13 };

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// After a fork only what needs no memory and no lock.
void become(uid_t user) {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0) {
    ::_exit(cannot_become);
  }
}

class Peers : public HelperTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "needs user 0: only root can be somebody else, and this test shows nothing without";
    ASSERT_EQ(::chmod(directory_.path("").c_str(), 0777), 0);
  }
  // How a child of that user ends that asks the helper for its GPUs.
  [[nodiscard]] int asked_by(uid_t user) const {
    Request request;
    request.operation = Operation::discover;
    request.id = 1;
    request.deadline_ms = 20'000;
    const std::string body = encode(request);
    WireWriter length;
    length.number(static_cast<std::uint32_t>(body.size()));
    const std::string frame = std::move(length).take() + body;
    const sockaddr_un address = address_of(socket());
    const pid_t child = ::fork();
    if (child == 0) {
      become(user);
      const int stream = ::socket(AF_UNIX, SOCK_STREAM, 0);
      const timeval patience{30, 0};
      ::setsockopt(stream, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      if (::connect(stream, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) ::_exit(cannot_connect);
      (void)::send(stream, frame.data(), frame.size(), MSG_NOSIGNAL);
      char byte = 0;
      const ssize_t got = ::recv(stream, &byte, 1, 0);
      if (got > 0) ::_exit(was_answered);
      // Closed on us, with or without our question still in it.
      ::_exit(got == 0 || errno == ECONNRESET ? as_expected : was_left_hanging);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(Peers, a_client_of_another_user_is_refused_although_the_socket_is_open_to_it) {
  started();
  ASSERT_EQ(::chmod(socket().c_str(), 0666), 0);
  EXPECT_EQ(asked_by(0), was_answered) << "the same question of root";
  EXPECT_EQ(asked_by(kNobody), as_expected);
  EXPECT_TRUE(client_->read(limit_of(0)).ok()) << "whoever was there before goes on";
}

TEST_F(Peers, the_socket_is_closed_to_other_users_to_begin_with) {
  started();
  EXPECT_EQ(asked_by(kNobody), cannot_connect);
}

TEST_F(Peers, another_users_process_on_the_socket_is_not_asked) {
  const std::string path = socket();
  const sockaddr_un address = address_of(path);
  const pid_t child = ::fork();
  if (child == 0) {
    become(kNobody);
    const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) ::_exit(cannot_connect);
    if (::listen(listening, 8) != 0) ::_exit(cannot_connect);
    for (;;) ::pause();
  }
  ClientOptions options;
  options.socket = path;
  options.deadline = base::Milliseconds(200);
  HelperClient client(std::move(options), clock_);
  core::Inventory inventory;
  EXPECT_TRUE(eventually([&] {
    inventory = client.discover();
    return !inventory.notes.empty() && inventory.notes[0].find("another user's process") != std::string::npos;
  })) << (inventory.notes.empty() ? "" : inventory.notes[0]);
  EXPECT_EQ(inventory.outcome, core::Outcome::library_broken);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
