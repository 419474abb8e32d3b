// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "edge/api/input.h"
#include "model/submission.h"

// How the parts of a mail/send body are read. Only the reader includes this.
namespace postrider::api::mail_send {

// Where SendGrid explains its messages; clients that show help links show these.
inline constexpr std::string_view errors_page =
    "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#";

constexpr std::size_t most_personalizations = 1000;
constexpr std::size_t most_recipients = 1000;
constexpr std::size_t most_custom_args_bytes = 10'000;
constexpr std::size_t most_substitutions_bytes = 10'000;
constexpr std::size_t most_categories = 10;
constexpr std::size_t most_category_bytes = 255;
constexpr auto most_ahead = std::chrono::hours(72);
// Ours: SendGrid knows none, and events and headers carry these to places that should not hold megabytes.
constexpr std::size_t most_subject_bytes = 2000;
constexpr std::size_t most_name_bytes = 1000;  // of a person or a file
constexpr std::size_t most_headers = 100;
constexpr std::size_t most_headers_bytes = 32 << 10;
constexpr std::size_t most_contents = 20;
constexpr std::size_t most_attachments = 1000;

// A value that stands in a header: no CR, LF, NUL.
bool breaks_header(std::string_view text);

// A string for a header, at most `most` bytes; nullopt: told.
std::optional<std::string_view> header_text(const Input& input, std::size_t most, std::string_view anchor);

struct Person {
  std::string_view anchor;   // of the list or field it stands in
  std::string_view missing;  // what to say when there is no email
};
// {email, name}. `key` becomes what tells whether two are the same.
std::optional<Contact> read_contact(const Input& input, const Person& as, std::string* key = nullptr);

void read_content(Shared& shared, const Input& list);
void read_attachments(Shared& shared, const Input& list);
void read_categories(Shared& shared, const Input& list);

void read_headers(std::vector<Pair>& headers, const Input& object, std::string_view anchor);
void read_custom_args(std::vector<Pair>& args, const Input& object);
void read_substitutions(std::vector<Pair>& substitutions, const Input& object);
std::size_t bytes_of(const std::vector<Pair>& pairs);

std::optional<Time> read_send_at(const Input& input, Time now, std::string_view anchor);

}  // namespace postrider::api::mail_send
