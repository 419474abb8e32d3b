// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/dkim/canonical.h"
#include "protocol/dkim/key_record.h"
#include "protocol/dkim/signer.h"
#include "protocol/dkim/verifier.h"
#include "testing/shared.h"

namespace postrider::dkim {
namespace {

const Time now = from_millis(1'700'000'000'000);

class Zone {
 public:
  void add(const std::string& name, const std::string& txt) { records_[name] = txt; }
  KeyLookup lookup() const {
    return [this](const std::string& name) -> Result<std::vector<std::string>> {
      const auto record = records_.find(name);
      if (record == records_.end()) return Error{Code::not_found, "no key record"};
      if (record->second == "timeout") return Error{Code::timeout, "no answer"};
      return std::vector{record->second};
    };
  }

 private:
  std::map<std::string, std::string> records_;
};

// One key of each kind, published for example.com as s1 and e1.
struct Domain {
  SigningKey rsa = SigningKey::generate(KeyType::rsa), ed25519 = SigningKey::generate(KeyType::ed25519);
  Zone zone;
  Domain() {
    zone.add("s1._domainkey.example.com", key_record(rsa.public_key()));
    zone.add("e1._domainkey.example.com", key_record(ed25519.public_key()));
  }
};
Domain& domain() {
  static Domain made;
  return made;
}

const std::string headers =
    "From: Joe <joe@example.com>\r\nTo: suzie@example.net\r\nSubject: Is dinner\r\n ready?\r\n"
    "Received: from here\r\nDate: Fri, 11 Jul 2003 21:00:37 +0000\r\nMessage-ID: <1@example.com>\r\n";
const std::string body = "Hi.\r\n\r\nWe lost  the game.\r\n\r\n";

std::string signature(const SigningKey& key, std::string_view selector, std::string_view over = headers,
                      std::optional<Time> expires = std::nullopt) {
  const auto signer = Signer::create("Example.COM", selector, key.type());
  EXPECT_TRUE(signer);
  const auto prepared = signer->prepare(over, body_hash(body), now, expires);
  return finish(prepared, key.sign_digest(prepared.digest).value());
}

Verdict only(std::string_view message, const Zone& zone = domain().zone, Time at = now) {
  const auto verdicts = verify(message, zone.lookup(), at);
  EXPECT_EQ(verdicts.size(), 1u);
  return verdicts.empty() ? Verdict{} : verdicts.front();
}

// A message with an Ed25519 signature, its header built from these tags (b= comes last), signed as they say.
std::string with_tags(std::string tags, std::string_view over = headers) {
  BodyHasher hasher;
  hasher.update(body);
  if (tags.find("bh=") == std::string::npos) tags += " bh=" + base64(bytes_of(hasher.finish())) + ";";
  std::string canonical;
  const auto h = tags.find("h=");
  const auto fields = split_fields(over);
  for (const auto name : {"from", "subject"}) {
    if (h == std::string::npos || tags.find(name, h) == std::string::npos) continue;
    for (const auto& field : fields)
      if (same_ignoring_case(field.name, name)) {
        append_relaxed(canonical, field.raw);
        canonical += "\r\n";
      }
  }
  const std::string header = "DKIM-Signature: " + tags + " b=";
  append_relaxed(canonical, header);
  return header + base64(domain().ed25519.sign_digest(sha256(canonical)).value()) + "\r\n" +
         std::string(over) + "\r\n" + body;
}
const std::string usual_tags =
    "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=e1; h=from:subject;";

TEST(Dkim, what_is_signed_verifies) {
  const auto rsa = only(signature(domain().rsa, "s1") + headers + "\r\n" + body);
  EXPECT_EQ(rsa.result, Status::pass) << rsa.reason;
  EXPECT_EQ(rsa.domain, "example.com");
  EXPECT_EQ(rsa.selector, "s1");
  EXPECT_EQ(rsa.algorithm, "rsa-sha256");
  EXPECT_FALSE(rsa.partial);
  const auto ed25519 = only(signature(domain().ed25519, "e1") + headers + "\r\n" + body);
  EXPECT_EQ(ed25519.result, Status::pass) << ed25519.reason;
}

TEST(Dkim, two_signatures_share_a_body_hash_and_both_verify) {
  const auto message =
      signature(domain().rsa, "s1") + signature(domain().ed25519, "e1") + headers + "\r\n" + body;
  const auto verdicts = verify(message, domain().zone.lookup(), now);
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[0].result, Status::pass);
  EXPECT_EQ(verdicts[1].result, Status::pass);
}

TEST(Dkim, a_signature_header_is_folded_and_lists_from_twice) {
  const auto header = signature(domain().rsa, "s1");
  EXPECT_NE(header.find("h=From:From:To:Subject:Date:Message-ID;"), std::string::npos) << header;
  EXPECT_EQ(header.find("Received"), std::string::npos);
  for (std::size_t from = 0; from < header.size();) {
    const auto end = header.find("\r\n", from);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - from, 78u);
    from = end + 2;
    if (from < header.size()) EXPECT_EQ(header[from], ' ');
  }
}

TEST(Dkim, survives_what_relays_do) {
  const auto header = signature(domain().ed25519, "e1");
  const auto folded =
      "from:  Joe\r\n\t<joe@example.com>\r\nTo: suzie@example.net  \r\nSubject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 +0000\r\nX-New: 1\r\nMessage-ID: <1@example.com>\r\n";
  EXPECT_EQ(only("Received: by relay\r\n" + header + folded + "\r\nHi. \r\n\r\nWe lost the game.\r\n").result,
            Status::pass);
}

TEST(Dkim, every_change_that_matters_is_seen) {
  const auto header = signature(domain().ed25519, "e1");
  EXPECT_EQ(only(header + headers + "\r\n" + "HI.\r\n").reason, "the body has changed");
  EXPECT_EQ(only(header + headers + "From: mallory@example.com\r\n\r\n" + body).reason,
            "the signature does not hold");
  EXPECT_EQ(only(header + "From: mallory@example.com\r\n" + headers + "\r\n" + body).reason,
            "the signature does not hold");
  for (const auto* name : {"Joe", "suzie", "dinner", "2003", "<1@"}) {
    auto changed = headers;
    changed[changed.find(name) + 1] ^= 1;
    EXPECT_EQ(only(header + changed + "\r\n" + body).result, Status::fail) << name;
  }
}

TEST(Dkim, all_instances_of_a_signed_name_are_signed) {
  const std::string two = "From: joe@example.com\r\nTo: a@example.com\r\nTo: b@example.com\r\n";
  const auto header = signature(domain().ed25519, "e1", two);
  EXPECT_NE(header.find("h=From:From:To:To;"), std::string::npos);
  EXPECT_EQ(only(header + two + "\r\n" + body).result, Status::pass);
  EXPECT_EQ(
      only(header + "From: joe@example.com\r\nTo: b@example.com\r\nTo: a@example.com\r\n\r\n" + body).result,
      Status::fail);
}

TEST(Dkim, expires) {
  const auto message =
      signature(domain().ed25519, "e1", headers, now + std::chrono::hours(1)) + headers + "\r\n" + body;
  EXPECT_EQ(only(message, domain().zone, now + std::chrono::minutes(59)).result, Status::pass);
  const auto late = only(message, domain().zone, now + std::chrono::minutes(61));
  EXPECT_EQ(late.result, Status::fail);
  EXPECT_EQ(late.reason, "expired");
}

TEST(Signer, refuses_what_cannot_stand_in_its_header) {
  const std::string_view from[] = {"From"}, none[] = {"Subject"}, twice[] = {"From", "from"},
                         broken[] = {"From", "a;b"};
  EXPECT_TRUE(Signer::create("example.com", "s1", KeyType::rsa, from));
  EXPECT_TRUE(Signer::create("b\u00fccher.example", "s1.sub", KeyType::rsa, from));
  EXPECT_FALSE(Signer::create("example.com; x=y", "s1", KeyType::rsa, from));
  EXPECT_FALSE(Signer::create("example.com", "s 1", KeyType::rsa, from));
  EXPECT_FALSE(Signer::create("example.com", "", KeyType::rsa, from));
  EXPECT_FALSE(Signer::create("example.com", "s1", KeyType::rsa, none));
  EXPECT_FALSE(Signer::create("example.com", "s1", KeyType::rsa, twice));
  EXPECT_FALSE(Signer::create("example.com", "s1", KeyType::rsa, broken));
}

TEST(Verifier, accepts_the_tags_that_others_write) {
  for (const std::string& extra :
       {std::string(), std::string(" i=@example.com;"), std::string(" i=joe@mail.example.com;"),
        std::string(" q=dns/txt;"), std::string(" q=other:dns/txt; unknown=1;"),
        std::string(" t=1700000000; x=1700000001;"), std::string(" z=From:x|To:y;")}) {
    const auto verdict = only(with_tags(usual_tags + extra));
    EXPECT_EQ(verdict.result, Status::pass) << extra << ": " << verdict.reason;
  }
}

TEST(Verifier, a_body_length_leaves_the_rest_unsigned_and_says_so) {
  const auto part = with_tags(usual_tags + " l=3; bh=" + base64(bytes_of(sha256("Hi."))) + ";");
  const auto verdict = only(part);
  EXPECT_EQ(verdict.result, Status::pass) << verdict.reason;
  EXPECT_TRUE(verdict.partial);
  EXPECT_EQ(only(with_tags(usual_tags + " l=3000;")).reason, "l= is longer than the body");
  EXPECT_EQ(only(with_tags(usual_tags + " l=-3;")).reason, "not a number");
}

TEST(Verifier, refuses_tags_that_break_the_rules) {
  const std::map<std::string, std::string> cases{
      {"a=ed25519-sha256; d=example.com; s=e1; h=from;", "no v= in the signature"},
      {"v=2; a=ed25519-sha256; d=example.com; s=e1; h=from;", "not version 1"},
      {"v=1; d=example.com; s=e1; h=from;", "no a= in the signature"},
      {"v=1; a=rsa-sha1; d=example.com; s=e1; h=from;", "algorithm not accepted"},
      {"v=1; a=ed25519-sha256; s=e1; h=from;", "no d= in the signature"},
      {"v=1; a=ed25519-sha256; d=example.com; h=from;", "no s= in the signature"},
      {"v=1; a=ed25519-sha256; d=example.com; s=e1;", "no h= in the signature"},
      {"v=1; a=ed25519-sha256; d=example.com; s=e1; h=subject;", "From is not signed"},
      {"v=1; a=ed25519-sha256; d=example.com; s=e1; h=from::subject;", "an empty name in h="},
      {"v=1; a=ed25519-sha256; d=exa mple.com; s=e1; h=from;", "not a domain"},
      {"v=1; a=ed25519-sha256; c=relaxed/strict; d=example.com; s=e1; h=from;", "unknown canonicalization"},
      {usual_tags + " i=@example.net;", "i= is outside of d="},
      {usual_tags + " i=@badexample.com;", "i= is outside of d="},
      {usual_tags + " i=joe;", "i= is not an identity"},
      {usual_tags + " q=dns/a;", "no query method that we know"},
      {usual_tags + " t=2; x=1;", "expires before it is signed"},
      {usual_tags + " t=1234567890123;", "not a number"},
      {usual_tags + " d=example.net;", "tag d twice"},
      {usual_tags + " bh=***;", "bh= is not base64"},
  };
  for (const auto& [tags, reason] : cases) {
    const auto verdict = only(with_tags(tags));
    EXPECT_EQ(verdict.result, Status::permerror) << tags;
    EXPECT_EQ(verdict.reason, reason) << tags;
  }
}

TEST(Verifier, obeys_the_key_record) {
  const auto record = key_record(domain().ed25519.public_key());
  const auto judged = [](const std::string& txt, const std::string& message) {
    Zone zone;
    zone.add("e1._domainkey.example.com", txt);
    return only(message, zone);
  };
  const auto message = with_tags(usual_tags), below = with_tags(usual_tags + " i=@sub.example.com;");
  EXPECT_EQ(judged(record, message).result, Status::pass);
  EXPECT_TRUE(judged(record + "; t=y", message).testing);
  EXPECT_EQ(judged(record, below).result, Status::pass);
  EXPECT_EQ(judged(record + "; t=s", below).result, Status::permerror);
  EXPECT_EQ(judged(record + "; t=s", message).result, Status::pass);
  EXPECT_EQ(judged("v=DKIM1; k=ed25519; p=", message).reason, "the key is revoked");
  EXPECT_EQ(judged(key_record(domain().rsa.public_key()), message).reason, "the key is of another type");
  EXPECT_EQ(judged("timeout", message).result, Status::temperror);
  EXPECT_EQ(only(message, Zone{}).result, Status::permerror);
}

TEST(Verifier, is_calm_about_anything) {
  std::mt19937 random(9);
  const auto good = with_tags(usual_tags);
  for (int round = 0; round < 2000; ++round) {
    auto changed = good;
    for (auto n = 1 + random() % 4; n > 0; --n) {
      const auto at = random() % changed.size();
      if (random() % 2)
        changed[at] = static_cast<char>(random());
      else
        changed.erase(at, random() % 10);
      if (changed.empty()) changed = "x";
    }
    (void)verify(changed, domain().zone.lookup(), now);
  }
  for (const auto* text : {"", "\r\n", "x", "DKIM-Signature:", "DKIM-Signature: \r\n\r\n", ":", ":\r\n :"})
    (void)verify(text, domain().zone.lookup(), now);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "DKIM-Signature: v=1\r\n";
  EXPECT_EQ(verify(many + headers + "\r\n", domain().zone.lookup(), now).size(), 8u);
}

// --- published vectors ---

// A corpus file: key records, a blank line, a message, all with bare LF.
struct Vector {
  Zone zone;
  std::string message;
};

std::string with_crlf(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

Vector read_vector(const std::string& path) {
  Vector out;
  const auto text = with_crlf(testing::read_file(path));
  const auto blank = text.find("\r\n\r\n");
  for (std::size_t from = 0; from < blank;) {
    const auto end = text.find("\r\n", from), space = text.find(' ', from);
    out.zone.add(text.substr(from, space - from), text.substr(space + 1, end - space - 1));
    from = end + 2;
  }
  out.message = text.substr(blank + 4);
  return out;
}

TEST(DkimVectors, mail_auth) {
  for (const auto* file : {"001", "002", "003", "004", "005", "006"}) {
    const auto path = testing::shared_corpus("mail-auth/dkim/" + std::string(file) + ".txt");
    if (!path) GTEST_SKIP() << "corpora not found";
    const auto vector = read_vector(*path);
    const auto verdicts = verify(vector.message, vector.zone.lookup(), from_millis(0));  // before x=
    EXPECT_FALSE(verdicts.empty());
    for (const auto& verdict : verdicts)
      EXPECT_EQ(verdict.result, Status::pass) << file << " " << verdict.algorithm << ": " << verdict.reason;
  }
}

TEST(DkimVectors, mimekit) {
  Zone zone;
  zone.add("brisbane._domainkey.football.example.com",
           "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  const auto rfc = testing::shared_corpus("mimekit/dkim/rfc8463-example.msg");
  if (!rfc) GTEST_SKIP() << "corpora not found";
  const auto verdicts = verify(with_crlf(testing::read_file(*rfc)), zone.lookup(), now);
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[0].result, Status::pass) << verdicts[0].reason;
  EXPECT_EQ(verdicts[1].result, Status::permerror);  // its key is not published in this corpus

  const auto gmail = testing::shared_corpus("mimekit/dkim/gmail.msg"),
             pem = testing::shared_corpus("mimekit/dkim/gmail.pub");
  ASSERT_TRUE(gmail && pem);
  std::string key;
  for (auto text = with_crlf(testing::read_file(*pem)); !text.empty();) {
    const auto end = std::min(text.find("\r\n"), text.size());
    if (!text.starts_with("-----")) key += text.substr(0, end);
    text.erase(0, end + 2);
  }
  zone.add("20120113._domainkey.gmail.com", "k=rsa; p=" + key);
  const auto verdict = only(with_crlf(testing::read_file(*gmail)), zone);
  EXPECT_EQ(verdict.result, Status::pass) << verdict.reason;
}

// RFC 8463 A.2: the private keys of its example, as PKCS#8. Both algorithms are deterministic.
TEST(DkimVectors, rfc_8463_signatures_come_out_byte_for_byte) {
  const auto path = testing::shared_corpus("mail-auth/dkim/001.txt");
  if (!path) GTEST_SKIP() << "corpora not found";
  const auto message = read_vector(*path).message;
  const auto ed25519 =
      *unhex("302e020100300506032b657004220420") + *unbase64("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
  const auto rsa = *unhex("30820277020100300d06092a864886f70d0101010500048202613082025d") +
                   unbase64(
                       "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
                       "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR"
                       "+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/"
                       "K4w3QIDAQABAoGAH0cxOhFZDgzXWhDhnAJDw5s4roOX"
                       "N4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5"
                       "SxKjvvQoZZezHorimOaChRL2it4"
                       "7iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/"
                       "0U58W7RZy6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc"
                       "uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/"
                       "OPN0oWCbXIGxyWvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6h"
                       "MxO73gnfNayNgPxdWFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+"
                       "L3AAtNP9huqkWlzECQE1alicIeVlo1e+qJ6Mgqr0Q7Aa7falZ448c"
                       "cbSFYEPD6oFxiOl9Y9se9iYHZKKfIcsto7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//"
                       "5qDZ2UiDGnOeuEzxBDAr518Z8VFb"
                       "R41in3W4Y3yCDgQlLlcETrS+zYcL")
                       .value()
                       .substr(4);
  const auto parts = message.find("\r\n\r\n");
  const auto fields = split_fields(std::string_view(message).substr(0, parts + 2));
  EXPECT_EQ(base64(bytes_of(body_hash(std::string_view(message).substr(parts + 4)))),
            "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  std::string signed_fields;  // from : to : subject : date : message-id, then from, subject and date once
                              // more, absent
  for (const auto* name : {"From", "To", "Subject", "Date", "Message-ID"})
    for (const auto& field : fields)
      if (field.name == name) {
        append_relaxed(signed_fields, field.raw);
        signed_fields += "\r\n";
      }
  for (std::size_t i : {0u, 1u}) {
    const auto& raw = fields[i].raw;
    const auto b = raw.find(" b=") + 3;
    std::string text = signed_fields;
    append_relaxed(text, raw.substr(0, b));
    const auto key = SigningKey::from_pkcs8_der(i == 0 ? ed25519 : rsa);
    ASSERT_TRUE(key) << i << key.error().detail;
    std::string published(raw.substr(b));
    std::erase_if(published, [](char c) { return c == ' ' || c == '\r' || c == '\n'; });
    EXPECT_EQ(base64(key->sign_digest(sha256(text)).value()), published) << i;
  }
}

}  // namespace
}  // namespace postrider::dkim
