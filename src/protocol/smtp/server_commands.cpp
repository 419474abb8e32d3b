// SPDX-License-Identifier: Apache-2.0
// The verbs of ServerSession: which may arrive when, and what each does.
#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/smtp/mail_command.h"
#include "protocol/smtp/server_session.h"

namespace postrider::smtp {

std::span<const ServerSession::Verb> ServerSession::verbs() {
  // The verbs of every message first. STARTTLS and AUTH may not stand inside a transaction (RFC 4954 4).
  static constexpr std::array<Verb, 19> table{{
      // verb      may arrive in     runs
      {"MAIL", greeted, &ServerSession::on_mail},      {"RCPT", mail | rcpt, &ServerSession::on_rcpt},
      {"DATA", rcpt, &ServerSession::on_data},         {"EHLO", any, &ServerSession::on_ehlo},
      {"HELO", any, &ServerSession::on_helo},          {"QUIT", any, &ServerSession::on_quit},
      {"RSET", any, &ServerSession::on_rset},          {"STARTTLS", greeted, &ServerSession::on_starttls},
      {"AUTH", greeted, &ServerSession::on_auth},      {"NOOP", any, &ServerSession::on_noop},
      {"VRFY", any, &ServerSession::on_vrfy},          {"HELP", any, &ServerSession::on_help},
      {"EXPN", any, &ServerSession::on_unimplemented}, {"ETRN", any, &ServerSession::on_unimplemented},
      {"TURN", any, &ServerSession::on_unimplemented}, {"BDAT", any, &ServerSession::on_unimplemented},
      {"GET", any, &ServerSession::on_foreign},        {"POST", any, &ServerSession::on_foreign},
      {"CONNECT", any, &ServerSession::on_foreign},
  }};
  return table;
}

void ServerSession::on_ehlo(std::string_view arguments) {
  if (arguments.empty()) return junk(501, {5, 5, 4}, "write EHLO name");
  helo_ = arguments;
  extended_ = true;
  state_ = greeted;
  forget_transaction();
  std::string text = options_.name;
  if (options_.pipelining) text += "\nPIPELINING";
  fmt::format_to(std::back_inserter(text), "\nSIZE {}", options_.size_max);
  if (options_.eight_bit_mime) text += "\n8BITMIME";
  if (options_.smtputf8) text += "\nSMTPUTF8";
  if (options_.offer_tls && !tls_) text += "\nSTARTTLS";
  if (offers_auth()) text += "\nAUTH PLAIN LOGIN";
  text += "\nENHANCEDSTATUSCODES\nDSN";
  say(250, std::nullopt, text);
}

void ServerSession::on_helo(std::string_view arguments) {
  if (arguments.empty()) return junk(501, {5, 5, 4}, "write HELO name");
  helo_ = arguments;
  extended_ = false;
  state_ = greeted;
  forget_transaction();
  say(250, std::nullopt, options_.name);
}

void ServerSession::on_starttls(std::string_view arguments) {
  if (tls_) return junk(503, {5, 5, 1}, "TLS is on already");
  if (!options_.offer_tls) return junk(502, {5, 5, 1}, "TLS is not offered");
  if (!arguments.empty()) return junk(501, {5, 5, 4}, "STARTTLS takes no arguments");
  say(220, EnhancedCode{2, 0, 0}, "go ahead");
  mode_ = Mode::tls;  // run() drops what was sent behind it in the clear (RFC 3207 6)
  wishes_.add(StartTls{});
}

void ServerSession::on_auth(std::string_view arguments) {
  if (!options_.offer_auth) return junk(502, {5, 5, 1}, "authentication is not offered");
  if (!user_.empty()) return junk(503, {5, 5, 1}, "authenticated already");
  if (!offers_auth()) return junk(538, {5, 7, 11}, "authentication needs TLS: say STARTTLS");
  const auto mechanism = arguments.substr(0, arguments.find(' '));
  const auto initial = trim(arguments.substr(mechanism.size()));
  if (same_ignoring_case(mechanism, "PLAIN")) {
    auth_step_ = AuthStep::plain;
    if (initial.empty()) return challenge("");
  } else if (same_ignoring_case(mechanism, "LOGIN")) {
    auth_step_ = AuthStep::login_user;
    if (initial.empty()) return challenge("Username:");
  } else {
    return junk(504, {5, 5, 4}, "unknown mechanism");
  }
  on_auth_line(initial == "=" ? "" : initial);
}

void ServerSession::challenge(std::string_view text) {
  mode_ = Mode::auth;
  fmt::format_to(std::back_inserter(wishes_.say()), "334 {}\r\n", base64(text));
}

void ServerSession::on_auth_line(std::string_view line) {
  if (line == "*") return junk(501, {5, 7, 0}, "authentication cancelled");
  auto decoded = unbase64(line);
  if (!decoded) return junk(501, {5, 5, 2}, "not base64");
  switch (auth_step_) {
    case AuthStep::plain:
      return take_credentials(*decoded);
    case AuthStep::login_user:
      auth_user_ = std::move(*decoded);
      auth_step_ = AuthStep::login_password;
      return challenge("Password:");
    case AuthStep::login_password:
      return ask_auth(std::move(auth_user_), std::move(*decoded));
  }
}

// RFC 4616 2: [who to act as] NUL who NUL password. Acting as somebody else is not offered.
void ServerSession::take_credentials(std::string_view decoded) {
  const auto first = decoded.find('\0');
  const auto second = first == std::string_view::npos ? first : decoded.find('\0', first + 1);
  if (second == std::string_view::npos) return junk(501, {5, 5, 2}, "not PLAIN credentials");
  const auto acting_as = decoded.substr(0, first);
  const auto user = decoded.substr(first + 1, second - first - 1);
  if (!acting_as.empty() && acting_as != user) return junk(535, {5, 7, 8}, "cannot act as another user");
  ask_auth(std::string(user), std::string(decoded.substr(second + 1)));
}

void ServerSession::ask_auth(std::string user, std::string password) {
  const auto is_text = [](std::string_view text) { return is_utf8(text) && text.find('\0') == text.npos; };
  if (user.empty() || !is_text(user) || !is_text(password)) return junk(535, {5, 7, 8}, "wrong credentials");
  auth_user_ = user;
  ask(Question::auth, CheckAuth{std::move(user), std::move(password)});
}

void ServerSession::on_mail(std::string_view arguments) {
  forget_transaction();
  if (options_.auth_required && user_.empty()) {
    sender_refused_ = true;
    return junk(530, {5, 7, 0}, "authentication required");
  }
  auto parsed = parse_mail(arguments, extended_);
  if (const auto* refusal = std::get_if<Reply>(&parsed)) {
    sender_refused_ = true;
    say(*refusal);
    return count_error();
  }
  auto& command = std::get<MailCommand>(parsed);
  if (command.utf8 && !options_.smtputf8) {
    sender_refused_ = true;
    return junk(555, {5, 5, 4}, "SMTPUTF8 is not offered");
  }
  if (command.size > options_.size_max) {
    sender_refused_ = true;
    return say(552, EnhancedCode{5, 3, 4}, "message too large");
  }
  envelope_ = {std::move(command.sender), {}, command.size, command.eight_bit, command.utf8};
  ask(Question::sender, CheckSender{envelope_});
}

void ServerSession::on_rcpt(std::string_view arguments) {
  auto parsed = parse_rcpt(arguments, extended_);
  if (const auto* refusal = std::get_if<Reply>(&parsed)) {
    say(*refusal);
    return count_error();
  }
  recipient_ = std::move(std::get<RcptCommand>(parsed).recipient);
  if (!envelope_.utf8 && !is_ascii(recipient_))
    return say(550, EnhancedCode{5, 6, 7}, "address is not ASCII: say SMTPUTF8");
  if (envelope_.recipients.size() >= options_.recipients_max)
    return say(452, EnhancedCode{4, 5, 3}, "too many recipients");
  ask(Question::recipient, CheckRecipient{recipient_});
}

void ServerSession::on_data(std::string_view arguments) {
  if (!arguments.empty()) return junk(501, {5, 5, 4}, "DATA takes no arguments");
  if (more_follows_) {
    // The client cannot know that we would take it: it is talking to somebody else, or through somebody.
    say(503, EnhancedCode{5, 5, 1}, "wait for 354 before the message");
    return hang_up("message sent before 354");
  }
  reader_ = DataReader(options_.size_max);
  mode_ = Mode::data;
  say(354, std::nullopt, "end with a dot on its own line");
}

void ServerSession::on_rset(std::string_view arguments) {
  if (!arguments.empty()) return junk(501, {5, 5, 4}, "RSET takes no arguments");
  forget_transaction();
  say(250, EnhancedCode{2, 0, 0}, "ok");
}

void ServerSession::on_noop(std::string_view) {
  say(250, EnhancedCode{2, 0, 0}, "ok");
}

void ServerSession::on_vrfy(std::string_view) {
  say(252, EnhancedCode{2, 5, 2}, "send mail to find out");  // RFC 5321 7.3: confirm nothing
}

void ServerSession::on_help(std::string_view) {
  say(214, EnhancedCode{2, 0, 0}, "see RFC 5321");
}

void ServerSession::on_quit(std::string_view) {
  say(221, EnhancedCode{2, 0, 0}, "bye");
  hang_up("quit");
}

void ServerSession::on_unimplemented(std::string_view) {
  junk(502, {5, 5, 1}, "not implemented");
}

// A browser made to speak to a mail server: what follows its verb is somebody's forged dialogue.
void ServerSession::on_foreign(std::string_view) {
  shut_down({421, EnhancedCode{4, 7, 0}, "this is a mail server"});
}

}  // namespace postrider::smtp
