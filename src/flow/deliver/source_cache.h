// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <list>
#include <memory>
#include <unordered_map>

#include "flow/compose/composer.h"

namespace postrider {

// The requests used last, ready for rendering, within a budget of bytes: the recipients of one request follow
// each other, and reading, decoding and encoding its content again for each would cost more than sending it.
// One thread.
class SourceCache {
 public:
  explicit SourceCache(std::size_t budget) : budget_(budget) {}

  std::shared_ptr<const Source> find(const MessageId& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return *found->second;
  }
  void add(std::shared_ptr<const Source> source) {
    used_ += source->bytes;
    order_.push_front(std::move(source));
    by_id_[order_.front()->id] = order_.begin();
    while (used_ > budget_ && order_.size() > 1) {
      used_ -= order_.back()->bytes;
      by_id_.erase(order_.back()->id);
      order_.pop_back();
    }
  }

 private:
  using Order = std::list<std::shared_ptr<const Source>>;
  std::size_t budget_;
  std::size_t used_ = 0;
  Order order_;  // used last in front
  std::unordered_map<MessageId, Order::iterator> by_id_;
};

}  // namespace postrider
