// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/submission.h"

namespace postrider {

// The tags of one personalization, ready to be replaced in any text in time linear in text and tags, whatever
// they are (Aho and Corasick 1975, over the tags read backwards). Points into the pairs it was made of.
class Substitutions {
 public:
  // Of a text with its values in it: a short tag with a long value in a long text must not eat the memory.
  static constexpr std::size_t size_most = std::size_t{64} << 20;

  explicit Substitutions(const std::vector<Pair>& pairs);

  bool empty() const { return longest_ == 0; }
  // Replaces every tag by its value, left to right and once: a value is never searched for tags, so what a
  // recipient's data holds cannot become a command. Where several tags fit at one place, the longest wins.
  // invalid = the result would be too large.
  Result<std::string> apply(std::string_view text) const;

 private:
  // A state: what has been read, backwards, is the beginning of a tag.
  struct Node {
    char letter = 0;
    std::uint32_t child = 0, sibling = 0;  // 0 = none
    std::uint32_t shorter = 0;             // the longest other beginning of which this is one
    const Pair* tag = nullptr;             // the longest that is complete here
  };
  std::uint32_t child(std::uint32_t node, char letter) const;
  std::uint32_t next(std::uint32_t node, char letter) const;
  std::uint32_t grow(std::uint32_t node, char letter);
  void link();

  std::vector<Node> nodes_;
  std::array<std::uint32_t, 256> first_{};  // the children of the start, where most letters lead nowhere
  std::size_t longest_ = 0;                 // tag
};

}  // namespace postrider
