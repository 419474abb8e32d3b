// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flow/compose/composer.h"
#include "flow/schedule/assignment.h"
#include "io/work_cells.h"

namespace postrider {

// A transaction ready for the wire: composed and signed.
struct Prepared {
  Assignment assignment;
  std::vector<std::string> emails;  // one per assignment.to, as accepted
  std::string domain;               // of the recipients, in A-labels: where it goes
  std::string sender;               // envelope sender
  bool utf8 = false;
  std::string head;  // signatures, header and the blank line; dot-stuffed
  std::shared_ptr<const Body> body;

  std::size_t wire_size() const { return head.size() + body->wire.size(); }
};

// Where reports of attempts go: to the road. Any thread.
using Reports = std::function<void(Report)>;

// What a thread that handles it is working on, for the crash slots.
io::Work work_of(const Assignment& assignment);

// A report that says the same of every recipient of an assignment.
Report same_for_all(Assignment assignment, const Report::One& result);

}  // namespace postrider
