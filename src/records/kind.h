// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace postrider::records {

// What a spool record is. Stored in journal::Label::kind: numbers are for ever.
// How label fields are used, per kind (owner is the MessageId always):
//            n                  due_ms                 lane              attempt
//  accepted  recipients in all  its age counts from    tenant            -
//  variant   its first n        its send_at, or 0      its index         -
//  queued    the recipient      when to try            destination       attempts made
//  intent    the recipient      when it was written    who wrote it      the attempt it belongs to
//  uncertain the recipient      when to try again      destination       attempts made
// An uncertain one is a queued one whose earlier attempt its peer may have taken.
enum class Kind : std::uint8_t { accepted = 1, variant = 2, queued = 3, intent = 4, uncertain = 5 };

}  // namespace postrider::records
