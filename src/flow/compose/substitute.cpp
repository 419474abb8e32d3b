// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/substitute.h"

namespace postrider {

std::string substitute(std::string_view text, const std::vector<Pair>& substitutions) {
  // Where each first letter of a tag may stand: most places of a text start no tag.
  std::string starts;
  for (const auto& [tag, value] : substitutions)
    if (!tag.empty() && starts.find(tag.front()) == std::string::npos) starts.push_back(tag.front());
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t from = 0;
  while (from < text.size()) {
    const auto at = text.find_first_of(starts, from);
    if (starts.empty() || at == std::string_view::npos) break;
    out.append(text.substr(from, at - from));
    const Pair* found = nullptr;
    for (const auto& pair : substitutions)
      if (!pair.first.empty() && text.substr(at).starts_with(pair.first) &&
          (!found || pair.first.size() > found->first.size()))
        found = &pair;
    if (found) {
      out.append(found->second);
      from = at + found->first.size();
    } else {
      out.push_back(text[at]);
      from = at + 1;
    }
  }
  out.append(text.substr(from));
  return out;
}

}  // namespace postrider
