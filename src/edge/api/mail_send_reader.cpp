// SPDX-License-Identifier: Apache-2.0
#include "edge/api/mail_send_reader.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "edge/api/mail_send_parts.h"

namespace postrider::api {
namespace {

using namespace mail_send;

// What is read so far. Members come in any order, so what depends on two of them waits for the end.
struct Draft {
  Time now;
  Submission submission{};
  std::optional<Time> send_at{};  // of the whole request
  std::size_t recipients = 0;
  bool has_from = false;
  bool has_content = false;
  bool has_personalizations = false;
};

struct PersonDraft {
  Draft& whole;
  Personalization part{};
  bool has_to = false;
  struct Seen {
    std::string key;
    std::string_view email;
    std::string_view list;
  };
  std::vector<Seen> seen{};
};

constexpr std::string_view to_anchor = "message.personalizations.to";
constexpr std::string_view not_an_address = "Does not contain a valid address.";

void read_people(PersonDraft& draft, const Input& list, std::vector<Contact>& people, std::string_view name,
                 const Person& as) {
  if (!list.must_be(json::Kind::array, as.anchor)) return;
  draft.whole.recipients += list.value().size();
  if (draft.whole.recipients > most_recipients) return;  // told at the end, once
  people.reserve(list.value().size());
  std::size_t index = 0;
  for (const auto element : list.value().elements()) {
    PersonDraft::Seen seen;
    const auto person = list.at(index++, element);
    auto contact = read_contact(person, as, &seen.key);
    if (!contact) continue;
    seen.email = *element["email"].as_string();
    seen.list = name;
    draft.seen.push_back(std::move(seen));
    people.push_back(std::move(*contact));
  }
}

void read_to(PersonDraft& draft, const Input& input) {
  draft.has_to = input.value().size() > 0 || !input.value().is_array();
  read_people(draft, input, draft.part.to, "to", {to_anchor, not_an_address});
}
void read_cc(PersonDraft& draft, const Input& input) {
  read_people(draft, input, draft.part.cc, "cc", {"message.personalizations.cc", not_an_address});
}
void read_bcc(PersonDraft& draft, const Input& input) {
  read_people(draft, input, draft.part.bcc, "bcc", {"message.personalizations.bcc", not_an_address});
}

constexpr std::string_view no_templates =
    "Fill the template in yourself and send the result as subject and content.";

constexpr std::array<Field<PersonDraft>, 10> personalization_fields{{
    {"to", read_to},
    {"cc", read_cc},
    {"bcc", read_bcc},
    {"subject",
     [](PersonDraft& draft, const Input& input) {
       if (const auto text = header_text(input, most_subject_bytes, "message.personalizations.subject"))
         draft.part.subject = *text;
     }},
    {"headers",
     [](PersonDraft& draft, const Input& input) {
       read_headers(draft.part.headers, input, "message.personalizations.headers");
     }},
    {"substitutions",
     [](PersonDraft& draft, const Input& input) { read_substitutions(draft.part.substitutions, input); }},
    {"custom_args",
     [](PersonDraft& draft, const Input& input) { read_custom_args(draft.part.custom_args, input); }},
    {"send_at",
     [](PersonDraft& draft, const Input& input) {
       draft.part.send_at = read_send_at(input, draft.whole.now, "message.personalizations.send_at");
     }},
    {"from", nullptr, "Send one request for each sender."},
    {"dynamic_template_data", nullptr, no_templates},
}};

void check_unique(const PersonDraft& draft, const Input& input) {
  if (draft.seen.size() < 2) return;
  std::unordered_set<std::string_view> keys;
  keys.reserve(draft.seen.size());
  for (const auto& seen : draft.seen) {
    if (keys.insert(seen.key).second) continue;
    std::string message =
        "Each email address in the personalization block should be unique between to, cc, and bcc. ";
    message.append("We found the first duplicate instance of [").append(seen.email).append("] in the ");
    message.append(input.path()).append(".").append(seen.list).append(" field.");
    return input.wrong(std::move(message));
  }
}

void read_personalization(Draft& draft, const Input& input) {
  PersonDraft person{.whole = draft};
  read_members<PersonDraft>(input, person, personalization_fields, "message.personalizations");
  if (input.value().is_object() && !person.has_to)
    input.at("to", {}).wrong(
        "The to array is required for all personalization objects, and must have at least one email object "
        "with a "
        "valid email address.",
        to_anchor);
  check_unique(person, input);
  draft.submission.personalizations.push_back(std::move(person.part));
}

void read_personalizations(Draft& draft, const Input& list) {
  constexpr std::string_view anchor = "message.personalizations";
  draft.has_personalizations = list.value().size() > 0 || !list.value().is_array();
  if (!list.must_be(json::Kind::array, "-Personalizations-Errors")) return;
  const auto count = list.value().size();
  if (count > most_personalizations)
    return list.wrong(
        "The personalization block is limited to 1000 personalizations per API request. You have "
        "provided " +
            std::to_string(count) +
            " personalizations. Please consider splitting this into multiple requests and resending "
            "your request.",
        anchor);
  draft.submission.personalizations.reserve(count);
  std::size_t index = 0;
  for (const auto element : list.value().elements()) {
    if (list.full()) return;
    read_personalization(draft, list.at(index++, element));
  }
  if (draft.recipients > most_recipients)
    list.wrong("There is a limit of 1000 total recipients (to + cc + bcc) per request.", anchor);
}

constexpr std::string_view from_missing =
    "The from object must be provided for every email send. It is an object that requires the email "
    "parameter, but "
    "may also contain a name parameter.  e.g. {\"email\" : \"example@example.com\"}  or {\"email\" : "
    "\"example@example.com\", \"name\" : \"Example Recipient\"}.";
constexpr std::string_view reply_to_missing =
    "The reply_to object, when used, must at least have an email parameter with a valid email address and it "
    "may "
    "also contain a name parameter. e.g. {\"email\": \"example@example.com\"} or {\"email\": "
    "\"example@example.com\", \"name\": \"Example Recipient\"}";

void read_from(Draft& draft, const Input& input) {
  draft.has_from = true;
  if (auto contact = read_contact(input, {"message.from", from_missing}))
    draft.submission.shared.from = std::move(*contact);
}
void read_reply_to(Draft& draft, const Input& input) {
  draft.submission.shared.reply_to = read_contact(input, {"message.reply_to", reply_to_missing});
}

// Every field SendGrid documents: those without a reader are refused in words, because a mail that goes out
// without the unsubscribe link or the template its sender asked for is worse than none.
constexpr std::array<Field<Draft>, 19> root_fields{{
    {"personalizations", read_personalizations},
    {"from", read_from},
    {"reply_to", read_reply_to},
    {"subject",
     [](Draft& draft, const Input& input) {
       if (const auto text = header_text(input, most_subject_bytes, "message.subject"))
         draft.submission.shared.subject = *text;
     }},
    {"content",
     [](Draft& draft, const Input& input) {
       draft.has_content = input.value().size() > 0 || !input.value().is_array();
       read_content(draft.submission.shared, input);
     }},
    {"attachments",
     [](Draft& draft, const Input& input) { read_attachments(draft.submission.shared, input); }},
    {"headers",
     [](Draft& draft, const Input& input) {
       read_headers(draft.submission.shared.headers, input, "message.headers");
     }},
    {"categories", [](Draft& draft, const Input& input) { read_categories(draft.submission.shared, input); }},
    {"custom_args",
     [](Draft& draft, const Input& input) { read_custom_args(draft.submission.shared.custom_args, input); }},
    {"send_at",
     [](Draft& draft, const Input& input) {
       draft.send_at = read_send_at(input, draft.now, "message.send_at");
     }},
    {"reply_to_list", nullptr, "Give one address in reply_to."},
    {"template_id", nullptr, no_templates},
    {"sections", nullptr, "Put the text of each section into the substitutions that use it."},
    {"batch_id", nullptr, "Leave it out; a scheduled message cannot be cancelled as part of a batch."},
    {"asm", nullptr, "Put an unsubscribe link of your own and a List-Unsubscribe header into the message."},
    {"ip_pool_name", nullptr, "Leave it out; mail goes out by the server's own choice of address."},
    {"mail_settings", nullptr, "Leave it out; put a footer into the content yourself."},
    {"tracking_settings", nullptr, "Leave it out; opens and clicks are not tracked."},
    {"dynamic_template_data", nullptr, no_templates},
}};

void check_subject(const Draft& draft, const Input& root) {
  const auto& parts = draft.submission.personalizations;
  if (!draft.submission.shared.subject.empty()) return;
  if (!parts.empty() && std::ranges::none_of(parts, [](const auto& part) { return part.subject.empty(); }))
    return;
  root.at("subject", {})
      .wrong(
          "The subject is required. You can get around this requirement if you use a template with a subject "
          "defined or "
          "if every personalization has a subject defined.",
          "message.subject");
}

// A request's arguments and a personalization's count together, those that are overridden once.
void check_custom_args(const Draft& draft, const Input& root) {
  const auto& shared = draft.submission.shared.custom_args;
  std::unordered_map<std::string_view, std::size_t> sizes;
  for (const auto& [name, value] : shared) sizes.emplace(name, name.size() + value.size());
  const auto shared_bytes = mail_send::bytes_of(shared);
  const auto list = root.at("personalizations", {});
  std::size_t index = 0;
  for (const auto& part : draft.submission.personalizations) {
    auto bytes = shared_bytes + mail_send::bytes_of(part.custom_args);
    for (const auto& [name, value] : part.custom_args)
      if (const auto same = sizes.find(name); same != sizes.end()) bytes -= same->second;
    const auto here = list.at(index++, {});
    if (bytes > most_custom_args_bytes)
      here.at("custom_args", {})
          .wrong(
              "The combined size of both global and personalization custom arguments may not exceed 10,000 "
              "bytes "
              "per personalization.",
              "message.personalizations.custom_args");
    if (root.full()) return;
  }
}

void check_whole(Draft& draft, const Input& root) {
  if (!draft.has_personalizations)
    root.at("personalizations", {})
        .wrong("The personalizations field is required and must have at least one personalization.",
               "-Personalizations-Errors");
  if (!draft.has_from) root.at("from", {}).at("email", {}).wrong(std::string(from_missing), "message.from");
  check_subject(draft, root);
  if (!draft.has_content)
    root.at("content", {})
        .wrong(
            "Unless a valid template_id is provided, the content parameter is required. There must be at "
            "least "
            "one defined content block. We typically suggest both text/plain and text/html blocks are "
            "included, "
            "but only one block is required.",
            "message.content");
  check_custom_args(draft, root);
  if (draft.send_at)
    for (auto& part : draft.submission.personalizations)
      if (!part.send_at) part.send_at = draft.send_at;
}

}  // namespace

std::expected<Submission, Problems> read_mail_send(json::Value body, Time now) {
  Problems problems;
  const Input root(body, problems, errors_page);
  Draft draft{.now = now};
  read_members<Draft>(root, draft, root_fields);
  if (body.is_object()) check_whole(draft, root);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return std::move(draft.submission);
}

}  // namespace postrider::api
