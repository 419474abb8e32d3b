// SPDX-License-Identifier: Apache-2.0
#include "journal/local/claim_table.h"

#include "base/codec.h"

namespace postrider::journal::local {
namespace {

std::string name_of(std::uint64_t tenant, std::string_view key) {
  Writer name;
  name.u64(tenant);
  name.raw(key);
  return name.take();
}

}  // namespace

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
  if (!in.done()) return std::nullopt;
  return claim;
}

std::optional<Claim> ClaimTable::find(std::uint64_t tenant, std::string_view key, Time now) const {
  std::lock_guard lock(mutex_);
  const auto found = held_.find(name_of(tenant, key));
  if (found == held_.end() || found->second.expiry->first <= now) return std::nullopt;
  return Claim{tenant, std::string(key), found->second.digest, found->second.answer,
               found->second.expiry->first};
}

void ClaimTable::put(const Claim& claim) {
  const auto name = name_of(claim.tenant, claim.key);
  std::lock_guard lock(mutex_);
  const auto expiry = by_expiry_.emplace(claim.expires, name);
  auto [at, fresh] = held_.try_emplace(name, Held{claim.digest, claim.answer, expiry});
  if (fresh) return;
  by_expiry_.erase(at->second.expiry);
  at->second = Held{claim.digest, claim.answer, expiry};
}

bool ClaimTable::expire(Time now, std::size_t most) {
  std::lock_guard lock(mutex_);
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    if (most-- == 0) return true;
    held_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
  }
  return false;
}

}  // namespace postrider::journal::local
