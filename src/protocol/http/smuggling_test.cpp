// SPDX-License-Identifier: Apache-2.0
// Heads that make two parsers disagree about where a request ends. Each must be refused before a byte of its
// body is read as anything; the few that say nothing ambiguous (tests/skips.txt) are framed by Content-Length
// alone.
#include <gtest/gtest.h>

#include <charconv>
#include <set>
#include <vector>

#include "base/text.h"
#include "protocol/http/request_transcript.h"
#include "testing/shared.h"

namespace postrider::http {
namespace {

struct Head {
  std::string id;  // "smuggling/default/nameprefix1"
  std::string text;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The corpus file has one `"name": "text",` a line, escaped ASCII; a character is a byte. JSON is another
// folder's subject, and this much of it is enough.
std::string bytes_of(std::string_view escaped) {
  std::string out;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      out += escaped[i];
      continue;
    }
    switch (escaped[++i]) {
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        unsigned byte = 0;
        std::from_chars(escaped.data() + i + 1, escaped.data() + i + 5, byte, 16);
        out += static_cast<char>(byte);
        i += 4;
        break;
      }
      default:
        out += escaped[i];
        break;
    }
  }
  return out;
}

std::vector<Head> heads_in(const std::string& path) {
  std::vector<Head> heads;
  std::string group;
  for (const auto& line : lines_of(testing::read_file(path))) {
    const auto quote = line.find("\": ");
    if (!line.starts_with('"') || quote == std::string::npos) continue;
    const auto name = line.substr(1, quote - 1);
    const auto rest = trim(std::string_view(line).substr(quote + 3));
    if (rest == "{") group = name;
    if (group.empty() || group == "heads" || !rest.starts_with('"')) continue;
    heads.push_back({"smuggling/" + group + "/" + name, bytes_of(rest.substr(1, rest.rfind('"') - 1))});
  }
  return heads;
}

std::string filled(std::string head, std::size_t content_length) {
  const std::pair<std::string_view, std::string> values[] = {
      {"__METHOD__", "POST"},
      {"__ENDPOINT__", "/v3/mail/send"},
      {"__RANDOM__", "1"},
      {"__HOST__", "example.com"},
      {"__REPLACE_CL__", std::to_string(content_length)}};
  for (const auto& [place, value] : values)
    for (auto at = head.find(place); at != std::string::npos; at = head.find(place, at + value.size()))
      head.replace(at, place.size(), value);
  return head + "\r\n";
}

constexpr std::string_view hidden = "GET /hidden HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr std::string_view marker = "GET /marker HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";

std::string seen(const std::string& input) {
  const auto whole = transcript(input);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(std::string_view(input).substr(i, 1));
  EXPECT_EQ(whole, transcript(bytes));
  return whole;
}

TEST(Smuggling, NoHeadHidesARequestInItsBody) {
  const auto path = testing::shared_corpus("smuggling/http-te-heads.json");
  if (!path) GTEST_SKIP() << "corpora not found";
  std::set<std::string> plain, met;
  for (const auto& line : lines_of(testing::read_file(testing::source_path("tests/skips.txt"))))
    if (line.starts_with("smuggling/")) plain.insert(line.substr(0, line.find('\t')));

  const auto after_last_chunk = "0\r\n\r\n" + std::string(hidden);  // hidden from who reads Content-Length
  const auto inside_chunk = "2b\r\n" + std::string(hidden) + "\r\n0\r\n\r\n";  // hidden from who reads chunks
  ASSERT_EQ(hidden.size(), 0x2bu);

  const auto heads = heads_in(*path);
  EXPECT_EQ(heads.size(), 1768u);
  for (const auto& [id, text] : heads) {
    const auto cl_te = seen(filled(text, after_last_chunk.size()) + after_last_chunk + std::string(marker));
    const auto te_cl = seen(filled(text, 4) + inside_chunk + std::string(marker));
    const auto te_0 = seen(filled(text, 0) + inside_chunk + std::string(marker));
    if (plain.contains(id)) {
      met.insert(id);
      EXPECT_NE(cl_te.find("body " + after_last_chunk + "\nhead GET /marker"), std::string::npos)
          << id << cl_te;
      EXPECT_EQ(cl_te.find("head GET /hidden"), std::string::npos) << id;
      continue;
    }
    for (const auto& answers : {cl_te, te_cl, te_0})
      EXPECT_TRUE(answers.starts_with("refused 400") || answers.starts_with("refused 501")) << id << "\n"
                                                                                            << answers;
  }
  EXPECT_EQ(met, plain);
}

}  // namespace
}  // namespace postrider::http
