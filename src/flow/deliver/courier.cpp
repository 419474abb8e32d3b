// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/courier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/crash_point.h"
#include "protocol/mail/address.h"

namespace postrider {
namespace {

constexpr auto connect_timeout = std::chrono::seconds(30);
constexpr std::size_t piece = 256 * 1024;  // of a body handed to the stream at once

At at(smtp::Stage stage) {
  switch (stage) {
    case smtp::Stage::mail:
      return At::mail;
    case smtp::Stage::rcpt:
      return At::rcpt;
    case smtp::Stage::data:
    case smtp::Stage::body:
      return At::data;
    case smtp::Stage::dot:
      return At::dot;
    default:
      return At::greeting;
  }
}

std::string status(const smtp::Reply& reply) {
  return reply.enhanced ? smtp::to_string(*reply.enhanced) : std::string();
}

Report::One as_result(const smtp::RecipientReply& recipient) {
  Report::One result;
  switch (recipient.fate) {
    case smtp::Fate::accepted:
    case smtp::Fate::refused:
      result.fate = Fate::answered;
      break;
    case smtp::Fate::refused_here:
      result.fate = Fate::local;
      break;
    case smtp::Fate::lost:
      result.fate = Fate::before;
      break;
    case smtp::Fate::unknown:
      result.fate = Fate::unknown;
      break;
  }
  result.at = at(recipient.stage);
  result.code = recipient.reply.code;
  result.status = status(recipient.reply);
  result.text = smtp::to_string(recipient.reply);
  return result;
}

}  // namespace

Task<std::optional<NoDialogue>> Courier::run() {
  if (co_await connect()) co_await converse();
  if (stream_) stream_->close();
  co_return std::move(why_not_);
}

Task<bool> Courier::connect() {
  auto stream =
      co_await tools_.transport.connect(hop_.at, tools_.source, tools_.clock.monotonic() + connect_timeout);
  if (!stream.ok()) {
    fail(At::connect, "connect to " + io::to_string(hop_.at) + ": " + stream.error().detail, {});
    why_not_->ours = stream.error().code == Code::exhausted;
    co_return false;
  }
  stream_ = std::move(*stream);
  answer_by_ = deadline();
  co_return true;
}

Instant Courier::deadline() const {
  const auto most = smtp::timeout(session_.stage());
  return most == Duration::max() ? never : tools_.clock.monotonic() + most;
}

// One deadline for all of it: in the body that is one for each piece, so that the slowest peer holds a
// message for no longer than its size explains.
Task<bool> Courier::flush() {
  if (out_.empty()) co_return true;
  auto written = co_await stream_->write(out_, deadline());
  out_ = {};  // not only emptied: its peer may be silent for ten minutes now
  if (!written.ok()) session_.closed(written.error().detail);
  answer_by_ = deadline();
  co_return written.ok();
}

Task<void> Courier::converse() {
  std::array<char, 4096> buffer;
  while (!over_) {
    while (auto wish = session_.next()) {
      if (auto* say = std::get_if<smtp::Say>(&*wish)) {
        if (out_.empty())
          out_ = std::move(say->bytes);
        else
          out_ += say->bytes;
      } else if (std::get_if<smtp::StartTls>(&*wish)) {
        co_await handshake();
      } else if (std::get_if<smtp::Ready>(&*wish)) {
        co_await ready();
      } else if (std::get_if<smtp::WantBody>(&*wish)) {
        co_await give_body();
      } else if (auto* done = std::get_if<smtp::Settled>(&*wish)) {
        co_await settled(std::move(*done));
      } else if (auto* end = std::get_if<smtp::HangUp>(&*wish)) {
        co_await flush();
        hang_up(*end);
      }
    }
    if (over_ || !co_await flush()) continue;
    auto got = co_await stream_->read(buffer, answer_by_);
    if (!got.ok())
      session_.closed(got.error().detail);
    else if (*got == 0)
      session_.closed("the peer closed the connection");
    else
      take({buffer.data(), *got});
  }
}

void Courier::take(std::string_view bytes) {
  std::optional<io::WorkingOn> working;
  if (current_) working.emplace(tools_.cells, work_of(current_->assignment));
  const auto replies = session_.replies();
  session_.receive(bytes);
  if (session_.replies() != replies) answer_by_ = deadline();
}

smtp::Tls Courier::tls_wanted() const {
  const auto wanted = site_.route ? site_.route->tls : smtp::Tls::opportunistic;
  const bool remembered = wanted == smtp::Tls::opportunistic &&
                          !PR_MUTANT(19) &&  // planted: nobody remembers
                          tools_.tls_memory.has_offered(hop_.site, now());
  return remembered ? smtp::Tls::expected : wanted;
}

TlsPolicy Courier::tls_policy() const {
  switch (tls_wanted_) {
    case smtp::Tls::never:
      return TlsPolicy::cleartext;
    case smtp::Tls::opportunistic:
      return TlsPolicy::opportunistic;
    case smtp::Tls::expected:
      return TlsPolicy::remembered;
    case smtp::Tls::required:
      return TlsPolicy::required;
  }
  return TlsPolicy::none;
}

void Courier::remember_tls() {
  if (session_.tls_offered()) tools_.tls_memory.offered(hop_.site, now());
}

Task<void> Courier::handshake() {
  remember_tls();  // before it can fail
  if (!co_await flush()) co_return;
  io::TlsWanted wanted;
  wanted.host = hop_.host;
  wanted.require_valid = site_.route && site_.route->verify;
  auto facts = co_await stream_->start_tls(std::move(wanted), deadline());
  if (!facts.ok()) {
    session_.tls_failed(facts.error().detail);
    co_return;
  }
  tls_ = std::move(*facts);
  session_.tls_started();
}

Task<void> Courier::ready() {
  was_ready_ = true;
  auto next = site_.next();
  while (!next && !tools_.drain) {
    // Nothing to say: what was said goes out first (the greeting's answer, say), then wait for work.
    if (!co_await flush()) co_return;
    OneShot<bool> wake;
    site_.idle.push_back({&wake, tools_.clock.monotonic()});
    if (!co_await wake) break;
    next = site_.next();
  }
  if (!next) {
    session_.quit();
    co_return;
  }
  current_ = std::move(next);
  const io::WorkingOn working(tools_.cells, work_of(current_->assignment));
  smtp::Envelope envelope;
  envelope.sender = current_->sender;
  for (const auto& email : current_->emails) {
    auto address = mail::Address::parse(email);
    // In A-labels the address goes to any server; only a local part that is not ASCII needs one with
    // SMTPUTF8.
    envelope.recipients.push_back(address.ok() ? address->ascii_text() : email);
    envelope.utf8 = envelope.utf8 || (address.ok() && address->needs_smtputf8());
  }
  envelope.utf8 = envelope.utf8 || current_->utf8;
  envelope.size = current_->wire_size();
  session_.send(std::move(envelope));
  intent_ = intents_.note(current_->assignment, now());
}

Task<void> Courier::give_body() {
  if (!PR_MUTANT(12)) {  // planted: the dot does not wait for the intent
    intent_place_ = co_await *intent_;
    intent_.reset();
    if (!intent_place_->ok()) {
      session_.abort_body("the intent could not be recorded: " + intent_place_->error().detail);
      co_return;
    }
  }
  PR_CRASH_POINT("deliver.before_dot");
  const bool ours =
      tools_.journal.lease().holds(tools_.clock.monotonic()) || PR_MUTANT(18);  // planted: no fence
  if (!ours) {
    session_.abort_body("this node no longer holds the stream's lease");
    co_return;
  }
  const std::string_view wire = current_->body->wire;
  if (current_->wire_size() <= piece) {
    std::string all;
    all.reserve(current_->wire_size() + 3);
    all.append(current_->head).append(wire);
    session_.body(std::move(all), true);
    current_->body.reset();  // its peer may keep it waiting for long
    co_return;
  }
  session_.body(std::move(current_->head), false);
  for (std::size_t from = 0; from < wire.size(); from += piece) {
    while (auto wish = session_.next()) {
      if (auto* say = std::get_if<smtp::Say>(&*wish))
        out_ += say->bytes;
      else if (auto* done = std::get_if<smtp::Settled>(&*wish))
        co_return co_await settled(std::move(*done));
    }
    if (!co_await flush()) co_return;
    // A large body takes a while: the lease is asked again before the piece that ends it.
    const bool last = from + piece >= wire.size();
    if (last && !tools_.journal.lease().holds(tools_.clock.monotonic())) {
      session_.abort_body("this node no longer holds the stream's lease");
      co_return;
    }
    std::string part;
    part.reserve(std::min(piece, wire.size() - from) + 3);
    part.append(wire.substr(from, piece));
    session_.body(std::move(part), last);
  }
  current_->body.reset();
}

Task<void> Courier::settled(smtp::Settled settled) {
  if (intent_) {
    intent_place_ = co_await *intent_;
    intent_.reset();
  }
  PR_CRASH_POINT("deliver.answered");
  const io::WorkingOn working(tools_.cells, work_of(current_->assignment));
  Report report;
  report.ip = hop_.at.address;
  report.tls = tls_;
  report.tls_used = session_.tls_used();
  report.tls_policy = tls_policy();
  report.results.reserve(settled.recipients.size());
  for (std::size_t i = 0; i < settled.recipients.size(); ++i) {
    report.results.push_back(as_result(settled.recipients[i]));
    auto& result = report.results.back();
    result.email = std::move(current_->emails[i]);
    if (intent_place_ && intent_place_->ok())
      result.intent = journal::Sequence{intent_place_->value().value + i};
  }
  // A connection kept open may have been closed by the peer before our MAIL reached it. Nobody refused
  // anything: the message goes again at once, on a connection of its own.
  report.stale =
      carried_ > 0 && std::ranges::all_of(settled.recipients, [](const smtp::RecipientReply& recipient) {
        return recipient.fate == smtp::Fate::lost && recipient.stage == smtp::Stage::mail;
      });
  ++carried_;
  report.assignment = std::move(current_->assignment);
  current_.reset();
  intent_place_.reset();
  tools_.reports(std::move(report));
}

void Courier::hang_up(const smtp::HangUp& why) {
  over_ = true;
  if (was_ready_) return;
  remember_tls();
  auto reason = why.reason;
  if (why.why == smtp::HangUp::Why::no_tls && tls_wanted_ == smtp::Tls::expected && !session_.tls_offered()) {
    tools_.tls_memory.withheld();
    reason = hop_.site +
             " has offered TLS before and does not now; if it gave TLS up for good: postrider tls forget " +
             hop_.site;
  }
  fail(at(why.stage), std::move(reason), why.reply);
}

void Courier::fail(At at, std::string text, const std::optional<smtp::Reply>& reply) {
  why_not_.emplace();
  why_not_->ip = hop_.at.address;
  why_not_->tls_policy = stream_ ? tls_policy() : TlsPolicy::none;
  auto& result = why_not_->result;
  result.fate = reply ? Fate::answered : Fate::before;
  result.at = at;
  if (reply) {
    // A site that refuses to talk refuses us, not the address: temporary, whatever its code says, until it
    // expires.
    result.code = reply->code >= 500 ? 450 : reply->code;
    result.status = status(*reply).starts_with('5') ? "" : status(*reply);
    text = smtp::to_string(*reply);
  }
  result.text = std::move(text);
}

}  // namespace postrider
