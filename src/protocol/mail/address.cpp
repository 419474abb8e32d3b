// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/address.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace postrider::mail {
namespace {

constexpr std::size_t most_bytes = 254;  // a path of 256 (RFC 5321 4.5.3.1.3) without its angle brackets
constexpr std::size_t most_local_bytes = 64;
constexpr std::size_t most_domain_bytes = 253;
constexpr std::size_t most_label_bytes = 63;

Error invalid(const char* why) {
  return {Code::invalid, why};
}

bool is_high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

// RFC 5322 atext, with UTF8-non-ascii added by RFC 6531 3.3.
bool is_atext(char c) {
  return is_alpha(c) || is_digit(c) || is_high(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  char before = '\0';
  for (char c : text) {
    if (c == '.' ? before == '.' : !is_atext(c)) return false;
    before = c;
  }
  return true;
}

// The content of a quoted string that spans all of `text`, or invalid.
Result<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return invalid("unclosed quotes");
  text = text.substr(1, text.size() - 2);
  std::string content;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') return invalid("a quote within quotes");
    if (c == '\\') {
      if (++i == text.size()) return invalid("unclosed quotes");
      c = text[i];
      if (is_high(c)) return invalid("a backslash before a character that is not ASCII");
    }
    if (c < ' ' ? !is_high(c) : c == 0x7f) return invalid("a control character");
    content.push_back(c);
  }
  return content;
}

std::string quote(std::string_view content) {
  std::string out = "\"";
  for (char c : content) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

Result<std::string> parse_local(std::string_view text) {
  if (text.size() > most_local_bytes) return invalid("a local part of more than 64 bytes");
  if (!text.starts_with('"')) {
    if (!is_dot_atom(text)) return invalid("not a local part");
    return std::string(text);
  }
  auto content = PR_TRY(unquote(text));
  return is_dot_atom(content) ? std::move(content) : quote(content);
}

bool is_host_name(std::string_view domain) {
  if (domain.empty() || domain.size() > most_domain_bytes) return false;
  for (std::size_t from = 0; from <= domain.size();) {
    const auto dot = std::min(domain.find('.', from), domain.size());
    const auto label = domain.substr(from, dot - from);
    if (label.empty() || label.size() > most_label_bytes || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; }))
      return false;
    from = dot + 1;
  }
  return true;
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  for (std::size_t from = 0; from <= text.size(); ++parts) {
    const auto dot = std::min(text.find('.', from), text.size());
    const auto part = text.substr(from, dot - from);
    if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_digit)) return false;
    int value = 0;
    for (char c : part) value = value * 10 + (c - '0');
    if (value > 255) return false;
    from = dot + 1;
  }
  return parts == 4;
}

bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

// Groups of up to four hex digits between single colons; -1 when there is anything else.
int ipv6_groups(std::string_view text) {
  if (text.empty()) return 0;
  int groups = 0;
  for (std::size_t from = 0; from <= text.size(); ++groups) {
    const auto colon = std::min(text.find(':', from), text.size());
    const auto group = text.substr(from, colon - from);
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return -1;
    from = colon + 1;
  }
  return groups;
}

// RFC 5321 4.1.3: "::" stands for at least two groups; a dotted quad stands for the last two.
bool is_ipv6(std::string_view text) {
  int wanted = 8;
  if (text.find('.') != std::string_view::npos) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || !is_ipv4(text.substr(colon + 1))) return false;
    wanted = 6;
    // The colon belongs to a "::" or only parts the quad from the groups.
    text = text.substr(0, colon > 0 && text[colon - 1] == ':' ? colon + 1 : colon);
  }
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text) == wanted;
  const int before = ipv6_groups(text.substr(0, gap)), after = ipv6_groups(text.substr(gap + 2));
  return before >= 0 && after >= 0 && before + after <= wanted - 2;
}

Result<std::string> parse_literal(std::string_view text) {
  constexpr std::string_view tag = "IPv6:";
  if (!text.ends_with(']')) return invalid("unclosed address literal");
  const auto inner = text.substr(1, text.size() - 2);
  if (is_ipv4(inner)) return std::string(text);
  if (starts_ignoring_case(inner, tag) && is_ipv6(inner.substr(tag.size())))
    return "[" + std::string(tag) + lower(inner.substr(tag.size())) + "]";
  return invalid("not an address literal");
}

struct FreeIdn {
  void operator()(char* text) const { idn2_free(text); }
};
using IdnText = std::unique_ptr<char, FreeIdn>;

Result<std::string> to_a_labels(const std::string& domain) {
  char* out = nullptr;
  const int code = idn2_to_ascii_8z(domain.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const IdnText owned(out);
  if (code != IDN2_OK) return invalid(idn2_strerror(code));
  return lower(out);
}

Result<std::string> to_u_labels(const std::string& a_labels) {
  char* out = nullptr;
  const int code = idn2_to_unicode_8z8z(a_labels.c_str(), &out, 0);
  const IdnText owned(out);
  if (code != IDN2_OK) return invalid(idn2_strerror(code));
  return std::string(out);
}

}  // namespace

Result<std::string> ascii_domain(std::string_view domain) {
  std::string out;
  if (is_ascii(domain)) {
    out = lower(domain);
  } else {
    if (!is_utf8(domain) || domain.find('\0') != std::string_view::npos)
      return invalid("a domain that is not UTF-8");
    out = PR_TRY(to_a_labels(std::string(domain)));
  }
  if (!is_host_name(out)) return invalid("not a domain");
  return out;
}

Result<Address> Address::parse(std::string_view text) {
  if (text.size() > most_bytes) return invalid("an address of more than 254 bytes");
  if (!is_utf8(text)) return invalid("an address that is not UTF-8");
  // A domain holds no '@', so the last one parts, even where quotes hold others.
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return invalid("an address without a domain");

  Address out;
  out.text_ = PR_TRY(parse_local(text.substr(0, at)));
  out.at_ = out.text_.size();
  out.needs_smtputf8_ = !is_ascii(out.text_);
  out.text_.push_back('@');
  const auto domain = text.substr(at + 1);
  if (domain.starts_with('[')) {
    out.text_ += PR_TRY(parse_literal(domain));
  } else if (is_ascii(domain)) {
    out.text_ += PR_TRY(mail::ascii_domain(domain));
  } else {
    out.ascii_domain_ = PR_TRY(mail::ascii_domain(domain));
    out.text_ += PR_TRY(to_u_labels(out.ascii_domain_));
  }
  if (out.text_.size() > most_bytes || out.at_ + 1 + out.ascii_domain().size() > most_bytes)
    return invalid("an address of more than 254 bytes");
  return out;
}

std::string Address::ascii_text() const {
  std::string out(local());
  out.push_back('@');
  out.append(ascii_domain());
  return out;
}

}  // namespace postrider::mail
