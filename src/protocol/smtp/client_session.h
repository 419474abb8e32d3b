// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/smtp/capabilities.h"
#include "protocol/smtp/envelope.h"
#include "protocol/smtp/reply.h"
#include "protocol/smtp/stage.h"
#include "protocol/smtp/wishes.h"

namespace postrider::smtp {

// What may happen in the clear: everything; everything to a peer that offers no TLS; as before, but this peer
// has offered it earlier, so that it must again; nothing.
enum class Tls { never, opportunistic, expected, required };

// How a recipient fared in one transaction.
enum class Fate {
  accepted,      // the peer took responsibility for the message
  refused,       // the peer's reply says why, and whether for ever
  refused_here,  // we did not ask: the peer lacks what the message needs; the reply is ours
  lost,          // no final dot was sent: certainly not taken, try later
  unknown,       // the final dot was sent and not answered: it may or may not have been taken
};

struct RecipientReply {
  Fate fate = Fate::lost;
  Stage stage = Stage::mail;  // what decided it: mail, rcpt, data, body or dot
  Reply reply;                // with lost and unknown: code 0, and the reason as text
};

// The session may take an envelope: send() or quit().
struct Ready {};
// The peer said 354 and takes at least one recipient: body(), whenever the owner is ready, or abort_body().
struct WantBody {};
// The envelope given to send() is done with, exactly once for each send().
struct Settled {
  std::vector<RecipientReply> recipients;  // in the envelope's order
  bool sent_dot = false;                   // the whole message was handed out for sending
};
// The last wish: close the connection, after sending what was said before.
struct HangUp {
  enum class Why {
    quit,     // as asked
    refused,  // the peer will not talk to us; `reply` says why
    no_tls,   // TLS failed, was refused after it had been offered, or was not offered where it must be
    broken,   // the peer does not speak SMTP as we know it
    lost,     // closed() said so
    aborted,  // abort_body()
  };
  Why why = Why::quit;
  Stage stage = Stage::quit;   // where it happened
  std::string reason;          // for people
  std::optional<Reply> reply;  // the peer's, where it was the cause
};

// The client's end of one connection. It holds no socket, no timer and no thread: the owner feeds what
// arrives, then takes wishes until there are none, in any mixture (a wish's handler may feed again).
//
//   session.receive(bytes);
//   while (auto wish = session.next()) std::visit(handler, *wish);
//
// Deadlines are the owner's: when timeout(stage()) passes and replies() has not moved, closed("timed out").
// Octets of a reply are no progress: a peer may dribble them for ever.
class ClientSession {
 public:
  struct Options {
    std::string helo;  // our host name; a valid EHLO argument (RFC 5321 4.1.1.1)
    Tls tls = Tls::opportunistic;
    std::size_t pipeline =
        100;  // commands at most that are sent and not answered, where the peer allows many
  };
  using Wish = std::variant<Say, StartTls, Ready, WantBody, Settled, HangUp>;

  explicit ClientSession(Options options);

  void receive(std::string_view bytes);  // cut anywhere
  void tls_started();                    // the handshake of StartTls succeeded: what follows is under TLS
  void tls_failed(std::string_view reason);
  void closed(std::string_view reason);  // by the peer, or by the owner's deadline

  // One envelope with at least one recipient, when Ready was wished and nothing since. A peer that went away
  // in between makes every recipient `lost`. An address that does not fit in a path is never said: the whole
  // envelope is refused_here.
  void send(Envelope envelope);
  // The next part of the message as append_dot_stuffed() made it; the last adds the final dot. Parts are
  // handed on without copying; leave room for three octets in the last. Ignored when the transaction ended
  // meanwhile.
  void body(std::string stuffed, bool last);
  // The message will not come. SMTP has no way to say so but to drop the connection.
  void abort_body(std::string_view reason);
  // Says goodbye once nothing is in flight. With an envelope unsettled: settles it as lost or unknown.
  void quit();

  std::optional<Wish> next() { return wishes_.take(); }

  Stage stage() const { return stage_; }
  std::uint64_t replies() const { return replies_; }  // whole ones so far
  // What was learnt about the peer; valid as soon as it is known.
  const Reply& greeting() const { return greeting_; }
  const Capabilities& capabilities() const { return capabilities_; }
  bool tls_offered() const { return tls_offered_; }
  bool tls_used() const { return tls_used_; }

 private:
  void on_reply();
  void on_greeting();
  void on_ehlo();
  void on_starttls();
  void on_transaction();
  void on_data();
  void on_dot();

  void after_ehlo();
  void say_more();
  bool may_say_next() const;
  void append_command(std::string& out, std::size_t index) const;
  Stage stage_of(std::size_t index) const;
  std::optional<Reply> own_refusal() const;

  void decide(RecipientReply& recipient, Fate fate, Stage stage, const Reply& reply);
  void decide_rest(Fate fate, Stage stage, const Reply& reply);
  void settle();
  void become_ready();
  void reset_or_ready();
  void end(HangUp::Why why, std::string_view reason);
  void refuse_peer(std::string_view reason);

  void say(std::string_view text) { wishes_.say().append(text); }

  Options options_;
  Stage stage_ = Stage::greeting;
  ReplyParser parser_;
  Reply reply_;  // the one being looked at; its memory is reused
  std::uint64_t replies_ = 0;

  Reply greeting_;
  Capabilities capabilities_;
  bool tls_offered_ = false;
  bool tls_used_ = false;
  bool quitting_ = false;

  // The transaction. Its commands stand in one row: 0 MAIL, 1..n RCPT, n+1 DATA.
  Envelope envelope_;
  std::vector<RecipientReply> recipients_;
  std::vector<bool> decided_;
  std::size_t sent_ = 0;      // first command not said yet
  std::size_t answered_ = 0;  // first command without a reply; never past sent_
  std::size_t accepted_ = 0;  // RCPTs the peer said yes to
  bool open_ = false;         // an envelope is not settled yet
  bool mail_accepted_ = false;
  bool dot_sent_ = false;
  bool body_ends_line_ = true;

  Wishes<Wish> wishes_;
};

}  // namespace postrider::smtp
