// SPDX-License-Identifier: Apache-2.0
#include "app/control_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>

#include "testing/memory_log.h"
#include "testing/stores.h"

namespace postrider::app {
namespace {

class ControlSocketTest : public ::testing::Test {
 protected:
  ControlSocketTest() { open(); }
  void open() {
    auto opened = ControlSocket::open(
        path,
        [this](const std::vector<std::string>& words) -> Result<Output> {
          heard.push_back(words);
          if (words[0] == "fail") return Error{Code::not_found, "nothing of that name"};
          return Output{"text of " + words[0], std::string(words[0] == "long" ? 1 << 20 : 3, 'j')};
        },
        log);
    ASSERT_TRUE(opened.ok());
    control = std::move(*opened);
  }
  io::UniqueFd connect() {
    io::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, path.size());
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const timeval patience{5, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return client;
  }
  static void say(const io::UniqueFd& client, std::string_view bytes) {
    EXPECT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), std::ssize(bytes));
  }
  static std::string hear(const io::UniqueFd& client) {  // until the server hangs up
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(client.get(), buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }

  testing::TemporaryDirectory directory;
  std::string path = directory.path("control.sock");
  testing::MemoryLog log;
  std::vector<std::vector<std::string>> heard;  // by the socket's thread, before it answers
  std::unique_ptr<ControlSocket> control;
};

TEST_F(ControlSocketTest, CarriesWordsThereAndTheAnswerBack) {
  const auto answer = ask_server(path, {"queue", "a \"b\"\n\xC3\xA9", ""});
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_EQ((*answer)->text, "text of queue");
  EXPECT_EQ((*answer)->json, "jjj");
  EXPECT_EQ(heard.at(0), (std::vector<std::string>{"queue", "a \"b\"\n\xC3\xA9", ""}));
  EXPECT_TRUE(log.has("info command name=queue ok=true"));
}

TEST_F(ControlSocketTest, CarriesRefusalsWithTheirKind) {
  const auto answer = ask_server(path, {"fail"});
  ASSERT_TRUE(answer && !answer->ok());
  EXPECT_EQ(answer->error().code, Code::not_found);
  EXPECT_EQ(answer->error().detail, "nothing of that name");
}

TEST_F(ControlSocketTest, OnlyItsOwnUserMayOpenIt) {
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ControlSocketTest, GarbageIsAnsweredAndRunsNothing) {
  for (const auto* garbage : {"\n", "not json\n", "{}\n", "[]\n", "7\n", "[\n", "\xFF\xFE\n"}) {
    const auto client = connect();
    say(client, garbage);
    EXPECT_EQ(hear(client), "{\"ok\":false,\"code\":0,\"error\":\"no command\"}\n") << garbage;
  }
  EXPECT_TRUE(heard.empty());
}

TEST_F(ControlSocketTest, ACommandWithoutEndIsCutOff) {
  const auto client = connect();
  say(client, std::string(64 * 1024, 'x'));
  EXPECT_TRUE(hear(client).contains("a command has at most 64 KB"));
}

TEST_F(ControlSocketTest, ACommandMayComeInPieces) {
  const auto client = connect();
  for (const char c : std::string("[\"queue\"]\n")) say(client, std::string(1, c));
  EXPECT_TRUE(hear(client).starts_with("{\"ok\":true"));
}

TEST_F(ControlSocketTest, WhoeverSaysNothingHoldsUpNobody) {
  const auto silent = connect(), half = connect();
  say(half, "[\"que");
  const auto began = std::chrono::steady_clock::now();
  const auto answer = ask_server(path, {"queue"});
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  say(half, "ue\"]\n");
  EXPECT_TRUE(hear(half).starts_with("{\"ok\":true"));
}

TEST_F(ControlSocketTest, ClosesAtOnceWhoeverStillHolds) {
  const auto silent = connect();
  ASSERT_TRUE(ask_server(path, {"queue"}));
  const auto began = std::chrono::steady_clock::now();
  control.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_FALSE(ask_server(path, {"queue"}));
}

TEST_F(ControlSocketTest, MoreClientsThanItKeepsPushOutTheOldest) {
  std::vector<io::UniqueFd> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(connect());
  EXPECT_EQ(hear(idle.front()), "");
  EXPECT_TRUE(ask_server(path, {"queue"})->ok());
}

TEST_F(ControlSocketTest, AnswersLongerThanAnyBuffer) {
  EXPECT_EQ((*ask_server(path, {"long"}))->json.size(), std::size_t{1} << 20);
}

TEST_F(ControlSocketTest, TakesThePlaceOfOneLeftByADeadProcess) {
  control.reset();
  {
    const io::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, path.size());
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  EXPECT_FALSE(ask_server(path, {"queue"}));  // a name with nobody behind it is no server
  open();
  EXPECT_TRUE(ask_server(path, {"queue"})->ok());
}

TEST(ControlSocket, APathTooLongIsSaid) {
  testing::MemoryLog log;
  const auto opened = ControlSocket::open("/" + std::string(200, 'x'), {}, log);
  ASSERT_FALSE(opened.ok());
  EXPECT_TRUE(opened.error().detail.starts_with("the path of control.sock is too long: /xxx"));
  EXPECT_FALSE(ask_server("/" + std::string(200, 'x'), {"queue"}));
}

}  // namespace
}  // namespace postrider::app
