// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/client_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace postrider::smtp {

using Why = HangUp::Why;

ClientSession::ClientSession(Options options) : options_(std::move(options)) {
  assert(!options_.helo.empty() && fits_in_path(options_.helo));
  assert(options_.pipeline > 0);
}

void ClientSession::receive(std::string_view bytes) {
  while (stage_ != Stage::over) {
    if (stage_ == Stage::tls) {
      if (!bytes.empty()) end(Why::broken, "plaintext after STARTTLS");
      return;
    }
    switch (parser_.next(bytes, reply_)) {
      case ReplyParser::Found::more:
        return;
      case ReplyParser::Found::broken:
        return end(Why::broken, parser_.what());
      case ReplyParser::Found::reply:
        ++replies_;
        on_reply();
        // Only now, because what already lies behind the reply was not protected and must not be believed.
        if (stage_ == Stage::tls && bytes.empty()) wishes_.add(StartTls{});
    }
  }
}

void ClientSession::tls_started() {
  assert(stage_ == Stage::tls);
  tls_used_ = true;
  capabilities_ = {};
  stage_ = Stage::ehlo;
  say(fmt::format("EHLO {}\r\n", options_.helo));
}

void ClientSession::tls_failed(std::string_view reason) {
  if (stage_ != Stage::over) end(Why::no_tls, reason);
}

void ClientSession::closed(std::string_view reason) {
  if (stage_ == Stage::over) return;
  end(stage_ == Stage::quit || quitting_ ? Why::quit : Why::lost, reason);
}

void ClientSession::abort_body(std::string_view reason) {
  if (stage_ == Stage::body) end(Why::aborted, reason);
}

void ClientSession::quit() {
  if (stage_ == Stage::over || stage_ == Stage::quit) return;
  if (stage_ == Stage::ready) {
    say("QUIT\r\n");
    stage_ = Stage::quit;
  } else if (stage_ == Stage::rset || (stage_ == Stage::dot && !open_)) {
    quitting_ = true;
  } else {
    end(Why::quit, "we left");
  }
}

void ClientSession::on_reply() {
  // "Shutting down, whatever you asked" (RFC 5321 3.8): it answers everything that is still open.
  if (reply_.code == 421 && stage_ != Stage::quit) {
    if (stage_ == Stage::greeting) greeting_ = reply_;
    return end(Why::refused, "the peer closes the connection");
  }
  switch (stage_) {
    case Stage::greeting:
      return on_greeting();
    case Stage::ehlo:
      return on_ehlo();
    case Stage::helo:
      if (!reply_.positive()) return refuse_peer("HELO refused");
      return become_ready();
    case Stage::starttls:
      return on_starttls();
    case Stage::mail:
    case Stage::rcpt:
    case Stage::data:
      return on_transaction();
    case Stage::body:
      // The peer gave up before it had the message, so it did not take it.
      if (reply_.temporary() || reply_.permanent()) return end(Why::refused, "refused amid the message");
      return end(Why::broken, "reply amid the message");
    case Stage::dot:
      return on_dot();
    case Stage::rset:
      if (!reply_.positive()) return refuse_peer("RSET refused");
      return become_ready();
    case Stage::quit:
      return end(Why::quit, "as asked");
    case Stage::ready:
      if (reply_.temporary() || reply_.permanent()) return end(Why::refused, "refused while idle");
      return end(Why::broken, "reply to nothing");
    case Stage::tls:
    case Stage::over:
      break;  // receive() reads no replies then
  }
}

void ClientSession::on_greeting() {
  greeting_ = reply_;
  if (!reply_.positive()) return refuse_peer("greeting refused");
  say(fmt::format("EHLO {}\r\n", options_.helo));
  stage_ = Stage::ehlo;
}

void ClientSession::on_ehlo() {
  if (reply_.positive()) {
    capabilities_ = parse_capabilities(reply_);
    tls_offered_ = tls_offered_ || capabilities_.starttls;
    return after_ehlo();
  }
  // A server from before 1995. It knows no STARTTLS either, and one that did TLS, just now or earlier, is not
  // that old.
  if (reply_.permanent() && !tls_used_ &&
      (options_.tls == Tls::never || options_.tls == Tls::opportunistic)) {
    say(fmt::format("HELO {}\r\n", options_.helo));
    stage_ = Stage::helo;
    return;
  }
  refuse_peer("EHLO refused");
}

void ClientSession::after_ehlo() {
  if (tls_used_ || options_.tls == Tls::never) return become_ready();
  if (capabilities_.starttls) {
    say("STARTTLS\r\n");
    stage_ = Stage::starttls;
    return;
  }
  if (options_.tls == Tls::opportunistic) return become_ready();
  say("QUIT\r\n");
  end(Why::no_tls, options_.tls == Tls::expected ? "TLS was offered before and is not now"
                                                 : "TLS is required and not offered");
}

void ClientSession::on_starttls() {
  if (reply_.positive()) {
    stage_ = Stage::tls;
    return;
  }
  // Whoever wants to read along refuses it in the peer's name: what was offered is not given up for that.
  say("QUIT\r\n");
  end(Why::no_tls,
      options_.tls == Tls::required ? "TLS is required and refused" : "TLS is offered and refused");
}

// What the peer told us it cannot carry is not offered to it (RFC 1870 6.1, RFC 6152 3, RFC 6531 3.2).
std::optional<Reply> ClientSession::own_refusal() const {
  const auto own = [](int code, EnhancedCode enhanced, std::string_view text) {
    return Reply{code, enhanced, std::string(text)};
  };
  if (!fits_in_path(envelope_.sender)) return own(501, {5, 1, 7}, "sender address cannot be said in SMTP");
  if (!std::ranges::all_of(envelope_.recipients, fits_in_path))
    return own(501, {5, 1, 3}, "recipient address cannot be said in SMTP");
  if (!capabilities_.smtputf8) {
    if (!is_ascii(envelope_.sender) || !std::ranges::all_of(envelope_.recipients, is_ascii))
      return own(550, {5, 6, 7}, "address is not ASCII and the receiving server lacks SMTPUTF8");
    if (envelope_.utf8)
      return own(550, {5, 6, 9}, "message needs SMTPUTF8, which the receiving server lacks");
  }
  if (envelope_.eight_bit && !capabilities_.eight_bit_mime)
    return own(554, {5, 6, 3}, "message needs 8BITMIME, which the receiving server lacks");
  if (capabilities_.size_max && envelope_.size > capabilities_.size_max)
    return own(552, {5, 3, 4},
               fmt::format("message of {} octets is over the receiving server's limit of {}", envelope_.size,
                           capabilities_.size_max));
  return std::nullopt;
}

void ClientSession::send(Envelope envelope) {
  assert(!open_ && !quitting_ && (stage_ == Stage::ready || stage_ == Stage::over));
  assert(!envelope.recipients.empty());
  envelope_ = std::move(envelope);
  recipients_.assign(envelope_.recipients.size(), {});
  decided_.assign(envelope_.recipients.size(), false);
  sent_ = answered_ = accepted_ = 0;
  mail_accepted_ = dot_sent_ = false;
  body_ends_line_ = true;
  open_ = true;
  if (stage_ == Stage::over) {
    decide_rest(Fate::lost, Stage::mail, Reply{0, {}, "connection is closed"});
    return settle();
  }
  if (const auto refusal = own_refusal()) {
    decide_rest(Fate::refused_here, Stage::mail, *refusal);
    settle();
    return become_ready();
  }
  stage_ = Stage::mail;
  say_more();
}

Stage ClientSession::stage_of(std::size_t index) const {
  if (index == 0) return Stage::mail;
  return index <= envelope_.recipients.size() ? Stage::rcpt : Stage::data;
}

void ClientSession::append_command(std::string& out, std::size_t index) const {
  switch (stage_of(index)) {
    case Stage::mail:
      out.append("MAIL FROM:<").append(envelope_.sender).append(">");
      if (capabilities_.size && envelope_.size)
        fmt::format_to(std::back_inserter(out), " SIZE={}", envelope_.size);
      if (envelope_.eight_bit) out.append(" BODY=8BITMIME");
      if (envelope_.utf8 || !is_ascii(envelope_.sender) ||
          !std::ranges::all_of(envelope_.recipients, is_ascii))
        out.append(" SMTPUTF8");
      out.append("\r\n");
      break;
    case Stage::rcpt:
      out.append("RCPT TO:<").append(envelope_.recipients[index - 1]).append(">\r\n");
      break;
    default:
      out.append("DATA\r\n");
  }
}

// Sending waits
//   1. with everything, for the reply to EHLO, STARTTLS, RSET and to the final dot: each ends a group
//      (RFC 2920 3.1), and after the dot the owner decides what comes next;
//   2. after DATA, for 354: what follows it is message, not command;
//   3. without PIPELINING, after each command;
//   4. when `pipeline` commands are unanswered, so that neither side's buffers fill with the other's words.
// And it stops for good when MAIL was refused, and before DATA when every RCPT was.
bool ClientSession::may_say_next() const {
  const std::size_t data = envelope_.recipients.size() + 1;
  if (sent_ > data) return false;
  if (answered_ > 0 && !mail_accepted_) return false;
  if (sent_ == data && answered_ == data && accepted_ == 0) return false;
  return sent_ == answered_ || (capabilities_.pipelining && sent_ - answered_ < options_.pipeline);
}

void ClientSession::say_more() {
  while (may_say_next()) append_command(wishes_.say(), sent_++);
}

void ClientSession::on_transaction() {
  const std::size_t index = answered_++;
  const Stage stage = stage_of(index);
  if (stage == Stage::data) return on_data();
  if (reply_.intermediate()) return end(Why::broken, "asks for more where there is none");
  if (stage == Stage::mail) {
    mail_accepted_ = reply_.positive();
    if (!mail_accepted_) decide_rest(Fate::refused, stage, reply_);
  } else if (reply_.positive()) {
    ++accepted_;
  } else if (mail_accepted_) {
    decide(recipients_[index - 1], Fate::refused, stage, reply_);
    decided_[index - 1] = true;
  }
  say_more();
  if (answered_ < sent_) {
    stage_ = stage_of(answered_);
    return;
  }
  settle();  // MAIL or every RCPT was refused, and DATA was not said
  reset_or_ready();
}

void ClientSession::on_data() {
  if (reply_.intermediate()) {
    if (accepted_ > 0 && mail_accepted_) {
      stage_ = Stage::body;
      wishes_.add(WantBody{});
      return;
    }
    settle();
    // MAIL refused and a RCPT taken all the same: a dot might deliver an empty message.
    if (accepted_ > 0) return end(Why::broken, "takes data without a sender");
    // RFC 2920 3.1: a server may say 354 though no recipient is valid; the client sends nothing but the dot.
    say(".\r\n");
    stage_ = Stage::dot;
    return;
  }
  if (reply_.positive()) return end(Why::broken, "answers DATA with success");
  decide_rest(Fate::refused, Stage::data, reply_);
  settle();
  reset_or_ready();
}

void ClientSession::body(std::string stuffed, bool last) {
  if (stage_ != Stage::body) return;
  if (!stuffed.empty()) body_ends_line_ = stuffed.ends_with('\n');
  if (last) {
    assert(body_ends_line_);
    stuffed.append(".\r\n");
    dot_sent_ = true;
    stage_ = Stage::dot;
  }
  if (!stuffed.empty()) wishes_.add(Say{std::move(stuffed)});
}

void ClientSession::on_dot() {
  if (!open_) return become_ready();  // the lone dot of on_data(): whatever the answer, nobody got anything
  if (reply_.intermediate()) return end(Why::broken, "asks for more after the message");
  decide_rest(reply_.positive() ? Fate::accepted : Fate::refused, Stage::dot, reply_);
  settle();
  become_ready();
}

void ClientSession::decide(RecipientReply& recipient, Fate fate, Stage stage, const Reply& reply) {
  recipient.fate = fate;
  recipient.stage = stage;
  recipient.reply = reply;
}

void ClientSession::decide_rest(Fate fate, Stage stage, const Reply& reply) {
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    if (decided_[i]) continue;
    decide(recipients_[i], fate, stage, reply);
    decided_[i] = true;
  }
}

void ClientSession::settle() {
  open_ = false;
  Settled settled{std::move(recipients_), dot_sent_};
  // An envelope sent after the session ended, to a Ready taken late: HangUp stays the last wish if it can.
  wishes_.add_before<HangUp>(std::move(settled));
}

void ClientSession::become_ready() {
  stage_ = Stage::ready;
  if (quitting_) return quit();
  wishes_.add(Ready{});
}

// After a dot the peer has forgotten the transaction by itself; one that ended earlier is still open there.
void ClientSession::reset_or_ready() {
  if (!mail_accepted_) return become_ready();
  say("RSET\r\n");
  stage_ = Stage::rset;
}

void ClientSession::refuse_peer(std::string_view reason) {
  say("QUIT\r\n");
  end(Why::refused, reason);
}

void ClientSession::end(Why why, std::string_view reason) {
  HangUp last{why, stage_, std::string(reason), std::nullopt};
  const bool answered = why == Why::refused || (why == Why::no_tls && stage_ == Stage::starttls);
  if (answered) last.reply = reply_;
  if (open_) {
    if (why == Why::refused)
      decide_rest(Fate::refused, stage_, reply_);
    else
      decide_rest(dot_sent_ ? Fate::unknown : Fate::lost, stage_, Reply{0, {}, last.reason});
    settle();
  }
  stage_ = Stage::over;
  wishes_.add(std::move(last));
}

}  // namespace postrider::smtp
