// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/canonical.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"

namespace postrider::dkim {
namespace {

std::string relaxed(std::string_view field) {
  std::string out;
  append_relaxed(out, field);
  return out;
}

// RFC 6376 3.4.4 and 3.4.3 in the most literal way.
std::string literal_body(std::string_view body, Canonicalization form) {
  std::string out;
  while (!body.empty()) {
    const auto end = body.find("\r\n");
    std::string line(body.substr(0, end));
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
    if (form == Canonicalization::relaxed) {
      std::string reduced;
      for (char c : line) {
        const bool white = c == ' ' || c == '\t';
        if (!white)
          reduced += c;
        else if (!reduced.ends_with(' '))
          reduced += ' ';
      }
      if (reduced.ends_with(' ')) reduced.pop_back();
      line = reduced;
    }
    out += line + "\r\n";
  }
  while (out.ends_with("\r\n\r\n")) out.resize(out.size() - 2);
  if (out == "\r\n") out.clear();
  if (out.empty() && form == Canonicalization::simple) out = "\r\n";
  return out;
}

TEST(RelaxedHeader, follows_the_example_of_rfc_6376) {
  EXPECT_EQ(relaxed("A: X\r\n"), "a:X");
  EXPECT_EQ(relaxed("B : Y\t\r\n\tZ  \r\n"), "b:Y Z");
  EXPECT_EQ(relaxed("Subject:\r\n"), "subject:");
  EXPECT_EQ(relaxed("Subject:  \t \r\n"), "subject:");
  EXPECT_EQ(relaxed("X:a:b"), "x:a:b");
}

TEST(SplitFields, keeps_folds_together) {
  const auto fields = split_fields("A: 1\r\nB: 2\r\n 3\r\n\t4\r\nnonsense\r\nC:5");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].raw, "A: 1\r\n");
  EXPECT_EQ(fields[1].name, "B");
  EXPECT_EQ(fields[1].raw, "B: 2\r\n 3\r\n\t4\r\n");
  EXPECT_EQ(fields[2].raw, "C:5");
}

TEST(BodyHash, knows_the_empty_bodies_of_rfc_6376) {
  EXPECT_EQ(base64(bytes_of(body_hash("", Canonicalization::simple))),
            "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  for (const auto* empty : {"", "\r\n", "\r\n\r\n", " \t\r\n \r\n"})
    EXPECT_EQ(base64(bytes_of(body_hash(empty))), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") << empty;
}

TEST(BodyHash, is_the_literal_one_wherever_the_bytes_are_cut) {
  std::mt19937 random(5);
  const std::string_view pieces[] = {"a",        "word", " ",  "\t",    "\r\n",
                                     "\r\n\r\n", "\r",   "\n", " \r\n", "\r\r\n"};
  for (int round = 0; round < 400; ++round) {
    std::string body;
    for (auto n = random() % 24; n > 0; --n) body += pieces[random() % std::size(pieces)];
    for (const auto form : {Canonicalization::simple, Canonicalization::relaxed}) {
      const Digest expected = sha256(literal_body(body, form));
      for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        BodyHasher hasher(form);
        hasher.update(std::string_view(body).substr(0, cut));
        hasher.update(std::string_view(body).substr(cut));
        ASSERT_EQ(hasher.finish(), expected) << hex(body) << " cut at " << cut;
      }
      BodyHasher byte_by_byte(form);
      for (char c : body) byte_by_byte.update({&c, 1});
      ASSERT_EQ(byte_by_byte.finish(), expected);
    }
  }
}

TEST(BodyHash, passes_its_buffer_many_times) {
  std::string body;
  for (int i = 0; i < 3000; ++i)
    body += "some words  and\t\tmore" + std::string(static_cast<std::size_t>(i % 90), 'x') + " \r\n";
  body += std::string(20000, '\n') + "\r\n\r\n";
  EXPECT_EQ(body_hash(body), sha256(literal_body(body, Canonicalization::relaxed)));
  EXPECT_EQ(body_hash(body, Canonicalization::simple), sha256(literal_body(body, Canonicalization::simple)));
}

TEST(BodyHash, stops_at_its_limit) {
  const std::string body(10000, 'x');
  for (std::uint64_t limit : {0u, 1u, 4095u, 4096u, 4097u, 10000u}) {
    BodyHasher hasher(Canonicalization::relaxed, limit);
    hasher.update(body);
    EXPECT_EQ(hasher.finish(), sha256(body.substr(0, static_cast<std::size_t>(limit))));
    EXPECT_EQ(hasher.size(), 10002u);
  }
}

}  // namespace
}  // namespace postrider::dkim
