// SPDX-License-Identifier: Apache-2.0
// llhttp's own cases against our parser, in both directions: what strict llhttp refuses we refuse, and what
// it accepts we accept, except for the cases that tests/skips.txt names with a reason.
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "base/text.h"
#include "protocol/http/request_transcript.h"
#include "testing/shared.h"

namespace postrider::http {
namespace {

struct Case {
  std::string id;        // "llhttp/request/invalid.md#Headers separated by CR"
  std::string type;      // "request", "response", "request-lenient-headers", …
  std::string input;     // as it would come from the network
  bool refused = false;  // by llhttp in that mode
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// A fenced block is an input by these rules: its last newline is not part of it, newlines are CRLF, a
// backslash at the end of a line joins it to the next, and \r \n \t \f \xHH and octal escapes are the bytes
// they name.
std::string input_from(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  replace_all(text, "\\\n", "");
  replace_all(text, "\n", "\r\n");
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto number = [&](std::size_t skip, std::size_t most, int base) {
      unsigned value = 0;
      const char* const first = text.data() + i + skip;
      const char* const last = text.data() + std::min(text.size(), i + skip + most);
      const auto [stop, failure] = std::from_chars(first, last, value, base);
      if (failure != std::errc()) return false;
      out += static_cast<char>(value);
      i = static_cast<std::size_t>(stop - text.data()) - 1;
      return true;
    };
    constexpr std::string_view letters = "rntf", bytes = "\r\n\t\f";
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (const auto at = letters.find(text[i + 1]); at != std::string_view::npos) {
        out += bytes[at];
        ++i;
        continue;
      }
      if (text[i + 1] == 'x' ? number(2, 2, 16) : number(1, 3, 8)) continue;
    }
    out += text[i];
  }
  return out;
}

// Pauses are not refusals: 21 on request, 22 for an upgrade, 23 for HTTP/2's preface.
bool is_refusal(std::string_view log) {
  for (auto at = log.find("error code="); at != std::string_view::npos;
       at = log.find("error code=", at + 1)) {
    const auto code = log.substr(at + 11, 2);
    if (code != "21" && code != "22" && code != "23") return true;
  }
  return false;
}

std::vector<Case> cases_of(const std::string& path, const std::string& id) {
  std::vector<Case> cases;
  std::map<std::string, int> seen;
  std::string heading, type, fence, block, input;
  const auto text = testing::read_file(path);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (!fence.empty()) {
      if (line != "```") {
        block += line + '\n';
        continue;
      }
      if (fence == "```http") {
        input = input_from(std::move(block));
      } else if (fence == "```url") {
        input = "GET " + input_from(std::move(block)) + " HTTP/1.1\r\n\r\n";
      } else if (fence == "```log") {
        const int count = ++seen[heading];
        cases.push_back({id + "#" + heading + (count > 1 ? " (" + std::to_string(count) + ")" : ""), type,
                         input, is_refusal(block)});
      }
      block.clear();
      fence.clear();
    } else if (line.starts_with("```")) {
      fence = line;
    } else if (line.starts_with('#')) {
      heading = trim(std::string_view(line).substr(line.find_first_not_of('#')));
    } else if (line.starts_with("<!-- meta=")) {
      constexpr std::string_view mark = "\"type\":";
      const auto field = line.find(mark);
      if (field == std::string::npos) continue;
      const auto open = line.find('"', field + mark.size());
      type = line.substr(open + 1, line.find('"', open + 1) - open - 1);
    }
  }
  return cases;
}

// Most cases have no Host field, which alone would refuse them: give them one, to see the reason they are
// about.
std::string with_host(std::string input) {
  if (lower(input).find("\nhost:") == std::string::npos)
    replace_all(input, " HTTP/1.1\r\n", " HTTP/1.1\r\nHost: example.com\r\n");
  return input;
}

enum class Verdict { served, unfinished, refused };

Verdict verdict(const std::string& input) {
  const auto whole = transcript(input);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(std::string_view(input).substr(i, 1));
  EXPECT_EQ(whole, transcript(bytes)) << input;
  if (whole.ends_with("idle\n") || whole.ends_with("closed\n")) return Verdict::served;
  // What follows a request that closes the connection is never read; llhttp calls that an error.
  return whole.ends_with("unfinished\n") ? Verdict::unfinished : Verdict::refused;
}

// llhttp refuses some lines before their end has come; nothing of them is served here either.
bool agrees(const Case& item) {
  return verdict(with_host(item.input)) != (item.refused ? Verdict::served : Verdict::refused);
}

std::set<std::string> skips() {
  std::set<std::string> ids;
  const auto text = testing::read_file(testing::source_path("tests/skips.txt"));
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("llhttp/") && line.find('#') != std::string::npos)
      ids.insert(line.substr(0, line.find('\t')));
  }
  return ids;
}

TEST(Llhttp, AgreesInBothDirections) {
  const auto folder = testing::shared_corpus("llhttp");
  if (!folder) GTEST_SKIP() << "corpora not found";
  std::vector<Case> cases = cases_of(*folder + "/url.md", "llhttp/url.md");
  for (const auto& entry : std::filesystem::directory_iterator(*folder + "/request"))
    for (auto& item : cases_of(entry.path().string(), "llhttp/request/" + entry.path().filename().string()))
      cases.push_back(std::move(item));
  const auto skipped = skips();
  std::set<std::string> used;
  int refused = 0, accepted = 0;
  for (const auto& item : cases) {
    // A lenient mode's acceptance says nothing of strict parsing; what even it refuses does.
    const bool lenient = item.type.find("lenient") != std::string::npos;
    if (lenient && !item.refused) continue;
    if (skipped.contains(item.id)) {
      used.insert(item.id);
      EXPECT_FALSE(agrees(item)) << item.id << ": no longer differs";
      continue;
    }
    EXPECT_TRUE(agrees(item)) << item.id << "\n" << transcript(with_host(item.input));
    ++(item.refused ? refused : accepted);
  }
  EXPECT_EQ(used, skipped);
  std::printf("llhttp: %d refused and %d accepted as there, %zu known differences\n", refused, accepted,
              used.size());
}

}  // namespace
}  // namespace postrider::http
