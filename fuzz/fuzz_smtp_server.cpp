// SPDX-License-Identifier: Apache-2.0
// A server session fed anything. The first octet picks its options, the second how its owner answers, the
// third how the input is cut. Beyond not crashing: replies are well-formed, a message handed over has only
// CRLF line ends and keeps to its limits, nothing follows HangUp, and a second session fed the same octets
// whole says the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/smtp/reply.h"
#include "protocol/smtp/server_session.h"

using namespace postrider::smtp;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

ServerSession::Options options(std::uint8_t pick) {
  ServerSession::Options out;
  out.offer_tls = pick & 1;
  out.offer_auth = pick & 2;
  out.auth_needs_tls = pick & 4;
  out.auth_required = pick & 8;
  out.smtputf8 = pick & 16;
  out.size_max = pick & 32 ? 50 : 100000;
  out.line_max = pick & 64 ? 80 : 2048;
  out.recipients_max = 3;
  out.errors_max = pick & 128 ? 5 : 1000;
  return out;
}

class Run {
 public:
  Run(std::uint8_t pick, std::uint8_t answers)
      : options_(options(pick)), session_(options_), answers_(answers) {
    take();
  }

  void feed(std::string_view bytes) {
    session_.receive(bytes);
    take();
  }
  void take() {
    while (auto wish = session_.next()) {
      require(!hung_up_);
      if (const auto* said = std::get_if<Say>(&*wish)) {
        require(!said->bytes.empty());
        said_ += said->bytes;
      } else if (std::get_if<ServerSession::HangUp>(&*wish)) {
        hung_up_ = true;
      } else if (std::get_if<StartTls>(&*wish)) {
        tls_ = true;
        session_.tls_started();
      } else {
        if (const auto* mail = std::get_if<ServerSession::HandOver>(&*wish)) check(*mail);
        const auto turn = static_cast<unsigned>(questions_++ % 8);
        if (answers_ >> turn & 1)
          session_.refuse({turn == 7 ? 421 : 450, EnhancedCode{4, 0, 0}, "refused"});
        else
          session_.accept();
      }
    }
  }
  void check_replies() const {
    ReplyParser parser;
    Reply reply;
    std::string_view rest = said_;
    while (!rest.empty()) require(parser.next(rest, reply) == ReplyParser::Found::reply);
    for (std::size_t at = 0; (at = said_.find('\n', at)) != std::string::npos; ++at)
      require(said_[at - 1] == '\r');
  }

  const std::string& said() const { return said_; }
  // What a client must not have sent yet is judged by what arrived together.
  bool depends_on_cuts() const { return tls_ || said_.find("wait for 354") != std::string::npos; }

 private:
  void check(const ServerSession::HandOver& mail) const {
    require(mail.data.size() <= options_.size_max);
    require(!mail.envelope.recipients.empty() && mail.envelope.recipients.size() <= options_.recipients_max);
    require(mail.data.empty() || mail.data.ends_with("\r\n"));
    for (std::size_t i = 0; i < mail.data.size(); ++i) {
      if (mail.data[i] == '\n') require(i > 0 && mail.data[i - 1] == '\r');
      if (mail.data[i] == '\r') require(i + 1 < mail.data.size() && mail.data[i + 1] == '\n');
      require(mail.data[i] != '\0');
    }
  }

  ServerSession::Options options_;
  ServerSession session_;
  std::uint8_t answers_;
  std::size_t questions_ = 0;
  std::string said_;
  bool hung_up_ = false;
  bool tls_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 3, size - 3);
  Run cut(data[0], data[1]);
  const std::size_t piece = 1 + data[2] % 32;
  for (std::size_t at = 0; at < input.size(); at += piece) cut.feed(input.substr(at, piece));
  cut.check_replies();

  Run whole(data[0], data[1]);
  whole.feed(input);
  whole.check_replies();
  if (!cut.depends_on_cuts() && !whole.depends_on_cuts()) require(cut.said() == whole.said());
  return 0;
}
