// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/smtp/wish.h"

namespace postrider::smtp {

// What a session wants done, in order: the session adds, its owner takes. `Wish` is a variant with Say in it.
template <class Wish>
class Wishes {
 public:
  std::optional<Wish> take() {
    if (empty()) return std::nullopt;
    std::optional<Wish> wish(std::move(all_[taken_++]));
    if (empty()) {
      all_.clear();
      taken_ = 0;
    }
    return wish;
  }

  void add(Wish wish) { all_.push_back(std::move(wish)); }
  // Before the last one, when that is a `Last`.
  template <class Last>
  void add_before(Wish wish) {
    all_.insert(all_.end() - (ends_with<Last>() ? 1 : 0), std::move(wish));
  }
  // Where to append what is to be sent: what is said in one go leaves in one piece.
  std::string& say() {
    if (!ends_with<Say>()) add(Say{});
    return std::get<Say>(all_.back()).bytes;
  }

 private:
  bool empty() const { return taken_ == all_.size(); }
  template <class Kind>
  bool ends_with() const {
    return !empty() && std::holds_alternative<Kind>(all_.back());
  }

  std::vector<Wish> all_;
  std::size_t taken_ = 0;
};

}  // namespace postrider::smtp
