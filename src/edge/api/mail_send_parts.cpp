// SPDX-License-Identifier: Apache-2.0
#include "edge/api/mail_send_parts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "protocol/mail/address.h"
#include "protocol/mail/header.h"

namespace postrider::api::mail_send {
namespace {

std::string bracketed(std::string_view text) {
  constexpr std::size_t most = 300;  // of the client's own bytes in an answer
  return "[" + std::string(text.substr(0, most)) + "]";
}

bool is_control(char c) {
  return (c >= 0 && c < ' ') || c == 0x7f;
}

struct ContactDraft {
  const Person& as;
  std::string* key;
  Contact contact;
  bool has_email = false;
  bool good = true;
};

void read_email(ContactDraft& draft, const Input& input) {
  draft.has_email = true;
  draft.good = false;
  const auto text = input.string(draft.as.anchor);
  if (!text) return;
  const auto address = mail::Address::parse(*text);
  if (!address) return input.wrong("Does not contain a valid address.", draft.as.anchor);
  if (draft.key) *draft.key = lower(address->ascii_text());
  draft.contact.email = *text;
  draft.good = true;
}

void read_name(ContactDraft& draft, const Input& input) {
  const auto text = header_text(input, most_name_bytes, draft.as.anchor);
  if (!text) return;
  if (std::ranges::any_of(*text, is_control))
    return input.wrong("Cannot contain control characters.", draft.as.anchor);
  draft.contact.name = *text;
}

constexpr std::array<Field<ContactDraft>, 2> contact_fields{{{"email", read_email}, {"name", read_name}}};

// Written by us, and by the servers on the way.
constexpr std::array<std::string_view, 19> reserved_headers{
    "x-sg-id",   "x-sg-eid",   "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to",        "from",       "subject",  "reply-to",       "cc",           "bcc",
    "date",      "message-id", "sender",   "mime-version",   "return-path",  "content-disposition",
    "content-id"};

bool is_reserved(std::string_view name) {
  return std::ranges::any_of(reserved_headers,
                             [name](auto known) { return same_ignoring_case(known, name); });
}

std::string_view what_is_wrong_with_name(std::string_view name) {
  if (is_reserved(name)) return "Header can not be one of the reserved keys.";
  if (!is_ascii(name) || name.find(' ') != std::string_view::npos)
    return "Header keys cannot contain non-ASCII characters and empty spaces.";
  if (!mail::is_header_name(name)) return "Header keys are 1 to 76 visible characters, without a colon.";
  return {};
}

}  // namespace

bool breaks_header(std::string_view text) {
  constexpr std::string_view breaking("\r\n\0", 3);
  return text.find_first_of(breaking) != std::string_view::npos;
}

std::optional<std::string_view> header_text(const Input& input, std::size_t most, std::string_view anchor) {
  const auto text = input.string(anchor);
  if (!text) return std::nullopt;
  if (breaks_header(*text)) {
    input.wrong("Cannot contain CR, LF or NUL characters.", anchor);
    return std::nullopt;
  }
  if (text->size() > most) {
    input.wrong("Cannot be longer than " + std::to_string(most) + " bytes.", anchor);
    return std::nullopt;
  }
  return text;
}

std::optional<Contact> read_contact(const Input& input, const Person& as, std::string* key) {
  ContactDraft draft{as, key, {}};
  if (!input.must_be(json::Kind::object, as.anchor)) return std::nullopt;
  read_members<ContactDraft>(input, draft, contact_fields, as.anchor);
  if (!draft.has_email) {
    input.at("email", {}).wrong(std::string(as.missing), as.anchor);
    return std::nullopt;
  }
  if (!draft.good) return std::nullopt;
  return std::move(draft.contact);
}

void read_categories(Shared& shared, const Input& list) {
  constexpr std::string_view anchor = "message.categories";
  if (!list.must_be(json::Kind::array, anchor)) return;
  const auto count = list.value().size();
  if (count > most_categories)
    return list.wrong("There is a limit of 10 categories for each email that is sent. You provided " +
                          std::to_string(count) + " categories.",
                      anchor);
  for (const auto element : list.value().elements()) {
    const auto text = element.as_string();
    if (!text) return list.wrong("Categories must be an array of strings.", anchor);
    if (!is_ascii(*text)) return list.wrong("Categories can not contain non-ASCII characters.", anchor);
    if (text->size() > most_category_bytes)
      return list.wrong(
          "Each category must not be longer than 255 characters. " + bracketed(*text) + " exceeds this limit",
          anchor);
    if (std::ranges::find(shared.categories, *text) != shared.categories.end())
      return list.wrong("The categories must be a unique list, and you have included " + bracketed(*text) +
                            " more than once.",
                        anchor);
    shared.categories.emplace_back(*text);
  }
}

void read_headers(std::vector<Pair>& headers, const Input& object, std::string_view anchor) {
  if (!object.must_be(json::Kind::object, anchor)) return;
  if (object.value().size() > most_headers)
    return object.wrong("There is a limit of " + std::to_string(most_headers) + " headers.", anchor);
  for (const auto [name, value] : object.value().members()) {
    const auto you_provided = [key = name] { return " You provided " + bracketed(key) + "."; };
    if (const auto wrong = what_is_wrong_with_name(name); !wrong.empty()) {
      object.wrong(std::string(wrong) + you_provided(), anchor);
      continue;
    }
    const auto text = value.as_string();
    if (!text) {
      object.wrong("The header values must be strings." + you_provided(), anchor);
      continue;
    }
    if (breaks_header(*text)) {
      object.at(name, value).wrong("Cannot contain CR, LF or NUL characters.", anchor);
      continue;
    }
    const auto same = [key = name](const Pair& other) { return same_ignoring_case(other.first, key); };
    if (std::ranges::any_of(headers, same)) {
      object.wrong("The headers cannot contain duplicate keys." + you_provided(), anchor);
      continue;
    }
    headers.emplace_back(name, *text);
  }
  if (bytes_of(headers) > most_headers_bytes)
    object.wrong("The combined size of the headers may not exceed 32 KB.", anchor);
}

void read_custom_args(std::vector<Pair>& args, const Input& object) {
  constexpr std::string_view anchor = "message.personalizations.custom_args";
  if (!object.must_be(json::Kind::object, anchor)) return;
  for (const auto [name, value] : object.value().members()) {
    if (object.full()) return;
    // SendGrid answers this one with "Bad Request" and no field, which nobody can act upon.
    if (const auto text = value.as_string()) {
      args.emplace_back(name, *text);
    } else {
      object.wrong("All values of custom arguments object must be strings. The value of " + bracketed(name) +
                       " is of type " + std::string(json::name(value.kind())) + ".",
                   anchor);
    }
  }
}

void read_substitutions(std::vector<Pair>& substitutions, const Input& object) {
  constexpr std::string_view anchor = "message.personalizations.substitutions";
  if (!object.must_be(json::Kind::object, anchor)) return;
  for (const auto [tag, value] : object.value().members()) {
    if (object.full()) return;
    const auto text = value.as_string();
    if (!text) {
      object.wrong(
          "The substitution values must be an object of key/value pairs, where the values are all strings. "
          "The "
          "value of " +
              bracketed(tag) + " is of type " + std::string(json::name(value.kind())) + ".",
          anchor);
    } else if (tag.empty()) {
      object.wrong("A substitution tag must be a string at least one character in length.", anchor);
    } else {
      substitutions.emplace_back(tag, *text);
    }
  }
  if (bytes_of(substitutions) > most_substitutions_bytes)
    object.wrong("The combined size of the substitutions may not exceed 10,000 bytes per personalization.",
                 anchor);
}

std::size_t bytes_of(const std::vector<Pair>& pairs) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : pairs) bytes += name.size() + value.size();
  return bytes;
}

std::optional<Time> read_send_at(const Input& input, Time now, std::string_view anchor) {
  const auto wanted = input.value().as_int64();
  if (!wanted) {
    input.wrong(
        "The send_at parameter is expecting a Unix timestamp as an integer. We will send immediately if you "
        "include a send_at timestamp that is in the past.",
        anchor);
    return std::nullopt;
  }
  if (*wanted <= seconds(now)) return now;
  if (*wanted > seconds(now + most_ahead)) {
    input.wrong("Scheduling more than 72 hours in advance is forbidden.", anchor);
    return std::nullopt;
  }
  return Time(std::chrono::seconds(*wanted));
}

}  // namespace postrider::api::mail_send
