// SPDX-License-Identifier: Apache-2.0
// Runs the conversations of tests/dialogs/smtp; their README says how they are written.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "base/text.h"
#include "protocol/smtp/client_session.h"
#include "protocol/smtp/dialog_text.h"
#include "protocol/smtp/dot_stuff.h"
#include "protocol/smtp/server_session.h"
#include "testing/shared.h"

namespace postrider::smtp {
namespace {

using namespace dialog;

Reply parse_reply(std::string_view text) {
  ReplyParser parser;
  Reply reply;
  const auto wire = std::string(text) + "\r\n";
  std::string_view in = wire;
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::reply) << text;
  return reply;
}

std::string show(const Envelope& envelope) {
  std::string out = fmt::format("from=<{}>", envelope.sender);
  for (const auto& recipient : envelope.recipients) out += fmt::format(" to=<{}>", recipient);
  if (envelope.size) out += fmt::format(" size={}", envelope.size);
  if (envelope.eight_bit) out += " 8bit";
  if (envelope.utf8) out += " utf8";
  return out;
}

Envelope parse_envelope(std::string_view words) {
  Envelope envelope;
  while (!words.empty()) {
    const auto word = take_word(words);
    const auto value = word.substr(std::min(word.size(), word.find('=') + 1));
    if (word.starts_with("from=")) envelope.sender = unescape(value);
    if (word.starts_with("to=")) envelope.recipients.push_back(unescape(value));
    if (word.starts_with("size=")) envelope.size = number(value);
    if (word == "8bit") envelope.eight_bit = true;
    if (word == "utf8") envelope.utf8 = true;
  }
  return envelope;
}

// What the tested end did, one line each as the files write it.
class Transcript {
 public:
  explicit Transcript(char side) : side_(side) {}
  void say(std::string_view bytes) {
    EXPECT_FALSE(bytes.empty());
    bytes_.append(bytes);
  }
  void wish(std::string words) {
    flush();
    lines_.push_back("W: " + std::move(words));
  }
  std::vector<std::string> take() {
    flush();
    return std::exchange(lines_, {});
  }

 private:
  void flush() {
    std::string_view rest = bytes_;
    for (auto end = rest.find("\r\n"); end != std::string_view::npos; end = rest.find("\r\n")) {
      lines_.push_back(fmt::format("{}: {}", side_, rest.substr(0, end)));
      rest.remove_prefix(end + 2);
    }
    if (!rest.empty()) lines_.push_back(fmt::format("{}> {}", side_, rest));
    bytes_.clear();
  }

  char side_;
  std::string bytes_;
  std::vector<std::string> lines_;
};

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

class Tested {
 public:
  virtual ~Tested() = default;
  virtual void receive(std::string_view bytes) = 0;
  virtual void owner(std::string_view words) = 0;
  virtual void write_down(Transcript& transcript) = 0;
};

class TestedServer : public Tested {
 public:
  explicit TestedServer(const Settings& settings) : session_(options(settings)) {}

  void receive(std::string_view bytes) override { session_.receive(bytes); }

  void owner(std::string_view words) override {
    const auto verb = take_word(words);
    if (verb == "accept" && words.empty()) return session_.accept();
    if (verb == "accept") return session_.accept(parse_reply(words));
    if (verb == "refuse") return session_.refuse(parse_reply(words));
    if (verb == "shut_down") return session_.shut_down(parse_reply(words));
    if (verb == "tls" && words == "started") return session_.tls_started();
    if (verb == "tls") return session_.tls_failed(words);
    ADD_FAILURE() << "unknown words for a server's owner: " << verb;
  }

  void write_down(Transcript& out) override {
    while (auto wish = session_.next())
      std::visit(
          Overloaded{
              [&](const Say& say) { out.say(say.bytes); }, [&](const StartTls&) { out.wish("start tls"); },
              [&](const ServerSession::CheckAuth& ask) {
                out.wish(fmt::format("check auth {} {}", ask.user, ask.password));
              },
              [&](const ServerSession::CheckSender& ask) { out.wish("check sender " + show(ask.envelope)); },
              [&](const ServerSession::CheckRecipient& ask) { out.wish("check recipient " + ask.recipient); },
              [&](const ServerSession::HandOver& mail) {
                out.wish(fmt::format("hand over {} data={}", show(mail.envelope), mail.data));
              },
              [&](const ServerSession::HangUp& last) { out.wish("hang up: " + last.reason); }},
          *wish);
  }

 private:
  static ServerSession::Options options(const Settings& settings) {
    ServerSession::Options out;
    out.name = "mx.test";
    using Options = ServerSession::Options;
    static const std::map<std::string_view, bool Options::*> switches{
        {"offer_tls", &Options::offer_tls},           {"tls_from_start", &Options::tls_from_start},
        {"offer_auth", &Options::offer_auth},         {"auth_needs_tls", &Options::auth_needs_tls},
        {"auth_required", &Options::auth_required},   {"pipelining", &Options::pipelining},
        {"eight_bit_mime", &Options::eight_bit_mime}, {"smtputf8", &Options::smtputf8},
    };
    static const std::map<std::string_view, std::size_t Options::*> numbers{
        {"size_max", &Options::size_max},       {"recipients_max", &Options::recipients_max},
        {"line_max", &Options::line_max},       {"errors_max", &Options::errors_max},
        {"pending_max", &Options::pending_max},
    };
    for (const auto& [option, value] : settings) {
      if (const auto on = switches.find(option); on != switches.end())
        out.*on->second = value == "on";
      else if (const auto size = numbers.find(option); size != numbers.end())
        out.*size->second = number(value);
      else if (option == "refusal")
        out.refusal = parse_reply(value);
      else
        ADD_FAILURE() << "unknown option of a server: " << option;
    }
    return out;
  }

  ServerSession session_;
};

class TestedClient : public Tested {
 public:
  explicit TestedClient(const Settings& settings) : session_(options(settings)) {}

  void receive(std::string_view bytes) override { session_.receive(bytes); }

  void owner(std::string_view words) override {
    const auto verb = take_word(words);
    if (verb == "send") return session_.send(parse_envelope(words));
    if (verb == "body" || verb == "part") {
      std::string stuffed;
      EXPECT_TRUE(append_dot_stuffed(stuffed, unescape(words)).ok());
      return session_.body(std::move(stuffed), verb == "body");
    }
    if (verb == "abort") return session_.abort_body(words);
    if (verb == "quit") return session_.quit();
    if (verb == "closed") return session_.closed(words);
    if (verb == "tls" && words == "started") return session_.tls_started();
    if (verb == "tls") return session_.tls_failed(words);
    if (verb == "stage") {
      EXPECT_EQ(name(session_.stage()), words);
      return;
    }
    ADD_FAILURE() << "unknown words for a client's owner: " << verb;
  }

  void write_down(Transcript& out) override {
    while (auto wish = session_.next())
      std::visit(
          Overloaded{
              [&](const Say& say) { out.say(say.bytes); }, [&](const StartTls&) { out.wish("start tls"); },
              [&](const Ready&) { out.wish("ready"); }, [&](const WantBody&) { out.wish("want body"); },
              [&](const Settled& settled) {
                out.wish(settled.sent_dot ? "settled, dot sent" : "settled, no dot");
                for (const auto& one : settled.recipients)
                  out.wish(
                      fmt::format("- {} at {}: {}", word(one.fate), name(one.stage), to_string(one.reply)));
              },
              [&](const HangUp& last) {
                out.wish(fmt::format("hang up, {} at {}: {}{}", word(last.why), name(last.stage), last.reason,
                                     last.reply ? " (" + to_string(*last.reply) + ")" : ""));
              }},
          *wish);
  }

 private:
  static ClientSession::Options options(const Settings& settings) {
    ClientSession::Options out;
    out.helo = "me.test";
    static const std::map<std::string_view, Tls> tls{{"never", Tls::never},
                                                     {"opportunistic", Tls::opportunistic},
                                                     {"expected", Tls::expected},
                                                     {"required", Tls::required}};
    for (const auto& [option, value] : settings) {
      if (option == "tls" && tls.contains(value))
        out.tls = tls.at(value);
      else if (option == "pipeline")
        out.pipeline = number(value);
      else
        ADD_FAILURE() << "unknown option of a client: " << option;
    }
    return out;
  }
  static std::string_view word(Fate fate) {
    static const std::map<Fate, std::string_view> words{{Fate::accepted, "accepted"},
                                                        {Fate::refused, "refused"},
                                                        {Fate::refused_here, "refused here"},
                                                        {Fate::lost, "lost"},
                                                        {Fate::unknown, "unknown"}};
    return words.at(fate);
  }
  static std::string_view word(HangUp::Why why) {
    using Why = HangUp::Why;
    static const std::map<Why, std::string_view> words{{Why::quit, "quit"},     {Why::refused, "refused"},
                                                       {Why::no_tls, "no tls"}, {Why::broken, "broken"},
                                                       {Why::lost, "lost"},     {Why::aborted, "aborted"}};
    return words.at(why);
  }

  ClientSession session_;
};

std::unique_ptr<Tested> begin(const Dialog& dialog) {
  if (dialog.client) return std::make_unique<TestedClient>(dialog.settings);
  return std::make_unique<TestedServer>(dialog.settings);
}

// Compares what was expected since the last comparison with what happened.
bool matches(const std::vector<Line>& expected, const std::vector<std::string>& happened) {
  std::size_t at = 0;
  for (const Line& line : expected) {
    if (line.text.size() > 1 && line.text[1] == '~') {
      const std::string start = line.text.substr(0, 1) + ": " + line.text.substr(3);
      while (at < happened.size() && happened[at].starts_with(start + "-")) ++at;
      if (at == happened.size() || !happened[at].starts_with(start + " ")) return false;
      ++at;
    } else if (at == happened.size() || trim(happened[at++]) != trim(line.text)) {
      return false;
    }
  }
  return at == happened.size();
}

std::string report(const std::vector<Line>& expected, const std::vector<std::string>& happened) {
  std::string out = "expected";
  if (!expected.empty()) out += fmt::format(" (from line {})", expected.front().number);
  for (const auto& line : expected) out += "\n  " + escape(line.text);
  out += "\nhappened";
  for (const auto& line : happened) out += "\n  " + escape(line);
  return out;
}

// Runs the dialogue with its input cut into pieces: `cut` says whether a piece ends before this input octet.
template <class Cut>
bool run(const Dialog& dialog, Cut cut) {
  const auto session = begin(dialog);
  Transcript transcript(dialog.client ? 'C' : 'S');
  session->write_down(transcript);
  std::size_t fed = 0;
  std::string piece;
  const auto feed = [&] {
    if (!piece.empty()) session->receive(piece);
    piece.clear();
    session->write_down(transcript);
  };
  std::vector<Line> expected;
  const auto compare = [&] {
    const auto happened = transcript.take();
    const bool same = matches(expected, happened);
    if (!same) ADD_FAILURE() << report(expected, happened);
    expected.clear();
    return same;
  };
  for (const Line& line : dialog.lines) {
    if (line.kind != Line::Kind::input) feed();
    if (line.kind != Line::Kind::expected && !expected.empty() && !compare()) return false;
    switch (line.kind) {
      case Line::Kind::input:
        for (char c : line.text) {
          if (cut(fed++)) feed();
          piece.push_back(c);
        }
        break;
      case Line::Kind::owner:
        session->owner(line.text);
        session->write_down(transcript);
        break;
      case Line::Kind::expected:
        expected.push_back(line);
        break;
    }
  }
  feed();
  return compare();
}

std::vector<std::string> dialog_files() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::source_path("tests/dialogs/smtp"), error))
    if (entry.path().extension() == ".txt") found.push_back(entry.path().string());
  std::ranges::sort(found);
  return found;
}

class SmtpDialog : public ::testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SmtpDialog);

TEST_P(SmtpDialog, runs) {
  const Dialog dialog = read_dialog(GetParam());
  SCOPED_TRACE(GetParam());
  ASSERT_FALSE(HasFailure());
  {
    SCOPED_TRACE("whole");
    if (!run(dialog, [](std::size_t) { return false; }) || dialog.whole_only) return;
  }
  {
    SCOPED_TRACE("octet by octet");
    if (!run(dialog, [](std::size_t) { return true; })) return;
  }
  // Very long inputs are long for one repeated reason; a step that is prime meets every phase of them.
  const std::size_t step = dialog.input_size > 5000 ? 61 : 1;
  for (std::size_t at = 1; at < dialog.input_size; at += step) {
    SCOPED_TRACE(fmt::format("cut before input octet {}", at));
    if (!run(dialog, [&](std::size_t octet) { return octet == at; })) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, SmtpDialog, ::testing::ValuesIn(dialog_files()), [](const auto& file) {
  std::string stem = std::filesystem::path(file.param).stem().string();
  std::ranges::replace(stem, '-', '_');
  return stem;
});

TEST(SmtpDialogs, are_found) {
  EXPECT_GE(dialog_files().size(), 40u);
}

}  // namespace
}  // namespace postrider::smtp
