// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/mailbox.h"

#include "protocol/mail/encoded_word.h"

namespace postrider::mail {

std::string header_form(const Mailbox& mailbox) {
  std::string address =
      mailbox.address.needs_smtputf8() ? mailbox.address.text() : mailbox.address.ascii_text();
  std::string out = phrase(mailbox.name);
  if (out.empty()) return address;
  out.append(" <").append(address).push_back('>');
  return out;
}

std::string header_form(std::span<const Mailbox> list) {
  std::string out;
  for (const Mailbox& mailbox : list) {
    if (!out.empty()) out.append(", ");
    out.append(header_form(mailbox));
  }
  return out;
}

}  // namespace postrider::mail
