// SPDX-License-Identifier: Apache-2.0
#include "services/domains/sending_domain.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/dkim/key_record.h"

namespace postrider::domains {
namespace {

bool is_label(std::string_view label) {
  auto allowed = [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, allowed);
}

}  // namespace

std::optional<std::string> domain_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > 253) return std::nullopt;
  std::size_t labels = 0;
  std::string_view last;
  for (std::string_view rest = text;; ++labels) {
    const auto dot = rest.find('.');
    last = rest.substr(0, dot);
    if (!is_label(last)) return std::nullopt;
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (labels == 0 || std::ranges::all_of(last, is_digit))
    return std::nullopt;  // one label, or an IPv4 address
  return lower(text);
}

bool covers(std::string_view domain, std::string_view host) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

std::vector<DnsRecord> dns_records(const SendingDomain& domain,
                                   std::span<const std::string> source_addresses) {
  std::vector<DnsRecord> records;
  for (const auto& key : domain.keys)
    records.push_back({key.selector, dkim::key_record_name(key.selector, domain.name), "TXT", key.record});
  if (!source_addresses.empty()) {
    std::string spf = "v=spf1";
    for (const auto& address : source_addresses)
      spf.append(address.contains(':') ? " ip6:" : " ip4:").append(address);
    records.push_back({{}, domain.name, "TXT", spf + " ~all", false});
  }
  records.push_back({{}, "_dmarc." + domain.name, "TXT", "v=DMARC1; p=none", false});
  return records;
}

}  // namespace postrider::domains
