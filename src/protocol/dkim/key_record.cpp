// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/key_record.h"

#include "base/encoding.h"
#include "protocol/dkim/tag_list.h"

namespace postrider::dkim {
std::string key_record(const PublicKey& key) {
  std::string out = key.type() == KeyType::rsa ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=";
  append_base64(out, key.raw());
  return out;
}

std::string key_record_name(std::string_view selector, std::string_view domain) {
  return std::string(selector).append("._domainkey.").append(domain);
}

std::vector<std::string> txt_strings(std::string_view record) {
  constexpr std::size_t most = 255;
  std::vector<std::string> out;
  for (; record.size() > most; record.remove_prefix(most)) out.emplace_back(record.substr(0, most));
  out.emplace_back(record);
  return out;
}

Result<KeyRecord> parse_key_record(std::string_view txt) {
  const auto tags = PR_TRY(TagList::parse(txt));
  if (const auto version = tags.find("v"); version && (*version != "DKIM1" || tags.first() != "v"))
    return Error{Code::invalid, "not a DKIM1 key record"};
  const auto published = tags.find("p");
  if (!published) return Error{Code::invalid, "a key record without a key"};
  const auto hashes = tags.find("h"), services = tags.find("s");
  const auto flags = tags.find("t").value_or("");
  if (hashes && !colon_list_has(*hashes, "sha256")) return Error{Code::invalid, "the key is not for SHA-256"};
  if (services && !colon_list_has(*services, "*") && !colon_list_has(*services, "email"))
    return Error{Code::invalid, "the key is not for mail"};
  if (published->empty()) return Error{Code::forbidden, "the key is revoked"};
  const auto bytes = unbase64(without_space(*published));
  if (!bytes) return Error{Code::invalid, "the key is not base64"};

  const auto type = tags.find("k").value_or("rsa");
  if (type != "rsa" && type != "ed25519") return Error{Code::invalid, "an unknown type of key"};
  auto key = PR_TRY(type == "rsa" ? PublicKey::from_rsa_der(*bytes) : PublicKey::from_ed25519(*bytes));
  return KeyRecord{std::move(key), colon_list_has(flags, "y"), colon_list_has(flags, "s")};
}

}  // namespace postrider::dkim
