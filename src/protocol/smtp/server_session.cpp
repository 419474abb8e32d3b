// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/server_session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/text.h"

namespace postrider::smtp {
namespace {

constexpr std::size_t auth_line_max = 12288;  // RFC 4954 4

}  // namespace

ServerSession::ServerSession(Options options) : options_(std::move(options)), tls_(options_.tls_from_start) {
  if (options_.refusal)
    shut_down(*options_.refusal);
  else
    say(220, std::nullopt, options_.name + " ESMTP");
}

void ServerSession::receive(std::string_view bytes) {
  if (mode_ == Mode::over || mode_ == Mode::tls) return;  // in the clear behind STARTTLS: never looked at
  if (held_.empty()) {
    bytes.remove_prefix(run(bytes));
    held_.assign(bytes);
  } else {
    held_.append(bytes);
    run_held();
  }
  if (mode_ == Mode::question && held_.size() - held_used_ > options_.pending_max)
    shut_down({421, EnhancedCode{4, 7, 0}, "too much sent ahead"});
}

void ServerSession::run_held() {
  held_used_ += run(std::string_view(held_).substr(held_used_));
  if (held_used_ < held_.size() / 2) return;  // moved seldom, since each answer may use a few octets only
  held_.erase(0, held_used_);
  held_used_ = 0;
}

// Uses what it can from the front of `in` and says how much that was.
std::size_t ServerSession::run(std::string_view in) {
  const std::size_t all = in.size();
  while (!in.empty()) {
    switch (mode_) {
      case Mode::command:
      case Mode::auth:
        if (take_line(in)) continue;
        break;
      case Mode::data:
        read_data(in);
        continue;
      case Mode::question:
        break;
      case Mode::tls:
      case Mode::over:
        in = {};
        continue;
    }
    break;
  }
  return all - in.size();
}

// One line off the front of `in`, and run it; false: it is not there to its end. A line without end is
// dropped as it comes, all but its last octet, which may be the CR of its end.
bool ServerSession::take_line(std::string_view& in) {
  const std::size_t limit = mode_ == Mode::auth ? auth_line_max : options_.line_max;
  const auto lf = in.find('\n');
  if (lf == std::string_view::npos) {
    if (in.size() <= limit) return false;
    line_too_long_ = true;
    line_has_bare_cr_ = line_has_bare_cr_ || in.find('\r') < in.size() - 1;
    in.remove_prefix(in.size() - 1);
    return false;
  }
  auto line = in.substr(0, lf);
  in.remove_prefix(lf + 1);
  if (!line.ends_with('\r')) {
    break_off("bare LF");
    return true;
  }
  line.remove_suffix(1);
  if (std::exchange(line_has_bare_cr_, false) || line.find('\r') != std::string_view::npos) {
    break_off("bare CR");
    return true;
  }
  more_follows_ = !in.empty();
  const bool too_long = std::exchange(line_too_long_, false) || line.size() + 2 > limit;
  if (mode_ == Mode::auth) {
    mode_ = Mode::command;
    if (too_long)
      junk(500, {5, 5, 6}, "authentication line too long");
    else
      on_auth_line(line);
  } else if (too_long) {
    junk(500, {5, 5, 2}, "line too long");
  } else {
    on_line(line);
  }
  return true;
}

void ServerSession::on_line(std::string_view line) {
  if (std::ranges::any_of(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }))
    return junk(500, {5, 5, 2}, "control character in command");
  const auto word = line.substr(0, line.find(' '));
  for (const Verb& verb : verbs()) {
    if (!same_ignoring_case(word, verb.name)) continue;
    if (!(verb.may_arrive_in & state_)) return out_of_order(verb.name);
    return (this->*verb.run)(trim(line.substr(word.size())));
  }
  junk(500, {5, 5, 2}, "unknown command");
}

void ServerSession::out_of_order(std::string_view verb) {
  // RFC 5321 3.3: after RCPTs that were all refused. A pipelining client cannot have known.
  if (verb == "DATA" && state_ == mail) return say(554, EnhancedCode{5, 5, 1}, "no valid recipients");
  if (sender_refused_ && (verb == "RCPT" || verb == "DATA"))
    return say(503, EnhancedCode{5, 5, 1}, "sender was refused");
  junk(503, {5, 5, 1}, state_ == fresh ? "say EHLO first" : "command out of order");
}

void ServerSession::read_data(std::string_view& in) {
  switch (reader_.read(in)) {
    case DataReader::Found::more:
      return;
    case DataReader::Found::bare_line_end:
      return break_off("bare CR or LF in message");
    case DataReader::Found::end:
      break;
  }
  if (reader_.too_large() || reader_.has_nul()) {
    if (reader_.too_large())
      say(552, EnhancedCode{5, 3, 4}, "message too large");
    else
      say(554, EnhancedCode{5, 6, 0}, "message holds a NUL");
    mode_ = Mode::command;
    forget_transaction();
    return;
  }
  ask(Question::message, HandOver{std::move(envelope_), reader_.take()});
}

void ServerSession::ask(Question question, Wish wish) {
  question_ = question;
  mode_ = Mode::question;
  wishes_.add(std::move(wish));
}

void ServerSession::accept() {
  switch (question_) {
    case Question::none:
    case Question::message:
      return accept({250, EnhancedCode{2, 0, 0}, "ok"});
    case Question::auth:
      return accept({235, EnhancedCode{2, 7, 0}, "welcome"});
    case Question::sender:
      return accept({250, EnhancedCode{2, 1, 0}, "ok"});
    case Question::recipient:
      return accept({250, EnhancedCode{2, 1, 5}, "ok"});
  }
}

void ServerSession::accept(const Reply& reply) {
  assert(reply.positive());
  answered(reply, true);
}

void ServerSession::refuse(const Reply& reply) {
  assert(reply.temporary() || reply.permanent());
  answered(reply, false);
}

void ServerSession::answered(const Reply& reply, bool accepted) {
  if (mode_ == Mode::over) return;
  assert(mode_ == Mode::question);
  if (reply.code == 421) return shut_down(reply);
  mode_ = Mode::command;
  say(reply);
  switch (std::exchange(question_, Question::none)) {
    case Question::none:
      break;
    case Question::auth:
      if (accepted)
        user_ = std::move(auth_user_);
      else
        count_error();
      auth_user_.clear();
      break;
    case Question::sender:
      sender_refused_ = !accepted;
      if (accepted) state_ = mail;
      break;
    case Question::recipient:
      if (!accepted) break;
      envelope_.recipients.push_back(std::move(recipient_));
      state_ = rcpt;
      break;
    case Question::message:
      if (accepted) errors_ = 0;
      forget_transaction();
      break;
  }
  run_held();
}

void ServerSession::tls_started() {
  assert(mode_ == Mode::tls);
  // RFC 3207 4.2: all that was learnt in the clear is forgotten.
  tls_ = true;
  mode_ = Mode::command;
  state_ = fresh;
  extended_ = false;
  helo_.clear();
  user_.clear();
}

void ServerSession::tls_failed(std::string_view reason) {
  if (mode_ != Mode::over) hang_up(reason);
}

void ServerSession::shut_down(const Reply& reply) {
  if (mode_ == Mode::over) return;
  say(reply);
  hang_up(reply.text);
}

void ServerSession::forget_transaction() {
  envelope_ = {};
  sender_refused_ = false;
  if (state_ != fresh) state_ = greeted;
}

void ServerSession::say(const Reply& reply) {
  append_reply(wishes_.say(), reply);
}

void ServerSession::say(int code, std::optional<EnhancedCode> enhanced, std::string_view text) {
  say(Reply{code, enhanced, std::string(text)});
}

void ServerSession::junk(int code, EnhancedCode enhanced, std::string_view text) {
  say(code, enhanced, text);
  count_error();
}

void ServerSession::count_error() {
  if (++errors_ >= options_.errors_max) shut_down({421, EnhancedCode{4, 7, 0}, "too many errors"});
}

// Two readers may see different lines in what was sent, so there is no telling what is text and what command.
void ServerSession::break_off(std::string_view what) {
  say(550, EnhancedCode{5, 5, 2}, what);
  hang_up(what);
}

void ServerSession::hang_up(std::string_view reason) {
  mode_ = Mode::over;
  question_ = Question::none;
  wishes_.add(HangUp{std::string(reason)});
}

}  // namespace postrider::smtp
