// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/signer.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/dkim/canonical.h"
#include "protocol/mail/address.h"
#include "protocol/mail/header.h"

namespace postrider::dkim {
namespace {

constexpr std::size_t wanted_line = 76;

// Writes the names of h= and folds between them.
class NameList {
 public:
  explicit NameList(std::string& out) : out_(out), line_(out.rfind('\n') + 1) {}
  void add(std::string_view name) {
    if (!first_) out_.push_back(':');
    if (out_.size() - line_ + name.size() + 1 > wanted_line) {
      out_.append("\r\n ");
      line_ = out_.size() - 1;
    }
    out_.append(name);
    first_ = false;
  }

 private:
  std::string& out_;
  std::size_t line_;
  bool first_ = true;
};

}  // namespace

std::span<const std::string_view> usual_headers() {
  static constexpr std::array<std::string_view, 20> names{"From",
                                                          "Sender",
                                                          "Reply-To",
                                                          "To",
                                                          "Cc",
                                                          "Subject",
                                                          "Date",
                                                          "Message-ID",
                                                          "In-Reply-To",
                                                          "References",
                                                          "MIME-Version",
                                                          "Content-Type",
                                                          "Content-Transfer-Encoding",
                                                          "List-Id",
                                                          "List-Unsubscribe",
                                                          "List-Unsubscribe-Post",
                                                          "List-Help",
                                                          "Feedback-ID",
                                                          "Auto-Submitted",
                                                          "Precedence"};
  return names;
}

Result<Signer> Signer::create(std::string_view domain, std::string_view selector, KeyType type,
                              std::span<const std::string_view> headers) {
  Signer out;
  out.domain_ = PR_TRY(mail::ascii_domain(domain));
  out.selector_ = PR_TRY(mail::ascii_domain(selector));  // the same letters and lengths: it becomes labels
  bool from = false;
  for (const auto name : headers) {
    if (!mail::is_header_name(name) || name.find(';') != std::string_view::npos)
      return Error{Code::invalid, "not a header name to sign"};
    if (std::ranges::any_of(out.names_,
                            [name](const auto& known) { return same_ignoring_case(known, name); }))
      return Error{Code::invalid, "a header name to sign twice"};
    from = from || same_ignoring_case(name, "From");
    out.names_.emplace_back(name);
  }
  if (!from) return Error{Code::invalid, "From must be signed"};
  out.prefix_ =
      type == KeyType::rsa ? "DKIM-Signature: v=1; a=rsa-sha256;" : "DKIM-Signature: v=1; a=ed25519-sha256;";
  out.prefix_ += " c=relaxed/relaxed;\r\n d=" + out.domain_ + "; s=" + out.selector_ + ";";
  return out;
}

Unsigned Signer::prepare(std::string_view headers, const Digest& body_hash, Time now,
                         std::optional<Time> expires) const {
  Unsigned out;
  auto& header = out.header_without_b;
  header.reserve(1024);  // room for finish() too
  header.append(prefix_).append("\r\n t=").append(std::to_string(seconds(now)));
  if (expires) header.append("; x=").append(std::to_string(seconds(*expires)));
  header.append(";\r\n h=");

  const auto fields = split_fields(headers);
  std::string canonical;
  canonical.reserve(headers.size() + 512);
  NameList list(header);
  for (const auto& name : names_) {
    // Instances are taken from the last to the first (RFC 6376 5.4.2).
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
      if (field->name.size() != name.size() || !same_ignoring_case(field->name, name)) continue;
      list.add(name);
      append_relaxed(canonical, field->raw);
      canonical.append("\r\n");
    }
    if (same_ignoring_case(name, "From")) list.add(name);
  }
  header.append(";\r\n bh=");
  append_base64(header, bytes_of(body_hash));
  header.append(";\r\n b=");
  append_relaxed(canonical, header);
  out.digest = sha256(canonical);
  return out;
}

std::string finish(const Unsigned& prepared, std::string_view signature) {
  const std::string text = base64(signature);
  std::string out;
  out.reserve(prepared.header_without_b.size() + text.size() + text.size() / 24 + 8);
  out.append(prepared.header_without_b);
  std::string_view rest = text;
  for (auto room = wanted_line - 3; rest.size() > room;
       room = wanted_line - 1) {  // 3 for " b=", then 1 for the space
    out.append(rest.substr(0, room)).append("\r\n ");
    rest.remove_prefix(room);
  }
  out.append(rest);
  out.append("\r\n");
  return out;
}

}  // namespace postrider::dkim
