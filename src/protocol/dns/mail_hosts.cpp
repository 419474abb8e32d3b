// SPDX-License-Identifier: Apache-2.0
#include "protocol/dns/mail_hosts.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace postrider::dns {
namespace {

void shuffle(std::span<Mx> equals, Random& random) {
  for (auto left = equals.size(); left > 1; --left) std::swap(equals[left - 1], equals[random.below(left)]);
}

}  // namespace

MailHosts mail_hosts(std::string_view domain, const Answer<Mx>& answer, std::string_view self,
                     Random& random) {
  switch (answer.status) {
    case Status::failed:
      return AskLater{answer.why};
    case Status::no_name:
      return Nowhere::no_name;
    case Status::no_data:
      if (same_ignoring_case(domain, self)) return Nowhere::loop;
      return Hosts{std::string(domain)};
    case Status::ok:
      break;
  }
  auto records = answer.records;
  // The root as a host says "no mail" when it is alone; beside others it names nobody.
  std::erase_if(records, [](const Mx& mx) { return mx.host.empty(); });
  if (records.empty()) return Nowhere::null_mx;
  std::ranges::sort(records, {}, &Mx::preference);
  // Those as good as we are or worse would pass it on to us.
  const auto us =
      std::ranges::find_if(records, [&](const Mx& mx) { return same_ignoring_case(mx.host, self); });
  if (us != records.end()) {
    const auto ours = us->preference;
    std::erase_if(records, [&](const Mx& mx) { return mx.preference >= ours; });
  }
  if (records.empty()) return Nowhere::loop;
  for (auto first = records.begin(); first != records.end();) {
    const auto end =
        std::find_if(first, records.end(), [&](const Mx& mx) { return mx.preference != first->preference; });
    shuffle({first, end}, random);
    first = end;
  }
  Hosts hosts;
  for (auto& mx : records)
    if (std::ranges::find(hosts, mx.host) == hosts.end()) hosts.push_back(std::move(mx.host));
  return hosts;
}

}  // namespace postrider::dns
