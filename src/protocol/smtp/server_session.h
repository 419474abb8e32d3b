// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/smtp/data_reader.h"
#include "protocol/smtp/envelope.h"
#include "protocol/smtp/reply.h"
#include "protocol/smtp/wishes.h"

namespace postrider::smtp {

// The server's end of one connection (RFC 5321 with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, STARTTLS, AUTH
// PLAIN and LOGIN, ENHANCEDSTATUSCODES, DSN parameters). It knows that RCPT follows MAIL; whether this client
// may send is asked. No socket, no timer, no thread: the owner feeds what arrives and takes wishes until
// there are none, in any mixture.
//
// Check… and HandOver are questions: each is answered by one accept() or refuse(), at once or later. While
// one is open, pipelined input waits inside (at most Options::pending_max), so reading should pause:
// wants_input().
class ServerSession {
 public:
  struct Options {
    std::string name = "localhost";  // our host name
    bool offer_tls = false;
    bool tls_from_start = false;  // the connection is under TLS already
    bool offer_auth = false;
    bool auth_needs_tls = true;  // AUTH is neither offered nor taken in the clear
    bool auth_required = false;  // no MAIL before AUTH
    bool pipelining = true;      // whether these are offered
    bool eight_bit_mime = true;
    bool smtputf8 = true;
    std::size_t size_max = 30 * 1024 * 1024;  // octets of a message
    std::size_t recipients_max = 1000;        // of a message
    std::size_t line_max = 2048;              // octets of a command with its CRLF
    std::size_t errors_max = 20;              // senseless commands and failed logins since the last message
    std::size_t pending_max = 256 * 1024;     // octets held while a question is open
    std::optional<Reply> refusal;             // said instead of a greeting, before hanging up
  };

  struct CheckAuth {
    std::string user;
    std::string password;
  };
  struct CheckSender {
    Envelope envelope;  // as MAIL gave it, without recipients
  };
  struct CheckRecipient {
    std::string recipient;
  };
  // Accepting takes responsibility for the message. Lines of `data` end in CRLF, dots are unstuffed.
  struct HandOver {
    Envelope envelope;
    std::string data;
  };
  // The last wish: close, after sending what was said before.
  struct HangUp {
    std::string reason;  // for the log
  };
  using Wish = std::variant<Say, StartTls, CheckAuth, CheckSender, CheckRecipient, HandOver, HangUp>;

  explicit ServerSession(Options options);

  void receive(std::string_view bytes);  // cut anywhere; nothing of a connection that is over
  void tls_started();                    // the handshake of StartTls succeeded: the client starts anew
  void tls_failed(std::string_view reason);
  // The answer to the open question; ignored when the session ended meanwhile. A refusal with 421 hangs up.
  void accept();
  void accept(const Reply& reply);  // 2xx
  void refuse(const Reply& reply);  // 4xx or 5xx
  // Says a last reply (421, say, when the owner stops or lost patience) and hangs up, whatever goes on.
  void shut_down(const Reply& reply);

  std::optional<Wish> next() { return wishes_.take(); }
  bool wants_input() const { return mode_ == Mode::command || mode_ == Mode::auth || mode_ == Mode::data; }
  bool over() const { return mode_ == Mode::over; }

  const std::string& helo() const { return helo_; }  // as said: any text without control characters
  bool extended() const { return extended_; }        // EHLO, not HELO
  bool tls() const { return tls_; }
  const std::string& user() const { return user_; }  // empty: not authenticated

 private:
  enum class Mode { command, auth, data, question, tls, over };
  // What a client may say depends on what it said before: a set of these stands in each row of the table.
  enum State : unsigned { fresh = 1, greeted = 2, mail = 4, rcpt = 8, any = fresh | greeted | mail | rcpt };
  enum class Question { none, auth, sender, recipient, message };
  enum class AuthStep { plain, login_user, login_password };
  struct Verb {
    std::string_view name;
    unsigned may_arrive_in;
    void (ServerSession::*run)(std::string_view arguments);
  };
  static std::span<const Verb> verbs();

  std::size_t run(std::string_view in);
  void run_held();
  bool take_line(std::string_view& in);
  void read_data(std::string_view& in);
  void on_line(std::string_view line);
  void out_of_order(std::string_view verb);

  void on_ehlo(std::string_view arguments);
  void on_helo(std::string_view arguments);
  void on_starttls(std::string_view arguments);
  void on_auth(std::string_view arguments);
  void on_mail(std::string_view arguments);
  void on_rcpt(std::string_view arguments);
  void on_data(std::string_view arguments);
  void on_rset(std::string_view arguments);
  void on_noop(std::string_view arguments);
  void on_vrfy(std::string_view arguments);
  void on_help(std::string_view arguments);
  void on_quit(std::string_view arguments);
  void on_unimplemented(std::string_view arguments);
  void on_foreign(std::string_view arguments);

  void on_auth_line(std::string_view line);
  void take_credentials(std::string_view decoded);
  void ask_auth(std::string user, std::string password);

  void ask(Question question, Wish wish);
  void answered(const Reply& reply, bool accepted);
  bool offers_auth() const { return options_.offer_auth && (tls_ || !options_.auth_needs_tls); }
  void forget_transaction();
  void say(int code, std::optional<EnhancedCode> enhanced, std::string_view text);
  void say(const Reply& reply);
  void challenge(std::string_view text);
  void junk(int code, EnhancedCode enhanced, std::string_view text);
  void count_error();
  void break_off(std::string_view what);
  void hang_up(std::string_view reason);

  Options options_;
  Mode mode_ = Mode::command;
  State state_ = fresh;
  Question question_ = Question::none;
  AuthStep auth_step_ = AuthStep::plain;
  std::string auth_user_;  // between the two lines of LOGIN

  bool tls_ = false;
  bool extended_ = false;
  std::string helo_;
  std::string user_;
  Envelope envelope_;
  std::string recipient_;  // the one being asked about
  DataReader reader_{0};
  bool sender_refused_ = false;  // commands pipelined behind a refused MAIL are out of order and no errors
  std::size_t errors_ = 0;

  std::string held_;           // input not used yet: an unfinished line, or what waits for an answer
  std::size_t held_used_ = 0;  // of its front
  bool line_too_long_ = false;
  bool line_has_bare_cr_ = false;  // in the part of a too long line that was dropped
  bool more_follows_ = false;      // input was there behind the command being run

  Wishes<Wish> wishes_;
};

}  // namespace postrider::smtp
