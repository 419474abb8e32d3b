// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "flow/queue/message.h"
#include "model/ids.h"

namespace postrider {

// Where mail goes, and who stands in line for it. Each tenant has a line of its own and they are served in
// turn, one assignment each, so that one tenant's million does not delay another's reset link. One thread
// (the road).
class Destination {
 public:
  struct Line {
    TenantId tenant;
    Recipient* head = nullptr;
    Recipient* tail = nullptr;
    std::size_t length = 0;
  };

  void join(Recipient& recipient);
  // The next recipients for one transaction: the head of the line whose turn it is, and those behind it that
  // share its personalization, at most `most`. Skips lines that `may` refuses. Empty when there is nobody.
  template <class May>
  void take(std::size_t most, May may, std::vector<Recipient*>& out);
  // Removes from every line those for whom `gone` holds, handing them to `out`.
  template <class Gone>
  void sweep(Gone gone, std::vector<Recipient*>& out);

  std::size_t waiting() const { return waiting_; }
  const std::vector<Line>& lines() const { return lines_; }

  // The window: how many transactions may be out at once. It grows with answers and shrinks with trouble.
  std::uint32_t out = 0;
  std::uint32_t window = 8;
  std::int64_t heard_ms = 0;       // when it last gave something back, or the first went out to it
  bool quiet = false;              // it has had mail in hand for long, and said nothing
  bool watched = false;            // somebody looks after a while whether it is
  std::uint32_t failures = 0;      // dialogues in a row that could not be had
  std::int64_t not_before_ms = 0;  // left alone until then
  bool active = false;             // listed among those with somebody in line

 private:
  static bool same_variant(const Recipient& a, const Recipient& b) {
    return a.message == b.message && a.message->variant_of(a.n) == b.message->variant_of(b.n);
  }
  static Recipient* pop(Line& line);

  std::vector<Line> lines_;
  std::size_t turn_ = 0;
  std::size_t waiting_ = 0;
};

template <class May>
void Destination::take(std::size_t most, May may, std::vector<Recipient*>& taken) {
  for (std::size_t tried = 0; tried < lines_.size(); ++tried) {
    if (turn_ >= lines_.size()) turn_ = 0;
    auto& line = lines_[turn_];
    // A head that does not stand at waiting is being copied by the cleaner; its turn comes back.
    if (line.head->standing != Standing::waiting || !may(line.tenant)) {
      ++turn_;
      continue;
    }
    taken.push_back(pop(line));
    while (taken.size() < most && line.head && line.head->standing == Standing::waiting &&
           same_variant(*taken.front(), *line.head))
      taken.push_back(pop(line));
    waiting_ -= taken.size();
    if (!line.head)
      lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(turn_));
    else
      ++turn_;
    return;
  }
}

template <class Gone>
void Destination::sweep(Gone gone, std::vector<Recipient*>& out_of_line) {
  for (auto& line : lines_) {
    Recipient* kept = nullptr;
    for (auto** link = &line.head; *link;) {
      auto* recipient = *link;
      if (!gone(*recipient)) {
        kept = recipient;
        link = &recipient->next;
        continue;
      }
      *link = recipient->next;
      recipient->next = nullptr;
      --line.length;
      --waiting_;
      out_of_line.push_back(recipient);
    }
    line.tail = kept;
  }
  std::erase_if(lines_, [](const Line& line) { return !line.head; });
}

}  // namespace postrider
