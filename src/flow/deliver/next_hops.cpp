// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/next_hops.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "protocol/dns/mail_hosts.h"
#include "protocol/dns/reserved.h"

namespace postrider {
namespace {

using Until = NoHops::Until;
using Found = std::variant<std::vector<Hop>, NoHops>;

constexpr std::uint16_t smtp_port = 25;
constexpr std::size_t hops_most = 10, hosts_most = 10;

NoHops nowhere(dns::Nowhere why, const std::string& domain) {
  switch (why) {
    case dns::Nowhere::null_mx:
      return {Until::for_ever, "5.1.10", domain + " takes no mail (null MX)"};
    case dns::Nowhere::loop:
      return {Until::second_look, "5.4.6",
              "mail for " + domain + " would come back to us, its best mail host"};
    case dns::Nowhere::no_name:
      break;
  }
  return {Until::second_look, "5.1.2", domain + " does not exist"};
}

std::vector<io::Family> families(const std::string& source) {
  if (source.contains(':')) return {io::Family::ipv6};
  if (source.contains('.')) return {io::Family::ipv4};
  return {io::Family::ipv4, io::Family::ipv6};
}

// What the hosts' addresses come to.
struct Gathered {
  std::vector<Hop> hops;
  std::string failed;   // why one could not be learnt
  std::string refused;  // one that mail must not go to
};

void take(Gathered& gathered, const std::string& host, const dns::Answer<std::string>& answer) {
  if (answer.status == dns::Status::failed) gathered.failed = host + ": " + answer.why;
  for (const auto& address : answer.records) {
    if (const auto what = dns::reserved(address); !what.empty())
      gathered.refused = host + " at " + address + " (" + std::string(what) + ")";
    else if (gathered.hops.size() < hops_most)
      gathered.hops.push_back({{address, smtp_port}, host, host + ":" + std::to_string(smtp_port)});
  }
}

}  // namespace

Task<Found> next_hops(Asking asking, std::string domain) {
  auto answer = co_await asking.resolver.mx(domain);
  // Planted: a failure is taken for an answer.
  if (PR_MUTANT(20) && answer.status == dns::Status::failed) answer.status = dns::Status::no_name;
  auto hosts = dns::mail_hosts(domain, answer, asking.self, asking.random);
  if (const auto* later = std::get_if<dns::AskLater>(&hosts))
    co_return NoHops{Until::better, "4.4.3", "DNS for " + domain + ": " + later->why};
  if (const auto* why = std::get_if<dns::Nowhere>(&hosts)) co_return nowhere(*why, domain);

  Gathered gathered;
  auto& names = std::get<dns::Hosts>(hosts);
  names.resize(std::min(names.size(), hosts_most));
  for (const auto& host : names)
    for (const auto family : families(asking.source)) {
      if (gathered.hops.size() >= hops_most) break;
      take(gathered, host, co_await asking.resolver.addresses(host, family));
    }
  if (!gathered.hops.empty()) co_return std::move(gathered.hops);
  if (!gathered.failed.empty()) co_return NoHops{Until::better, "4.4.3", "DNS for " + gathered.failed};
  if (!gathered.refused.empty())
    co_return NoHops{Until::second_look, "5.4.4", "no mail may go to " + gathered.refused};
  co_return NoHops{Until::second_look, "5.4.4", "none of the mail hosts of " + domain + " has an address"};
}

}  // namespace postrider
