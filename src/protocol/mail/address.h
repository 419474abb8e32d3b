// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postrider::mail {

// One mailbox address that may stand in MAIL, RCPT or a header: RFC 5321 4.1.2 with the international forms
// of RFC 6531. Comments, folding and the obsolete forms of RFC 5322 are refused. It never holds CR, LF, NUL
// or another control character, nor a space outside quotes; at most 254 bytes, 64 of them before the '@'.
//
// Equal mailboxes compare equal where the grammar allows to know it: the domain is lower-cased and an IDN
// compares by its A-labels; needless quotes and backslashes are removed. The local part keeps its case.
class Address {
 public:
  static Result<Address> parse(std::string_view text);

  const std::string& text() const { return text_; }  // local@domain
  std::string_view local() const { return std::string_view(text_).substr(0, at_); }
  // Lower case. A U-label domain stays one; a literal is "[192.0.2.1]" or "[IPv6:...]".
  std::string_view domain() const { return std::string_view(text_).substr(at_ + 1); }
  // The domain in A-labels: what DNS is asked and what a server without SMTPUTF8 is told.
  std::string_view ascii_domain() const { return ascii_domain_.empty() ? domain() : ascii_domain_; }
  // local@ascii_domain: all ASCII unless needs_smtputf8(). Also the key under which to store an address.
  std::string ascii_text() const;
  bool needs_smtputf8() const { return needs_smtputf8_; }  // the local part is not ASCII
  bool is_literal() const { return text_[at_ + 1] == '['; }

  friend bool operator==(const Address& a, const Address& b) {
    return a.local() == b.local() && a.ascii_domain() == b.ascii_domain();
  }

 private:
  Address() = default;
  std::string text_;
  std::string ascii_domain_;  // empty when it is domain()
  std::size_t at_ = 0;
  bool needs_smtputf8_ = false;
};

// The domain in lower-case A-labels (IDNA 2008, TR46 non-transitional), or Code::invalid when it is not a
// host name of RFC 5321 in length and letters.
Result<std::string> ascii_domain(std::string_view domain);

}  // namespace postrider::mail
