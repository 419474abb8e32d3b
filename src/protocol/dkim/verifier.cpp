// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/verifier.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/dkim/canonical.h"
#include "protocol/dkim/key_record.h"
#include "protocol/dkim/tag_list.h"
#include "protocol/mail/address.h"

namespace postrider::dkim {
namespace {

constexpr std::size_t most_signatures = 8;
constexpr std::size_t most_fields = 2000;  // and as many names in h=: their product bounds the work
constexpr std::size_t most_digits = 12;    // of t= and x= (RFC 6376 3.5)

struct Message {
  std::vector<FieldView> fields;
  std::string_view body;
};

Message split(std::string_view message) {
  if (message.starts_with("\r\n")) return {{}, message.substr(2)};
  const auto end = message.find("\r\n\r\n");
  if (end == std::string_view::npos) return {split_fields(message), {}};
  return {split_fields(message.substr(0, end + 2)), message.substr(end + 4)};
}

// The tags of a signature that passed RFC 6376 6.1.1.
struct Signature {
  std::string domain, selector;
  KeyType type = KeyType::rsa;
  Canonicalization header_form = Canonicalization::simple, body_form = Canonicalization::simple;
  std::vector<std::string_view> headers;
  std::string identity_domain;
  std::string bytes, body_hash;
  std::uint64_t body_limit = BodyHasher::all;
  std::optional<std::uint64_t> expires;
  std::string_view raw_b;  // in the field, with the white space around it
};

Error invalid(std::string why) {
  return {Code::invalid, std::move(why)};
}

Result<std::uint64_t> number(std::string_view text, std::size_t digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.size() > digits || error != std::errc{} || end != text.data() + text.size())
    return invalid("not a number");
  return value;
}

Result<Canonicalization> form(std::string_view text) {
  if (text == "simple") return Canonicalization::simple;
  if (text == "relaxed") return Canonicalization::relaxed;
  return invalid("unknown canonicalization");
}

Result<std::string_view> required(const TagList& tags, std::string_view name) {
  const auto value = tags.find(name);
  if (!value) return invalid("no " + std::string(name) + "= in the signature");
  return *value;
}

// A tag whose value becomes labels of a DNS name.
Result<std::string> required_name(const TagList& tags, std::string_view name) {
  return mail::ascii_domain(PR_TRY(required(tags, name)));
}

Result<std::string> required_base64(const TagList& tags, std::string_view name) {
  auto bytes = unbase64(without_space(PR_TRY(required(tags, name))));
  if (!bytes || bytes->empty()) return invalid(std::string(name) + "= is not base64");
  return std::move(*bytes);
}

bool is_same_or_below(std::string_view domain, std::string_view parent) {
  return domain == parent || (domain.ends_with(parent) && domain.size() > parent.size() &&
                              domain[domain.size() - parent.size() - 1] == '.');
}

// Reads the tags; fills what names the signature in `verdict` as far as it can be read.
Result<Signature> read_signature(const TagList& tags, Verdict& verdict) {
  Signature out;
  verdict.domain = out.domain = PR_TRY(required_name(tags, "d"));
  verdict.selector = out.selector = PR_TRY(required_name(tags, "s"));
  verdict.algorithm = PR_TRY(required(tags, "a"));
  if (PR_TRY(required(tags, "v")) != "1") return invalid("not version 1");
  if (verdict.algorithm == "ed25519-sha256")
    out.type = KeyType::ed25519;
  else if (verdict.algorithm != "rsa-sha256")
    return invalid("algorithm not accepted");

  if (const auto c = tags.find("c")) {
    const auto slash = c->find('/');
    out.header_form = PR_TRY(form(c->substr(0, slash)));
    if (slash != std::string_view::npos) out.body_form = PR_TRY(form(c->substr(slash + 1)));
  }
  out.headers = colon_list(PR_TRY(required(tags, "h")));
  if (out.headers.size() > most_fields) return invalid("too many names in h=");
  if (std::ranges::any_of(out.headers, &std::string_view::empty)) return invalid("an empty name in h=");
  if (std::ranges::none_of(out.headers, [](auto name) { return same_ignoring_case(name, "from"); }))
    return invalid("From is not signed");

  const auto identity = tags.find("i").value_or("@");
  const auto at = identity.rfind('@');
  if (at == std::string_view::npos) return invalid("i= is not an identity");
  out.identity_domain = identity == "@" ? out.domain : PR_TRY(mail::ascii_domain(identity.substr(at + 1)));
  if (!is_same_or_below(out.identity_domain, out.domain)) return invalid("i= is outside of d=");

  if (const auto q = tags.find("q"); q && !colon_list_has(*q, "dns/txt"))
    return invalid("no query method that we know");
  if (const auto l = tags.find("l")) out.body_limit = PR_TRY(number(*l, 19));
  std::uint64_t signed_at = 0;
  if (const auto t = tags.find("t")) signed_at = PR_TRY(number(*t, most_digits));
  if (const auto x = tags.find("x")) {
    out.expires = PR_TRY(number(*x, most_digits));
    if (*out.expires <= signed_at) return invalid("expires before it is signed");
  }
  out.bytes = PR_TRY(required_base64(tags, "b"));
  out.body_hash = PR_TRY(required_base64(tags, "bh"));
  out.raw_b = *tags.find_raw("b");
  return out;
}

// RFC 6376 3.7: the fields of h=, each name taking its last unused instance, then the signature itself
// without its b= and without a CRLF.
Digest signed_digest(const Message& message, const FieldView& own, const Signature& signature) {
  std::string text;
  const auto add = [&](std::string_view raw) {
    if (signature.header_form == Canonicalization::relaxed)
      append_relaxed(text, raw);
    else
      text.append(raw.ends_with("\r\n") ? raw.substr(0, raw.size() - 2) : raw);
  };
  std::vector<bool> used(message.fields.size());
  for (const auto name : signature.headers) {
    for (auto i = message.fields.size(); i-- > 0;) {
      const auto& field = message.fields[i];
      if (used[i] || field.raw.data() == own.raw.data() || !same_ignoring_case(field.name, name)) continue;
      used[i] = true;
      add(field.raw);
      text.append("\r\n");
      break;
    }
  }
  const auto b_at = static_cast<std::size_t>(signature.raw_b.data() - own.raw.data());
  add(std::string(own.raw.substr(0, b_at)).append(own.raw.substr(b_at + signature.raw_b.size())));
  return sha256(text);
}

// The first usable record, or why there is none.
Result<KeyRecord> find_key(const Signature& signature, const KeyLookup& lookup) {
  const auto records = PR_TRY(lookup(key_record_name(signature.selector, signature.domain)));
  Error why{Code::not_found, "no key record"};
  for (const auto& record : records) {
    auto key = parse_key_record(record);
    if (!key) {
      why = std::move(key).error();
    } else if (key->key.type() != signature.type) {
      why = invalid("the key is of another type");
    } else {
      return std::move(*key);
    }
  }
  return why;
}

void judge(const Message& message, const FieldView& own, const KeyLookup& lookup, Time now,
           Verdict& verdict) {
  const auto give = [&verdict](Status result, std::string reason) {
    verdict.result = result;
    verdict.reason = std::move(reason);
  };
  auto value = own.raw.substr(own.raw.find(':') + 1);
  if (value.ends_with("\r\n")) value.remove_suffix(2);
  const auto tags = TagList::parse(value);
  if (!tags) return give(Status::permerror, tags.error().detail);
  const auto read = read_signature(*tags, verdict);
  if (!read) return give(Status::permerror, read.error().detail);
  const Signature& signature = *read;
  if (signature.expires && static_cast<std::int64_t>(*signature.expires) < seconds(now))
    return give(Status::fail, "expired");

  const auto key = find_key(signature, lookup);
  if (!key) {
    const bool final = key.error().code == Code::not_found || key.error().code == Code::invalid ||
                       key.error().code == Code::forbidden;
    return give(final ? Status::permerror : Status::temperror, key.error().detail);
  }
  verdict.testing = key->testing;
  if (key->same_domain_only && signature.identity_domain != signature.domain)
    return give(Status::permerror, "the key is not for subdomains");

  BodyHasher body(signature.body_form, signature.body_limit);
  body.update(message.body);
  const Digest hash = body.finish();
  if (signature.body_limit != BodyHasher::all && signature.body_limit > body.size())
    return give(Status::permerror, "l= is longer than the body");
  verdict.partial = signature.body_limit < body.size();
  if (bytes_of(hash) != signature.body_hash) return give(Status::fail, "the body has changed");
  if (!key->key.verify_digest(signed_digest(message, own, signature), signature.bytes))
    return give(Status::fail, "the signature does not hold");
  give(Status::pass, verdict.partial ? "part of the body is not signed" : "");
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::pass:
      return "pass";
    case Status::fail:
      return "fail";
    case Status::temperror:
      return "temperror";
    case Status::permerror:
      return "permerror";
  }
  return "";
}

std::vector<Verdict> verify(std::string_view message, const KeyLookup& lookup, Time now) {
  std::vector<Verdict> verdicts;
  const Message parts = split(message);
  for (const auto& field : parts.fields) {
    if (!same_ignoring_case(field.name, "DKIM-Signature")) continue;
    if (verdicts.size() == most_signatures) break;
    Verdict& verdict = verdicts.emplace_back();
    if (parts.fields.size() > most_fields)
      verdict.reason = "too many header fields";
    else
      judge(parts, field, lookup, now, verdict);
  }
  return verdicts;
}

}  // namespace postrider::dkim
