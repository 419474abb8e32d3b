// SPDX-License-Identifier: Apache-2.0
// A client session fed anything for replies. The first octet picks its options, the second the envelopes.
// Beyond not crashing: each envelope settles exactly once with one fate per recipient, fates fit what was
// sent, the body is wished for at most once, nothing follows HangUp, and cuts change nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/smtp/client_session.h"

using namespace postrider::smtp;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

ClientSession::Options options(std::uint8_t pick) {
  ClientSession::Options out;
  out.helo = "client.test";
  out.tls = static_cast<Tls>(pick % 3);
  out.pipeline = 1 + (pick >> 2) % 5;
  return out;
}

class Run {
 public:
  Run(std::uint8_t pick, std::uint8_t envelopes) : session_(options(pick)), envelopes_(envelopes) {}

  void feed(std::string_view bytes) {
    session_.receive(bytes);
    take();
  }
  void finish() {
    session_.closed("end of input");
    take();
    require(hung_up_ && open_ == 0);
  }
  const std::string& story() const { return story_; }

 private:
  void take() {
    while (auto wish = session_.next()) {
      require(!hung_up_);
      if (const auto* said = std::get_if<Say>(&*wish)) story_ += said->bytes;
      if (std::get_if<StartTls>(&*wish)) session_.tls_started();
      if (std::get_if<Ready>(&*wish)) next_envelope();
      if (std::get_if<WantBody>(&*wish)) give_body();
      if (const auto* settled = std::get_if<Settled>(&*wish)) check(*settled);
      if (const auto* last = std::get_if<HangUp>(&*wish)) {
        hung_up_ = true;
        story_ += last->reason;
      }
    }
    (void)timeout(session_.stage());
  }

  void next_envelope() {
    require(open_ == 0);
    if (sent_ == 3) return session_.quit();
    Envelope envelope;
    envelope.sender = envelopes_ & 1 ? "" : "a@client.test";
    open_ = 1 + (envelopes_ >> 1 & 3);
    for (std::size_t i = 0; i < open_; ++i) envelope.recipients.push_back("b@server.test");
    envelope.size = envelopes_ & 8 ? 5000 : 0;
    envelope.eight_bit = envelopes_ & 16;
    envelope.utf8 = envelopes_ & 32;
    if (envelopes_ & 64) envelope.recipients.back() = "b>\r\nDATA\r\n";
    ++sent_;
    dot_ = false;
    session_.send(std::move(envelope));
  }

  void give_body() {
    require(open_ > 0 && !dot_);
    if (envelopes_ & 128) return session_.abort_body("no");
    session_.body("first\r\n", false);
    session_.body("second\r\n", true);
    dot_ = true;
  }

  void check(const Settled& settled) {
    require(open_ > 0 && settled.recipients.size() == open_ && settled.sent_dot == dot_);
    open_ = 0;
    for (const auto& one : settled.recipients) {
      story_ += to_string(one.reply);
      switch (one.fate) {
        case Fate::accepted:
          require(dot_ && one.stage == Stage::dot && one.reply.positive());
          break;
        case Fate::refused:
        case Fate::refused_here:
          require(one.reply.temporary() || one.reply.permanent());
          break;
        case Fate::lost:
          require(!dot_ && one.reply.code == 0);
          break;
        case Fate::unknown:
          require(dot_ && one.stage == Stage::dot && one.reply.code == 0);
          break;
      }
    }
  }

  ClientSession session_;
  std::uint8_t envelopes_;
  int sent_ = 0;
  std::size_t open_ = 0;  // recipients of the unsettled envelope
  bool dot_ = false;
  bool hung_up_ = false;
  std::string story_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  Run whole(data[0], data[1]);
  whole.feed(input);
  whole.finish();

  // In one piece, replies come before their owner could act on the ones before. Line by line it always can,
  // so there cutting the lines must change nothing.
  Run lines(data[0], data[1]), octets(data[0], data[1]);
  for (std::size_t at = 0; at < input.size();) {
    const auto end = std::min(input.find('\n', at), input.size() - 1) + 1;
    lines.feed(input.substr(at, end - at));
    for (; at < end; ++at) octets.feed(input.substr(at, 1));
  }
  lines.finish();
  octets.finish();
  require(lines.story() == octets.story());
  return 0;
}
