// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

#include "flow/queue/message.h"

namespace postrider {

// Messages by id: open addressing over pointers, about 12 bytes a message where a node map would take 60. The
// bits of the id are random, so they are the hash. One thread.
class MessageTable {
 public:
  Message* find(const MessageId& id) const {
    if (slots_.empty()) return nullptr;
    for (auto at = home(id);; at = next(at)) {
      if (!slots_[at]) return nullptr;
      if (slots_[at]->id == id) return slots_[at];
    }
  }
  void insert(Message* message) {
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    place(message);
    ++count_;
  }
  void erase(const Message* message) {
    auto hole = home(message->id);
    while (slots_[hole] != message) hole = next(hole);
    // Close the gap: pull back whoever probed past it.
    for (auto at = next(hole); slots_[at]; at = next(at)) {
      const auto wanted = home(slots_[at]->id);
      if (((at - wanted) & mask()) >= ((at - hole) & mask())) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = nullptr;
    --count_;
  }
  std::size_t size() const { return count_; }
  template <class Visit>
  void each(Visit visit) const {
    for (auto* message : slots_)
      if (message) visit(*message);
  }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(const MessageId& id) const { return std::hash<MessageId>{}(id)&mask(); }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  void place(Message* message) {
    auto at = home(message->id);
    while (slots_[at]) at = next(at);
    slots_[at] = message;
  }
  void grow() {
    std::vector<Message*> old(slots_.empty() ? 64 : slots_.size() * 2);
    std::swap(old, slots_);
    for (auto* message : old)
      if (message) place(message);
  }
  std::vector<Message*> slots_;
  std::size_t count_ = 0;
};

}  // namespace postrider
