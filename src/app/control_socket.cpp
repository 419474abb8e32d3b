// SPDX-License-Identifier: Apache-2.0
#include "app/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "protocol/json/value.h"
#include "protocol/json/writer.h"

namespace postrider::app {
namespace {

constexpr std::size_t longest_command = 64 * 1024;
constexpr std::size_t longest_answer = std::size_t{64} << 20;
constexpr int patience_ms = 60'000;  // of a command, with its answer
// Of the server, which has other clients: with one that sends or reads no more.
constexpr auto command_patience = std::chrono::seconds(10);
constexpr int answer_patience_ms = 5000;
constexpr std::size_t most_clients = 32;

std::ptrdiff_t index(std::size_t i) {
  return static_cast<std::ptrdiff_t>(i);
}

std::optional<sockaddr_un> address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.size() >= sizeof out.sun_path) return std::nullopt;
  path.copy(out.sun_path, path.size());
  return out;
}

bool ready(int fd, short what, int patience = patience_ms) {
  pollfd wait{fd, what, 0};
  return ::poll(&wait, 1, patience) == 1;
}

bool write_all(int fd, std::string_view bytes, int patience = patience_ms) {
  while (!bytes.empty()) {
    if (!ready(fd, POLLOUT, patience)) return false;
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// One line, without its end; nullopt = none came whole.
std::optional<std::string> read_line(int fd, std::size_t longest) {
  std::string line;
  std::array<char, 16384> buffer;
  while (line.size() < longest && ready(fd, POLLIN)) {
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(got));
    if (line.ends_with('\n')) return line.substr(0, line.size() - 1);
  }
  return std::nullopt;
}

std::string encode(const Result<Output>& result) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("ok").boolean(result.ok());
  if (result.ok())
    writer.key("text")
        .string(result->text)
        .key("json")
        .string(result->json)
        .key("status")
        .number(result->status);
  else
    writer.key("code")
        .number(static_cast<int>(result.error().code))
        .key("error")
        .string(result.error().detail);
  writer.end_object();
  return line + "\n";
}

Result<Output> decode(const std::string& line) {
  const auto document = json::parse(line, {.bytes = longest_answer});
  if (!document) return Error{Code::internal, "the server's answer is not JSON"};
  const auto root = document->root();
  if (root["ok"].as_bool().value_or(false))
    return Output{std::string(root["text"].as_string().value_or("")),
                  std::string(root["json"].as_string().value_or("")),
                  static_cast<int>(root["status"].as_int64().value_or(0))};
  return Error{static_cast<Code>(root["code"].as_int64().value_or(static_cast<int>(Code::internal))),
               std::string(root["error"].as_string().value_or("the server refused"))};
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::string& path, Run run, Log& log) {
  const auto at = address(path);
  if (!at) return Error{Code::invalid, "the path of control.sock is too long: " + path};
  io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error{Code::io, std::string("control socket: ") + std::strerror(errno)};
  ::unlink(path.c_str());  // whoever left it is gone: we hold the directory's lock
  const auto old = ::umask(0177);
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*at), sizeof *at);
  ::umask(old);
  if (bound != 0 || ::listen(socket.get(), 16) != 0)
    return Error{Code::io, "control socket " + path + ": " + std::strerror(errno)};
  return std::unique_ptr<ControlSocket>(new ControlSocket(path, std::move(socket), std::move(run), log));
}

ControlSocket::ControlSocket(std::string path, io::UniqueFd socket, Run run, Log& log)
    : path_(std::move(path)), socket_(std::move(socket)), run_(std::move(run)), log_(log), thread_([this] {
        serve();
      }) {}

ControlSocket::~ControlSocket() {
  stopping_ = true;
  ::shutdown(socket_.get(), SHUT_RDWR);  // wakes poll()
  thread_.join();
  ::unlink(path_.c_str());
}

void ControlSocket::serve() {
  std::vector<Client> clients;  // whose command has not come whole yet
  while (!stopping_) {
    std::vector<pollfd> waits{{socket_.get(), POLLIN, 0}};
    for (const auto& client : clients) waits.push_back({client.socket.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), 1000) < 0 && errno != EINTR) return;
    for (std::size_t i = clients.size(); i > 0; --i)
      if (waits[i].revents != 0 && !hear(clients[i - 1])) clients.erase(clients.begin() + index(i - 1));
    std::erase_if(clients, [](const Client& client) { return Steady::now() > client.until; });
    if (waits[0].revents == 0) continue;
    io::UniqueFd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) {
      if (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // out of descriptors, say
      continue;
    }
    if (clients.size() == most_clients) clients.erase(clients.begin());
    clients.push_back({std::move(connection), {}, Steady::now() + command_patience});
  }
}

// Takes what has come; false = there is no more to hear from this client.
bool ControlSocket::hear(Client& client) {
  std::array<char, 16384> buffer;
  const auto got = ::recv(client.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  client.command.append(buffer.data(), static_cast<std::size_t>(got));
  const auto end = client.command.find('\n');
  if (end == std::string::npos && client.command.size() < longest_command) return got > 0;
  if (end == std::string::npos)
    write_all(client.socket.get(), encode(Error{Code::invalid, "a command has at most 64 KB"}),
              answer_patience_ms);
  else
    write_all(client.socket.get(), encode(answer(client.command.substr(0, end))), answer_patience_ms);
  return false;
}

Result<Output> ControlSocket::answer(const std::string& line) {
  const auto document = json::parse(line, {.bytes = longest_command});
  std::vector<std::string> words;
  if (document)
    for (const auto word : document->root().elements()) words.emplace_back(word.as_string().value_or(""));
  if (words.empty()) return Error{Code::invalid, "no command"};
  auto result = run_(words);
  log_.info("command", {{"name", words.front()}, {"ok", result.ok()}});
  return result;
}

std::optional<Result<Output>> ask_server(const std::string& path, const std::vector<std::string>& words) {
  const auto at = address(path);
  io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!at || !socket) return std::nullopt;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*at), sizeof *at) != 0) return std::nullopt;
  std::string request;
  json::Writer writer(request);
  writer.begin_array();
  for (const auto& word : words) writer.string(word);
  writer.end_array();
  if (!write_all(socket.get(), request + "\n"))
    return Error{Code::closed, "the server does not take commands now"};
  const auto answer = read_line(socket.get(), longest_answer);
  if (!answer) return Error{Code::closed, "the server did not answer"};
  return decode(*answer);
}

}  // namespace postrider::app
