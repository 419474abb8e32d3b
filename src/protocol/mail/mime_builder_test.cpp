// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/mime_builder.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"

namespace postrider::mail {
namespace {

// A reader of our own making, as far as a MIME tree goes:
// "mixed(alternative(text/plain,text/html),image/png)".
struct Entity {
  std::string fields, body;
};

Entity split(std::string_view text) {
  if (text.starts_with("\r\n")) return {"", std::string(text.substr(2))};
  const auto blank = text.find("\r\n\r\n");
  EXPECT_NE(blank, std::string_view::npos) << text;
  return {std::string(text.substr(0, blank + 2)), std::string(text.substr(blank + 4))};
}

std::string field(const Entity& entity, std::string_view name) {
  const auto at = entity.fields.find(std::string(name) + ": ");
  if (at == std::string::npos) return "";
  auto end = entity.fields.find("\r\n", at);
  while (entity.fields[end + 2] == ' ') end = entity.fields.find("\r\n", end + 2);
  return entity.fields.substr(at + name.size() + 2, end - at - name.size() - 2);
}

std::string decoded(const Entity& entity) {
  const auto encoding = field(entity, "Content-Transfer-Encoding");
  std::string out;
  if (encoding == "base64") {
    std::string text = entity.body;
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return unbase64(text).value();
  }
  if (encoding.empty()) return entity.body;
  for (std::size_t i = 0; i < entity.body.size(); ++i) {
    if (entity.body[i] != '=')
      out += entity.body[i];
    else if (entity.body.compare(i + 1, 2, "\r\n") == 0)
      i += 2;
    else
      out += unhex(entity.body.substr(i + 1, 2)).value(), i += 2;
  }
  return out;
}

std::string tree(const Entity& entity, std::vector<Entity>& leaves) {
  const auto type = field(entity, "Content-Type");
  const auto mark = type.find("boundary=\"");
  if (mark == std::string::npos) {
    leaves.push_back(entity);
    return type.substr(0, type.find(';'));
  }
  const auto boundary = "--" + type.substr(mark + 10, type.find('"', mark + 10) - mark - 10);
  std::string out = type.substr(10, type.find(';') - 10) + "(";
  auto at = entity.body.find(boundary + "\r\n");
  EXPECT_EQ(at, 0u);
  while (true) {
    const auto from = at + boundary.size() + 2;
    const auto end = entity.body.find("\r\n" + boundary, from);
    if (end == std::string::npos) {
      ADD_FAILURE() << "no closing delimiter";
      break;
    }
    out += tree(split(std::string_view(entity.body).substr(from, end - from)), leaves) + ",";
    at = end + 2;
    if (entity.body.compare(at + boundary.size(), 2, "--") == 0) break;
  }
  out.back() = ')';
  return out;
}

std::string shape(const RenderedBody& rendered, std::vector<Entity>& leaves) {
  EXPECT_TRUE(rendered.body.ends_with("\r\n"));
  return tree({rendered.headers, rendered.body}, leaves);
}
std::string shape(const RenderedBody& rendered) {
  std::vector<Entity> leaves;
  return shape(rendered, leaves);
}

EncodedAttachment encoded(const Attachment& attachment) {
  auto out = EncodedAttachment::encode(attachment);
  EXPECT_TRUE(out);
  return std::move(*out);
}

TEST(MimeBuilder, one_text_is_the_whole_body) {
  MimeBuilder builder;
  ASSERT_TRUE(builder.add_text("text/plain", "Hello\n\nworld"));
  const auto rendered = builder.build("seed");
  EXPECT_EQ(rendered.headers, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
  EXPECT_EQ(rendered.body, "Hello\r\n\r\nworld\r\n");
}

TEST(MimeBuilder, nests_as_readers_expect) {
  const auto image = encoded({.type = "image/png",
                              .filename = "a.png",
                              .content_id = "a",
                              .bytes = "png",
                              .disposition = Disposition::inline_});
  const auto file =
      encoded({.type = "application/pdf", .filename = "a.pdf", .content_id = "", .bytes = "pdf"});
  MimeBuilder builder;
  EXPECT_EQ(shape(builder.build("s")), "text/plain");
  ASSERT_TRUE(builder.add_text("text/html", "<p>"));
  EXPECT_EQ(shape(builder.build("s")), "text/html");
  ASSERT_TRUE(builder.add_text("text/plain", "p"));
  EXPECT_EQ(shape(builder.build("s")), "alternative(text/plain,text/html)");
  builder.attach(image);
  EXPECT_EQ(shape(builder.build("s")), "alternative(text/plain,related(text/html,image/png))");
  builder.attach(file);
  EXPECT_EQ(shape(builder.build("s")),
            "mixed(alternative(text/plain,related(text/html,image/png)),application/pdf)");
  ASSERT_TRUE(builder.add_text("text/calendar", "BEGIN:VCALENDAR"));
  ASSERT_TRUE(builder.add_text("text/x-amp-html", "<html>"));
  EXPECT_EQ(shape(builder.build("s")),
            "mixed(alternative(text/plain,text/x-amp-html,related(text/html,image/png),text/"
            "calendar),application/pdf)");
}

TEST(MimeBuilder, embedded_files_without_html_are_attached) {
  const auto image = encoded({.type = "image/png",
                              .filename = "",
                              .content_id = "a",
                              .bytes = "png",
                              .disposition = Disposition::inline_});
  MimeBuilder builder;
  builder.attach(image);
  EXPECT_EQ(shape(builder.build("s")), "mixed(image/png)");
  ASSERT_TRUE(builder.add_text("text/plain", "p"));
  EXPECT_EQ(shape(builder.build("s")), "mixed(text/plain,image/png)");
}

TEST(MimeBuilder, is_a_pure_function_of_parts_and_seed) {
  MimeBuilder builder;
  ASSERT_TRUE(builder.add_text("text/plain", "p"));
  ASSERT_TRUE(builder.add_text("text/html", "<p>"));
  EXPECT_EQ(builder.build("one").body, builder.build("one").body);
  EXPECT_NE(builder.build("one").body, builder.build("two").body);
}

TEST(MimeBuilder, no_part_can_hold_its_boundary) {
  MimeBuilder builder;
  ASSERT_TRUE(builder.add_text("text/html", "<p>"));
  ASSERT_TRUE(builder.add_text("text/plain", "x"));
  const auto first = builder.build("seed").body;
  const auto stolen = "x\r\n" + first.substr(0, first.find("\r\n")) + "\r\n\r\nforged";
  MimeBuilder attacked;
  ASSERT_TRUE(attacked.add_text("text/html", "<p>"));
  ASSERT_TRUE(attacked.add_text("text/plain", stolen));
  std::vector<Entity> leaves;
  EXPECT_EQ(shape(attacked.build("seed"), leaves), "alternative(text/plain,text/html)");
  EXPECT_EQ(decoded(leaves[0]), stolen);
}

TEST(MimeBuilder, texts_and_files_come_back_as_they_went_in) {
  std::mt19937 random(3);
  const std::string_view pieces[] = {"word ", "\r\n", ".", "\u20ac", "=", "From ", "--", "0123456789", "\t"};
  for (int round = 0; round < 300; ++round) {
    std::string texts[2], bytes;
    for (auto& text : texts)
      for (auto n = random() % 200; n > 0; --n) text += pieces[random() % std::size(pieces)];
    for (auto n = random() % 500; n > 0; --n) bytes += static_cast<char>(random());
    const auto file = encoded({.type = "", .filename = "\u20ac \"x\".bin", .content_id = "", .bytes = bytes});
    MimeBuilder builder;
    ASSERT_TRUE(builder.add_text("text/plain", texts[0]));
    ASSERT_TRUE(builder.add_text("text/html", texts[1]));
    builder.attach(file);
    std::vector<Entity> leaves;
    ASSERT_EQ(shape(builder.build("s"), leaves),
              "mixed(alternative(text/plain,text/html),application/octet-stream)");
    EXPECT_EQ(decoded(leaves[0]), texts[0]);
    EXPECT_EQ(decoded(leaves[1]), texts[1]);
    EXPECT_EQ(decoded(leaves[2]), bytes);
  }
}

TEST(EncodedAttachment, names_its_file_for_old_and_new_readers) {
  const auto file = encoded({.type = "text/csv", .filename = "\u20ac.csv", .content_id = "", .bytes = "a,b"});
  EXPECT_EQ(file.entity(),
            "Content-Type: text/csv;\r\n name=\"=?utf-8?q?=E2=82=AC=2Ecsv?=\"\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment;\r\n filename*=utf-8''%E2%82%AC.csv\r\n"
            "\r\nYSxi\r\n");
}

TEST(EncodedAttachment, types_and_ids_cannot_break_their_header) {
  for (const auto* type :
       {"text", "text/", "/plain", "text/plain; x=y", "text/plain\r\nX: y", "text/pl ain", "a/b/c"}) {
    EXPECT_FALSE(is_content_type(type)) << type;
    EXPECT_FALSE(EncodedAttachment::encode({.type = type, .filename = "", .content_id = "", .bytes = ""}))
        << type;
  }
  for (const auto* id : {"a b", "a>", "<a", "a\r\nX: y"})
    EXPECT_FALSE(EncodedAttachment::encode({.type = "", .filename = "", .content_id = id, .bytes = ""}))
        << id;
}

TEST(EncodedAttachment, messages_are_never_base64) {
  const std::string_view plain = "Subject: x\n\nbody\n";
  const auto message = encoded({.type = "message/rfc822", .filename = "", .content_id = "", .bytes = plain});
  EXPECT_EQ(message.entity(),
            "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nSubject: "
            "x\r\n\r\nbody\r\n\r\n");
  const auto eight_bit =
      encoded({.type = "message/rfc822", .filename = "", .content_id = "", .bytes = "Subject: \u00e4\n\n"});
  EXPECT_TRUE(eight_bit.entity().starts_with("Content-Type: application/octet-stream\r\n"));
}

}  // namespace
}  // namespace postrider::mail
