// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "protocol/dns/answer.h"

namespace postrider::dns {

// Names of hosts in the order in which they are to be tried.
using Hosts = std::vector<std::string>;
// Why there is nowhere to send a domain's mail.
enum class Nowhere {
  null_mx,  // the domain says that it takes no mail (RFC 7505)
  no_name,  // the domain does not exist
  loop,     // we are its best host: sending would come back to us (RFC 5321 5.1)
};
struct AskLater {
  std::string why;
};
using MailHosts = std::variant<Hosts, Nowhere, AskLater>;

// Which hosts take mail for `domain`, from the answer to its MX question (RFC 5321 5.1): by preference, those
// of equal preference in random order, only those better than `self`, our own name. Without an MX record the
// domain itself.
MailHosts mail_hosts(std::string_view domain, const Answer<Mx>& answer, std::string_view self,
                     Random& random);

}  // namespace postrider::dns
