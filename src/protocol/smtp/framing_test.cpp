// SPDX-License-Identifier: Apache-2.0
// Dot-stuffing and its reverse, and what neither may let through.
#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"
#include "protocol/smtp/data_reader.h"
#include "protocol/smtp/dot_stuff.h"
#include "protocol/smtp/server_session.h"
#include "testing/shared.h"

namespace postrider::smtp {
namespace {

std::string stuffed(std::string_view message, bool changes) {
  std::string out = "kept ";
  const auto changed = append_dot_stuffed(out, message);
  EXPECT_TRUE(changed.ok());
  EXPECT_EQ(changed.ok() && *changed, changes);
  EXPECT_TRUE(out.starts_with("kept "));
  return out.substr(5);
}

TEST(DotStuff, doubles_dots_at_line_starts_only) {
  EXPECT_EQ(stuffed("", false), "");
  EXPECT_EQ(stuffed("a.b\r\n", false), "a.b\r\n");
  EXPECT_EQ(stuffed(".", true), "..\r\n");
  EXPECT_EQ(stuffed(".\r\n..\r\na.\r\n\r\n.", true), "..\r\n...\r\na.\r\n\r\n..\r\n");
  EXPECT_EQ(stuffed("no end", true), "no end\r\n");
}

TEST(DotStuff, refuses_what_receivers_read_differently) {
  using namespace std::string_view_literals;
  for (std::string_view message :
       {"a\nb\r\n"sv, "a\rb\r\n"sv, "\n"sv, "\r"sv, "a\r"sv, "a\r\r\n"sv, "a\r\n\n"sv, "a\0\r\n"sv}) {
    std::string out = "kept";
    const auto changed = append_dot_stuffed(out, message);
    ASSERT_FALSE(changed.ok());
    EXPECT_EQ(changed.error().code, Code::invalid);
    EXPECT_EQ(out, "kept");
  }
}

DataReader::Found read_in_pieces(DataReader& reader, std::string_view wire, std::size_t piece) {
  while (!wire.empty()) {
    auto part = wire.substr(0, piece);
    wire.remove_prefix(part.size());
    const auto found = reader.read(part);
    if (found == DataReader::Found::more) {
      EXPECT_TRUE(part.empty());
      continue;
    }
    return found;
  }
  return DataReader::Found::more;
}

TEST(DataReader, gives_back_what_was_stuffed_however_it_is_cut) {
  std::mt19937 random(7);
  constexpr std::string_view words[] = {".",        "..", "\r\n", "x", "\r\n.", "long text without any end ",
                                        "\r\n.\r\n"};
  for (int round = 0; round < 2000; ++round) {
    std::string message;
    for (auto left = random() % 12; left > 0; --left) message += words[random() % std::size(words)];
    if (!message.empty() && !message.ends_with("\r\n")) message += "\r\n";
    std::string wire;
    ASSERT_TRUE(append_dot_stuffed(wire, message).ok());
    wire += ".\r\n";
    for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
      DataReader reader(1000);
      ASSERT_EQ(read_in_pieces(reader, wire, piece), DataReader::Found::end);
      ASSERT_EQ(reader.take(), message);
    }
  }
}

TEST(DataReader, leaves_what_follows_the_message) {
  DataReader reader(100);
  std::string_view in = "a\r\n.\r\nQUIT\r\n";
  EXPECT_EQ(reader.read(in), DataReader::Found::end);
  EXPECT_EQ(in, "QUIT\r\n");
  EXPECT_EQ(reader.take(), "a\r\n");
}

TEST(DataReader, counts_without_keeping_past_the_limit) {
  DataReader reader(10);
  const std::string line(8, 'x');
  for (int i = 0; i < 1000; ++i) {
    std::string_view in = "xxxxxxxx\r\n";
    ASSERT_EQ(reader.read(in), DataReader::Found::more);
    ASSERT_EQ(reader.too_large(), i > 0);
  }
  std::string_view in = ".\r\n";
  EXPECT_EQ(reader.read(in), DataReader::Found::end);
  EXPECT_LE(reader.take().capacity(), 32u);
}

// The strings of one array of the corpus file, which uses no escapes but \r, \n and \u00XX.
std::vector<std::string> strings_of(const std::string& json, std::string_view key) {
  std::vector<std::string> out;
  auto at = json.find('[', json.find("\"" + std::string(key) + "\""));
  const auto end = json.find(']', at);
  for (at = json.find('"', at); at < end; at = json.find('"', at + 1)) {
    std::string one;
    for (++at; json[at] != '"'; ++at) {
      if (json[at] != '\\') {
        one.push_back(json[at]);
      } else if (json[++at] == 'u') {
        one += unhex(json.substr(at + 3, 2)).value_or("?");
        at += 4;
      } else {
        one.push_back(json[at] == 'r' ? '\r' : '\n');
      }
    }
    out.push_back(one);
  }
  return out;
}

// How many messages a server makes of what follows 354, and whether it hung up.
struct Sink {
  int messages = 0;
  bool hung_up = false;
};
Sink deliver(std::string_view after_354) {
  ServerSession session({});
  Sink sink;
  const auto run = [&] {
    while (auto wish = session.next()) {
      if (std::get_if<ServerSession::HandOver>(&*wish)) ++sink.messages;
      if (std::get_if<ServerSession::HangUp>(&*wish)) sink.hung_up = true;
      if (!std::get_if<Say>(&*wish)) session.accept();
    }
  };
  session.receive("EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n");
  run();
  session.receive(after_354);
  run();
  return sink;
}

TEST(Smuggling, no_false_end_of_data_makes_a_second_message) {
  const auto corpus = testing::shared_corpus("smuggling/smtp-end-of-data.json");
  if (!corpus) GTEST_SKIP() << "corpora not found";
  const auto json = testing::read_file(*corpus);
  int cases = 0;
  for (std::string_view key : {"inbound", "outbound"})
    for (const auto& ending : strings_of(json, key)) {
      ++cases;
      const auto text = "Subject: first\r\n\r\ntext" + ending +
                        "MAIL FROM:<ceo@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\nforged\r\n.\r\nQUIT\r\n";
      const auto sink = deliver(text);
      EXPECT_EQ(sink.messages, 0) << hex(ending);  // broken off, or a NUL in the message
      std::string out;
      EXPECT_FALSE(append_dot_stuffed(out, "text" + ending + "more\r\n").ok()) << hex(ending);
    }
  EXPECT_EQ(cases, 7 + 9);
  EXPECT_EQ(deliver("text\r\n.\r\n").messages, 1);  // so the harness does count
}

}  // namespace
}  // namespace postrider::smtp
