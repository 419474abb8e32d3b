// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/substitute.h"

#include <algorithm>

namespace postrider {
namespace {

constexpr std::size_t block = 16 * 1024;  // of the text, looked through at once

}  // namespace

Substitutions::Substitutions(const std::vector<Pair>& pairs) : nodes_(1) {
  for (const auto& pair : pairs) {
    const auto& tag = pair.first;
    if (tag.empty()) continue;
    std::uint32_t node = 0;
    for (auto letter = tag.rbegin(); letter != tag.rend(); ++letter) node = grow(node, *letter);
    if (!nodes_[node].tag) nodes_[node].tag = &pair;
    longest_ = std::max(longest_, tag.size());
  }
  link();
}

std::uint32_t Substitutions::child(std::uint32_t node, char letter) const {
  if (node == 0) return first_[static_cast<unsigned char>(letter)];
  auto at = nodes_[node].child;
  while (at && nodes_[at].letter != letter) at = nodes_[at].sibling;
  return at;
}

std::uint32_t Substitutions::grow(std::uint32_t node, char letter) {
  if (const auto known = child(node, letter)) return known;
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({.letter = letter, .sibling = nodes_[node].child});
  nodes_[node].child = made;
  if (node == 0) first_[static_cast<unsigned char>(letter)] = made;
  return made;
}

// Nearest first, so that whatever is shorter is linked already.
void Substitutions::link() {
  std::vector<std::uint32_t> order{0};
  order.reserve(nodes_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto parent = order[i];
    for (auto at = nodes_[parent].child; at; at = nodes_[at].sibling) {
      auto& node = nodes_[at];
      if (parent != 0) node.shorter = next(nodes_[parent].shorter, node.letter);
      if (!node.tag) node.tag = nodes_[node.shorter].tag;
      order.push_back(at);
    }
  }
}

std::uint32_t Substitutions::next(std::uint32_t node, char letter) const {
  for (;; node = nodes_[node].shorter) {
    if (const auto found = child(node, letter)) return found;
    if (node == 0) return 0;
  }
}

Result<std::string> Substitutions::apply(std::string_view text) const {
  if (empty()) return std::string(text);
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::vector<const Pair*> begins(std::min(block, text.size()));  // the longest tag at each place of a block
  std::size_t from = 0, copied = 0;
  while (from < text.size()) {
    const auto start = from, end = std::min(text.size(), start + block);
    std::uint32_t node = 0;
    // A tag that begins in the block may end behind it.
    for (auto at = std::min(text.size(), end + longest_ - 1); at-- > start;) {
      node = next(node, text[at]);
      if (at < end) begins[at - start] = nodes_[node].tag;
    }
    while (from < end) {
      const auto* tag = begins[from - start];
      if (!tag) {
        ++from;
        continue;
      }
      out.append(text.substr(copied, from - copied)).append(tag->second);
      if (out.size() > size_most) return Error{Code::invalid, "too large after substitution"};
      copied = from += tag->first.size();
    }
  }
  out.append(text.substr(copied));
  return out;
}

}  // namespace postrider
