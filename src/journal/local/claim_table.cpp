// SPDX-License-Identifier: Apache-2.0
#include "journal/local/claim_table.h"

#include <algorithm>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace postrider::journal::local {

std::string encode_claim(const Claim& claim) {
  Writer out;
  out.varint(claim.tenant);
  out.bytes(claim.key);
  out.raw({reinterpret_cast<const char*>(claim.digest.data()), claim.digest.size()});
  out.u64(static_cast<std::uint64_t>(millis(claim.expires)));
  out.bytes(claim.answer);
  return out.take();
}

std::optional<Claim> decode_claim(std::string_view bytes) {
  Reader in(bytes);
  Claim claim;
  claim.tenant = in.varint();
  claim.key = in.bytes();
  in.raw(claim.digest.size()).copy(reinterpret_cast<char*>(claim.digest.data()), claim.digest.size());
  claim.expires = from_millis(static_cast<std::int64_t>(in.u64()));
  claim.answer = in.bytes();
  if (!in.done() || claim.answer.size() > Claim::answer_limit) return std::nullopt;
  return claim;
}

ClaimTable::Name ClaimTable::name_of(std::uint64_t tenant, std::string_view key) {
  Writer text;
  text.u64(tenant);
  text.raw(key);
  const auto digest = sha256(text.view());
  Name name;
  std::ranges::copy_n(digest.begin(), name.bytes.size(), name.bytes.begin());
  return name;
}

std::optional<Claim> ClaimTable::find(std::uint64_t tenant, std::string_view key, Time now) const {
  const auto name = name_of(tenant, key);
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(name);
  if (found == held_.end() || found->second.expires <= now) return std::nullopt;
  const auto& held = found->second;
  return Claim{tenant, std::string(key), held.digest, {held.answer.data(), held.answer_size}, held.expires};
}

void ClaimTable::put(const Claim& claim) {
  Held held{claim.tenant, claim.expires, claim.digest, {}, {}};
  held.answer_size = static_cast<std::uint8_t>(claim.answer.copy(held.answer.data(), held.answer.size()));
  const auto name = name_of(claim.tenant, claim.key);
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] = held_.try_emplace(name, held);
  if (fresh)
    ++of_tenant_[claim.tenant];
  else if (at->second.expires >= claim.expires)
    return;
  at->second = held;
  expiries_.push_back({claim.expires, &*at});
}

bool ClaimTable::expire(Time now, std::size_t most) {
  const std::lock_guard lock(mutex_);
  for (; !expiries_.empty() && expiries_.front().at <= now; expiries_.pop_front()) {
    if (most-- == 0) return true;
    const auto& [name, held] = *expiries_.front().held;
    if (held.expires != expiries_.front().at) continue;
    const auto of_tenant = of_tenant_.find(held.tenant);
    if (--of_tenant->second == 0) of_tenant_.erase(of_tenant);
    held_.erase(held_.find(name));
  }
  return false;
}

bool ClaimTable::has_room(std::uint64_t tenant, std::size_t most) const {
  constexpr std::size_t share = 4;  // of what is free, against what it has
  const std::lock_guard lock(mutex_);
  const auto free = most - std::min(most, held_.size());
  const auto mine = of_tenant_.find(tenant);
  return free > 0 && (mine == of_tenant_.end() || mine->second / share < free);
}

std::size_t ClaimTable::size() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

}  // namespace postrider::journal::local
