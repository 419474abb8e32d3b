// SPDX-License-Identifier: Apache-2.0
// api/rules.md 4: every limit, every message, every field path.
#include "edge/api/mail_send_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/api/mail_send_body.h"

namespace postrider::api {
namespace {

using ::testing::ElementsAre;

const Time now{std::chrono::seconds(1'800'000'000)};
constexpr std::string_view page = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#";

std::vector<Problem> problems_of(const std::string& text) {
  const auto document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text.substr(0, 300);
  const auto submission = read_mail_send(document->root(), now);
  return submission ? std::vector<Problem>() : submission.error().list();
}
struct Refused {
  std::string name;
  std::string body;
  std::string message;
  std::string field;
  std::string anchor;  // empty = help is null
  friend void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }
};

class Table : public ::testing::TestWithParam<Refused> {};

TEST_P(Table, row) {
  const auto& row = GetParam();
  const auto help = row.anchor.empty() ? std::string() : std::string(page) + row.anchor;
  EXPECT_THAT(problems_of(row.body), ElementsAre(Problem{row.message, row.field, help}));
}

constexpr std::string_view invalid_address = "Does not contain a valid address.";
const std::string from_required =
    "The from object must be provided for every email send. It is an object that requires the email "
    "parameter, but "
    "may also contain a name parameter.  e.g. {\"email\" : \"example@example.com\"}  or {\"email\" : "
    "\"example@example.com\", \"name\" : \"Example Recipient\"}.";
const std::string to_required =
    "The to array is required for all personalization objects, and must have at least one email object with "
    "a valid "
    "email address.";
const std::string subject_required =
    "The subject is required. You can get around this requirement if you use a template with a subject "
    "defined or if "
    "every personalization has a subject defined.";
const std::string content_required =
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one "
    "defined "
    "content block. We typically suggest both text/plain and text/html blocks are included, but only one "
    "block is "
    "required.";
const std::string order =
    "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: "
    "text/plain "
    "needs to be first, followed by text/html, followed by any other content.";
const std::string send_at_type =
    "The send_at parameter is expecting a Unix timestamp as an integer. We will send immediately if you "
    "include a "
    "send_at timestamp that is in the past.";
const std::string duplicate =
    "Each email address in the personalization block should be unique between to, cc, and bcc. We found the "
    "first "
    "duplicate instance of [";
const std::string header_break = "Cannot contain CR, LF or NUL characters.";

std::string big(std::size_t bytes) {
  return "\"" + std::string(bytes, 'x') + "\"";
}
std::string to_list(std::string_view element) {
  return R"([{"to":[)" + std::string(element) + "]}]";
}
const std::string valid_file = R"("filename":"a.txt","content":"YQ==")";

std::vector<Refused> rows() {
  const std::string person_anchor = "message.personalizations.to";
  const std::string invalid(invalid_address);
  return {
      // personalizations
      {"no_personalizations", MailBody().without("personalizations").text(),
       "The personalizations field is required and must have at least one personalization.",
       "personalizations", "-Personalizations-Errors"},
      {"empty_personalizations", MailBody().set("personalizations", "[]").text(),
       "The personalizations field is required and must have at least one personalization.",
       "personalizations", "-Personalizations-Errors"},
      {"personalizations_an_object", MailBody().set("personalizations", "{}").text(),
       "Invalid type. Expected: array, given: object.", "personalizations", "-Personalizations-Errors"},
      {"1001_personalizations",
       MailBody().set("personalizations", array_of(1001, R"({"to":[{"email":"p#@example.org"}]})")).text(),
       "The personalization block is limited to 1000 personalizations per API request. You have provided "
       "1001 "
       "personalizations. Please consider splitting this into multiple requests and resending your request.",
       "personalizations", "message.personalizations"},
      {"1001_recipients",
       MailBody()
           .set("personalizations", R"([{"to":)" + array_of(1001, R"({"email":"r#@example.org"})") + "}]")
           .text(),
       "There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations",
       "message.personalizations"},
      {"1001_recipients_of_three_kinds",
       MailBody()
           .set("personalizations", R"([{"to":)" + array_of(500, R"({"email":"r#@example.org"})") +
                                        R"(,"cc":)" + array_of(500, R"({"email":"c#@example.org"})") +
                                        R"(,"bcc":[{"email":"b@example.org"}]}])")
           .text(),
       "There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations",
       "message.personalizations"},
      {"no_to", MailBody().set("personalizations", R"([{"subject":"x"}])").text(), to_required,
       "personalizations.0.to", person_anchor},
      {"empty_to",
       MailBody()
           .set("personalizations",
                R"([{"to":[{"email":"a@example.org"}]},{"to":[],"bcc":[{"email":"b@example.org"}]}])")
           .text(),
       to_required, "personalizations.1.to", person_anchor},
      {"to_an_object", MailBody().set("personalizations", R"([{"to":{"email":"a@example.org"}}])").text(),
       "Invalid type. Expected: array, given: object.", "personalizations.0.to", person_anchor},
      {"to_element_a_string", MailBody().set("personalizations", to_list(R"("a@example.org")")).text(),
       "Invalid type. Expected: object, given: string.", "personalizations.0.to.0", person_anchor},
      {"personalization_a_string", MailBody().set("personalizations", R"(["x"])").text(),
       "Invalid type. Expected: object, given: string.", "personalizations.0", "message.personalizations"},
      // addresses
      {"bad_to", MailBody().set("personalizations", to_list(R"({"email":"nonsense"})")).text(), invalid,
       "personalizations.0.to.0.email", person_anchor},
      {"blank_to", MailBody().set("personalizations", to_list(R"({"email":""})")).text(), invalid,
       "personalizations.0.to.0.email", person_anchor},
      {"to_without_email", MailBody().set("personalizations", to_list(R"({"name":"A"})")).text(), invalid,
       "personalizations.0.to.0.email", person_anchor},
      {"boolean_to", MailBody().set("personalizations", to_list(R"({"email":true})")).text(),
       "Invalid type. Expected: string, given: boolean.", "personalizations.0.to.0.email", person_anchor},
      {"bad_cc", MailBody().with_part(R"("cc":[{"email":"c@example.org"},{"email":"@x"}])").text(), invalid,
       "personalizations.0.cc.1.email", "message.personalizations.cc"},
      {"bad_bcc", MailBody().with_part(R"("bcc":[{"email":"a b@example.org"}])").text(), invalid,
       "personalizations.0.bcc.0.email", "message.personalizations.bcc"},
      {"address_too_long",
       MailBody()
           .set("personalizations", to_list(R"({"email":")" + std::string(320, 'a') + R"(@example.org"})"))
           .text(),
       invalid, "personalizations.0.to.0.email", person_anchor},
      {"address_with_line_break",
       MailBody()
           .set("personalizations", to_list(R"({"email":"a@example.org\r\nBcc: b@example.org"})"))
           .text(),
       invalid, "personalizations.0.to.0.email", person_anchor},
      {"name_with_line_break",
       MailBody()
           .set("personalizations", to_list(R"({"email":"a@example.org","name":"A\r\nBcc: b@example.org"})"))
           .text(),
       header_break, "personalizations.0.to.0.name", person_anchor},
      {"name_with_control",
       MailBody().set("personalizations", to_list(R"({"email":"a@example.org","name":"A\u0007"})")).text(),
       "Cannot contain control characters.", "personalizations.0.to.0.name", person_anchor},
      {"name_too_long",
       MailBody()
           .set("personalizations", to_list(R"({"email":"a@example.org","name":)" + big(1001) + "}"))
           .text(),
       "Cannot be longer than 1000 bytes.", "personalizations.0.to.0.name", person_anchor},
      {"unknown_in_address",
       MailBody().set("personalizations", to_list(R"({"email":"a@example.org","mail":"x"})")).text(),
       "[mail] is not a field here. Remove it, or check its spelling.", "personalizations.0.to.0.mail",
       person_anchor},
      {"duplicate_in_cc", MailBody().with_part(R"("cc":[{"email":"to@example.org"}])").text(),
       duplicate + "to@example.org] in the personalizations.0.cc field.", "personalizations.0", ""},
      {"duplicate_in_other_case", MailBody().with_part(R"("bcc":[{"email":"TO@Example.ORG"}])").text(),
       duplicate + "TO@Example.ORG] in the personalizations.0.bcc field.", "personalizations.0", ""},
      {"duplicate_in_to",
       MailBody()
           .set(
               "personalizations",
               R"([{"to":[{"email":"a@example.org"}]},{"to":[{"email":"b@example.org"},{"email":"b@example.org"}]}])")
           .text(),
       duplicate + "b@example.org] in the personalizations.1.to field.", "personalizations.1", ""},
      {"duplicate_in_another_spelling",
       MailBody()
           .set("personalizations",
                R"([{"to":[{"email":"a@b\u00fccher.example"}],"cc":[{"email":"a@xn--bcher-kva.example"}]}])")
           .text(),
       duplicate + "a@xn--bcher-kva.example] in the personalizations.0.cc field.", "personalizations.0", ""},
      // from, reply_to
      {"no_from", MailBody().without("from").text(), from_required, "from.email", "message.from"},
      {"from_without_email", MailBody().set("from", R"({"name":"A"})").text(), from_required, "from.email",
       "message.from"},
      {"bad_from", MailBody().set("from", R"({"email":"nonsense"})").text(), invalid, "from.email",
       "message.from"},
      {"from_a_string", MailBody().set("from", R"("a@example.com")").text(),
       "Invalid type. Expected: object, given: string.", "from", "message.from"},
      {"from_null", MailBody().set("from", "null").text(), "Invalid type. Expected: object, given: null.",
       "from", "message.from"},
      {"bad_reply_to", MailBody().set("reply_to", R"({"email":"x"})").text(), invalid, "reply_to.email",
       "message.reply_to"},
      {"reply_to_without_email", MailBody().set("reply_to", R"({"name":"x"})").text(),
       "The reply_to object, when used, must at least have an email parameter with a valid email address and "
       "it may "
       "also contain a name parameter. e.g. {\"email\": \"example@example.com\"} or {\"email\": "
       "\"example@example.com\", \"name\": \"Example Recipient\"}",
       "reply_to.email", "message.reply_to"},
      // subject
      {"no_subject", MailBody().without("subject").text(), subject_required, "subject", "message.subject"},
      {"empty_subject", MailBody().set("subject", R"("")").text(), subject_required, "subject",
       "message.subject"},
      {"one_part_without_subject",
       MailBody()
           .without("subject")
           .set("personalizations",
                R"([{"to":[{"email":"a@example.org"}],"subject":"x"},{"to":[{"email":"b@example.org"}]}])")
           .text(),
       subject_required, "subject", "message.subject"},
      {"subject_with_line_break",
       MailBody().set("subject", R"("a\r\nBcc: b@example.org")").with_part(R"("subject":"x")").text(),
       header_break, "subject", "message.subject"},
      {"subject_of_part_with_line_break", MailBody().with_part(R"("subject":"a\nb")").text(), header_break,
       "personalizations.0.subject", "message.personalizations.subject"},
      {"subject_too_long", MailBody().set("subject", big(2001)).with_part(R"("subject":"x")").text(),
       "Cannot be longer than 2000 bytes.", "subject", "message.subject"},
      // content
      {"no_content", MailBody().without("content").text(), content_required, "content", "message.content"},
      {"empty_content", MailBody().set("content", "[]").text(), content_required, "content",
       "message.content"},
      {"content_an_object", MailBody().set("content", R"({"type":"text/plain","value":"x"})").text(),
       "Invalid type. Expected: array, given: object.", "content", "message.content"},
      {"content_a_string", MailBody().set("content", R"("x")").text(),
       "Invalid type. Expected: array, given: string.", "content", "message.content"},
      {"empty_value", MailBody().set("content", R"([{"type":"text/plain","value":""}])").text(),
       "The content value must be a string at least one character in length.", "content.0.value",
       "message.content.value"},
      {"value_a_number", MailBody().set("content", R"([{"type":"text/plain","value":1}])").text(),
       "The content value must be a string at least one character in length.", "content.0.value",
       "message.content.value"},
      {"no_value", MailBody().set("content", R"([{"type":"text/plain"}])").text(),
       "A content value is required, this is the content of the email you are sending.", "content.0.value",
       "message.content.value"},
      {"no_type", MailBody().set("content", R"([{"value":"x"}])").text(),
       "A content type is required, this tells email clients how to display the email.", "content.0.type",
       "message.content.type"},
      {"html_before_plain",
       MailBody()
           .set("content", R"([{"type":"text/html","value":"x"},{"type":"text/plain","value":"x"}])")
           .text(),
       order, "content", ""},
      {"calendar_before_html",
       MailBody()
           .set("content", R"([{"type":"text/calendar","value":"x"},{"type":"TEXT/HTML","value":"x"}])")
           .text(),
       order, "content", ""},
      {"plain_twice",
       MailBody()
           .set("content", R"([{"type":"text/plain","value":"x"},{"type":"Text/Plain","value":"x"}])")
           .text(),
       "If present, text/plain and text/html may only be provided once.", "content", ""},
      {"html_twice",
       MailBody()
           .set("content", R"([{"type":"text/html","value":"x"},{"type":"text/html","value":"x"}])")
           .text(),
       "If present, text/plain and text/html may only be provided once.", "content", ""},
      {"type_with_line_break",
       MailBody().set("content", R"([{"type":"text/plain\r\nX: y","value":"x"}])").text(),
       "Cannot contain ';', or CRLF characters.", "content.0.type", "message.content.type"},
      {"type_with_charset",
       MailBody().set("content", R"([{"type":"text/plain; charset=utf-8","value":"x"}])").text(),
       "Cannot contain ';', or CRLF characters.", "content.0.type", "message.content.type"},
      {"type_that_is_none", MailBody().set("content", R"([{"type":"plain","value":"x"}])").text(),
       "Must be a media type such as text/plain.", "content.0.type", "message.content.type"},
      {"type_multipart", MailBody().set("content", R"([{"type":"multipart/mixed","value":"x"}])").text(),
       "Content is a single text. Send whole messages as attachments.", "content.0.type",
       "message.content.type"},
      {"21_blocks", MailBody().set("content", array_of(21, R"({"type":"text/x-#","value":"x"})")).text(),
       "There is a limit of 20 content blocks.", "content", "message.content"},
      // attachments
      {"not_base64", MailBody().set("attachments", R"([{"content":"!!not base64!!","filename":"a"}])").text(),
       "The attachment content must be base64 encoded.", "attachments.0.content",
       "message.attachments.content"},
      {"base64_cut", MailBody().set("attachments", R"([{"content":"YQ=","filename":"a"}])").text(),
       "The attachment content must be base64 encoded.", "attachments.0.content",
       "message.attachments.content"},
      {"no_bytes", MailBody().set("attachments", R"([{"filename":"a"}])").text(),
       "The attachment content is required.", "attachments.0.content", "message.attachments.content"},
      {"empty_bytes", MailBody().set("attachments", R"([{"filename":"a","content":""}])").text(),
       "The attachment content is required.", "attachments.0.content", "message.attachments.content"},
      {"no_filename", MailBody().set("attachments", R"([{"content":"YQ=="}])").text(),
       "filename is required.", "attachments.0.filename", "message.attachments.filename"},
      {"filename_with_line_break",
       MailBody().set("attachments", R"([{"content":"YQ==","filename":"a\r\nX: y"}])").text(), header_break,
       "attachments.0.filename", "message.attachments.filename"},
      {"disposition",
       MailBody().set("attachments", "[{" + valid_file + R"(,"disposition":"sideways"}])").text(),
       "The disposition of your attachment can be either 'inline' or 'attachment'.",
       "attachments.0.disposition", "message.attachments.disposition"},
      {"attachment_type",
       MailBody().set("attachments", "[{" + valid_file + R"(,"type":"a/b\r\nX: y"}])").text(),
       "Cannot contain ';', or CRLF characters.", "attachments.0.type", "message.attachments.type"},
      {"content_id_with_line_break",
       MailBody().set("attachments", "[{" + valid_file + R"(,"content_id":"a\nb"}])").text(), header_break,
       "attachments.0.content_id", "message.attachments.content_id"},
      {"content_id_with_brackets",
       MailBody().set("attachments", "[{" + valid_file + R"(,"content_id":"<a>"}])").text(),
       "The content ID of your attachment must be visible ASCII characters other than < and >.",
       "attachments.0.content_id", "message.attachments.content_id"},
      {"1001_attachments", MailBody().set("attachments", array_of(1001, "{" + valid_file + "}")).text(),
       "There is a limit of 1000 attachments.", "attachments", "message.attachments"},
      // categories
      {"11_categories", MailBody().set("categories", array_of(11, R"("c#")")).text(),
       "There is a limit of 10 categories for each email that is sent. You provided 11 categories.",
       "categories", "message.categories"},
      {"category_too_long", MailBody().set("categories", "[" + big(256) + "]").text(),
       "Each category must not be longer than 255 characters. [" + std::string(256, 'x') +
           "] exceeds this limit",
       "categories", "message.categories"},
      {"category_twice", MailBody().set("categories", R"(["a","b","a"])").text(),
       "The categories must be a unique list, and you have included [a] more than once.", "categories",
       "message.categories"},
      {"category_not_ascii", MailBody().set("categories", R"(["\u00e9"])").text(),
       "Categories can not contain non-ASCII characters.", "categories", "message.categories"},
      {"category_a_number", MailBody().set("categories", "[1]").text(),
       "Categories must be an array of strings.", "categories", "message.categories"},
      {"categories_a_string", MailBody().set("categories", R"("a")").text(),
       "Invalid type. Expected: array, given: string.", "categories", "message.categories"},
      // custom_args and substitutions
      {"custom_arg_a_number", MailBody().with_part(R"("custom_args":{"a":"x","n":1})").text(),
       "All values of custom arguments object must be strings. The value of [n] is of type number.",
       "personalizations.0.custom_args", "message.personalizations.custom_args"},
      {"custom_arg_of_request_an_object", MailBody().set("custom_args", R"({"n":{}})").text(),
       "All values of custom arguments object must be strings. The value of [n] is of type object.",
       "custom_args", "message.personalizations.custom_args"},
      {"custom_args_too_big", MailBody().with_part(R"("custom_args":{"big":)" + big(9998) + "}").text(),
       "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes "
       "per "
       "personalization.",
       "personalizations.0.custom_args", "message.personalizations.custom_args"},
      {"custom_args_too_big_together",
       MailBody()
           .set("custom_args", R"({"a":)" + big(5000) + "}")
           .with_part(R"("custom_args":{"b":)" + big(5000) + "}")
           .text(),
       "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes "
       "per "
       "personalization.",
       "personalizations.0.custom_args", "message.personalizations.custom_args"},
      {"substitutions_too_big", MailBody().with_part(R"("substitutions":{"-a-":)" + big(9998) + "}").text(),
       "The combined size of the substitutions may not exceed 10,000 bytes per personalization.",
       "personalizations.0.substitutions", "message.personalizations.substitutions"},
      {"substitution_a_number", MailBody().with_part(R"("substitutions":{"-a-":7})").text(),
       "The substitution values must be an object of key/value pairs, where the values are all strings. The "
       "value of "
       "[-a-] is of type number.",
       "personalizations.0.substitutions", "message.personalizations.substitutions"},
      {"substitution_without_tag", MailBody().with_part(R"("substitutions":{"":"x"})").text(),
       "A substitution tag must be a string at least one character in length.",
       "personalizations.0.substitutions", "message.personalizations.substitutions"},
      // headers
      {"reserved_header", MailBody().set("headers", R"({"X-SG-ID":"x"})").text(),
       "Header can not be one of the reserved keys. You provided [X-SG-ID].", "headers", "message.headers"},
      {"reserved_header_of_part", MailBody().with_part(R"("headers":{"Subject":"x"})").text(),
       "Header can not be one of the reserved keys. You provided [Subject].", "personalizations.0.headers",
       "message.personalizations.headers"},
      {"header_not_ascii", MailBody().set("headers", R"({"X-\u00e9":"x"})").text(),
       "Header keys cannot contain non-ASCII characters and empty spaces. You provided [X-\xC3\xA9].",
       "headers", "message.headers"},
      {"header_with_space", MailBody().set("headers", R"({"X A":"x"})").text(),
       "Header keys cannot contain non-ASCII characters and empty spaces. You provided [X A].", "headers",
       "message.headers"},
      {"header_with_colon", MailBody().set("headers", R"({"X-A: b":"x"})").text(),
       "Header keys cannot contain non-ASCII characters and empty spaces. You provided [X-A: b].", "headers",
       "message.headers"},
      {"header_name_with_line_break", MailBody().set("headers", R"({"X-A\r\nBcc":"x"})").text(),
       "Header keys are 1 to 76 visible characters, without a colon. You provided [X-A\r\nBcc].", "headers",
       "message.headers"},
      {"header_a_number", MailBody().set("headers", R"({"X-A":1})").text(),
       "The header values must be strings. You provided [X-A].", "headers", "message.headers"},
      {"header_with_line_break", MailBody().set("headers", R"({"X-A":"a\r\nBcc: b@example.org"})").text(),
       header_break, "headers.X-A", "message.headers"},
      {"header_with_nul", MailBody().with_part(R"("headers":{"X-A":"a\u0000"})").text(), header_break,
       "personalizations.0.headers.X-A", "message.personalizations.headers"},
      {"header_twice", MailBody().set("headers", R"({"X-A":"1","x-a":"2"})").text(),
       "The headers cannot contain duplicate keys. You provided [x-a].", "headers", "message.headers"},
      {"headers_too_big", MailBody().set("headers", R"({"X-A":)" + big(32768) + "}").text(),
       "The combined size of the headers may not exceed 32 KB.", "headers", "message.headers"},
      // send_at
      {"send_at_in_words", MailBody().set("send_at", R"("tomorrow")").text(), send_at_type, "send_at",
       "message.send_at"},
      {"send_at_a_fraction", MailBody().set("send_at", "1800000000.5").text(), send_at_type, "send_at",
       "message.send_at"},
      {"send_at_huge", MailBody().set("send_at", "99999999999999999999").text(), send_at_type, "send_at",
       "message.send_at"},
      {"send_at_too_late", MailBody().set("send_at", std::to_string(seconds(now) + 72 * 3600 + 1)).text(),
       "Scheduling more than 72 hours in advance is forbidden.", "send_at", "message.send_at"},
      {"send_at_much_too_late", MailBody().set("send_at", "9223372036854775807").text(),
       "Scheduling more than 72 hours in advance is forbidden.", "send_at", "message.send_at"},
      {"send_at_of_part_too_late",
       MailBody().with_part(R"("send_at":)" + std::to_string(seconds(now) + 73 * 3600)).text(),
       "Scheduling more than 72 hours in advance is forbidden.", "personalizations.0.send_at",
       "message.personalizations.send_at"},
      // the rest
      {"unknown_field", MailBody().set("sbject", R"("x")").text(),
       "[sbject] is not a field here. Remove it, or check its spelling.", "sbject", ""},
      {"unknown_in_personalization", MailBody().with_part(R"("too":[])").text(),
       "[too] is not a field here. Remove it, or check its spelling.", "personalizations.0.too",
       "message.personalizations"},
      {"root_a_string", R"("x")", "Invalid type. Expected: object, given: string.", "(root)",
       "-Request-Body-Parameters"},
      {"root_an_array", "[]", "Invalid type. Expected: object, given: array.", "(root)",
       "-Request-Body-Parameters"},
  };
}

INSTANTIATE_TEST_SUITE_P(Rules, Table, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace postrider::api
