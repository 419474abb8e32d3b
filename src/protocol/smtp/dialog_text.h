// SPDX-License-Identifier: Apache-2.0
// How the conversations of tests/dialogs/smtp are read. Only tests include it.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"

namespace postrider::smtp::dialog {

inline std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) ADD_FAILURE() << "not a number: " << text;
  return value;
}

inline std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out.push_back('\r');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 't':
        out.push_back('\t');
        break;
      case '0':
        out.push_back('\0');
        break;
      case 'x':
        out.append(unhex(text.substr(i + 1, 2)).value_or("?"));
        i += 2;
        break;
      case '{': {
        const auto star = text.find('*', i), end = text.find('}', i);
        for (std::size_t n = number(text.substr(i + 1, star - i - 1)); n > 0; --n)
          out.append(unescape(text.substr(star + 1, end - star - 1)));
        i = end;
        break;
      }
      default:
        out.push_back(text[i]);
    }
  }
  return out;
}

inline std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      out += "\\x" + hex(std::string_view(&c, 1));
    else
      out.push_back(c);
  }
  return out;
}

inline std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  text = text.starts_with(' ') ? text.substr(1) : text;
  return word;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

struct Line {
  enum class Kind { input, owner, expected } kind;
  std::string text;
  int number;
};

struct Dialog {
  bool client = false;
  bool whole_only = false;
  Settings settings;
  std::vector<Line> lines;
  std::size_t input_size = 0;
};

inline Dialog read_dialog(const std::string& path) {
  Dialog dialog;
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::string raw;
  for (int at = 1; std::getline(in, raw); ++at) {
    std::string_view line = raw;
    if (trim(line).empty() || line.starts_with('#')) continue;
    const char input = dialog.client ? 'S' : 'C', expected = dialog.client ? 'C' : 'S';
    const auto payload = line.size() > 3 ? unescape(line.substr(3)) : std::string();
    const char kind = line.size() > 1 ? line[1] : ' ';
    if (line.starts_with("session ")) {
      dialog.client = line.substr(8) == "client";
    } else if (line == "whole only") {
      dialog.whole_only = true;
    } else if (line.starts_with("option ")) {
      auto rest = line.substr(7);
      const auto name = take_word(rest);
      dialog.settings.emplace_back(name, rest);
    } else if (line[0] == input && (kind == ':' || kind == '>')) {
      dialog.lines.push_back({Line::Kind::input, payload + (kind == ':' ? "\r\n" : ""), at});
      dialog.input_size += dialog.lines.back().text.size();
    } else if (line.starts_with("O:")) {
      dialog.lines.push_back({Line::Kind::owner, raw.substr(3), at});  // unescaped where it is used
    } else if (line.starts_with("W:") || (line[0] == expected && (kind == ':' || kind == '~'))) {
      dialog.lines.push_back({Line::Kind::expected, std::string(line.substr(0, 3)) + payload, at});
    } else {
      ADD_FAILURE() << path << ":" << at << ": cannot read this line";
    }
  }
  return dialog;
}

}  // namespace postrider::smtp::dialog
