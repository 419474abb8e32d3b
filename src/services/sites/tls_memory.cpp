// SPDX-License-Identifier: Apache-2.0
#include "services/sites/tls_memory.h"

#include <algorithm>
#include <utility>

namespace postrider::sites {
namespace {

using namespace store;

constexpr PlatformSql put{
    "tls_sites.put", Kind::system_write,
    "INSERT INTO tls_sites (site, seen) VALUES (?1, ?2) ON CONFLICT (site) DO UPDATE SET "
    "seen = excluded.seen"};
constexpr PlatformSql all_of{"tls_sites.all", Kind::read, "SELECT site, seen FROM tls_sites WHERE seen > ?1"};
constexpr PlatformSql destroy{"tls_sites.destroy", Kind::system_write,
                              "DELETE FROM tls_sites WHERE seen <= ?1"};
constexpr PlatformSql remove{"tls_sites.remove", Kind::person_write, "DELETE FROM tls_sites WHERE site = ?1"};

constexpr auto kept = std::chrono::days(tls_kept_days);

// One write a day for each site, not one for each connection.
Time day_of(Time now) {
  return std::chrono::floor<std::chrono::days>(now);
}

}  // namespace

Result<void> TlsMemory::load(Time now) {
  const auto rows =
      PR_TRY(reading(store_, [&](Transaction& tx) -> Result<Rows> { return tx.query(all_of, now - kept); }));
  const std::lock_guard lock(mutex_);
  for (const auto& row : rows) sites_[row.text(0)] = {row.time(1), true};
  make_room();
  return {};
}

bool TlsMemory::has_offered(std::string_view site, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto found = sites_.find(site);
  return found != sites_.end() && found->second.at > now - kept;
}

void TlsMemory::offered(std::string_view site, Time now) {
  const auto today = day_of(now);
  const std::lock_guard lock(mutex_);
  const auto found = sites_.find(site);
  if (found == sites_.end())
    sites_.emplace(site, Seen{today, false});
  else if (found->second.at < today)
    found->second = {today, false};
}

// Under the lock. A tenth more than needed, so that it is not done again for every new site.
void TlsMemory::make_room() {
  if (sites_.size() <= most_) return;
  std::vector<Time> ages;
  ages.reserve(sites_.size());
  for (const auto& [site, seen] : sites_) ages.push_back(seen.at);
  auto leaving = static_cast<std::ptrdiff_t>(sites_.size() - most_ + most_ / 10);
  const auto last = ages.begin() + leaving - 1;
  std::ranges::nth_element(ages, last);
  std::erase_if(sites_, [&](const auto& entry) { return entry.second.at <= *last && leaving-- > 0; });
}

Result<void> TlsMemory::flush(Time now) {
  std::vector<std::pair<std::string, Time>> fresh;
  std::size_t old = 0;
  {
    const std::lock_guard lock(mutex_);
    old = std::erase_if(sites_, [&](const auto& entry) { return entry.second.at <= now - kept; });
    make_room();
    for (auto& [site, seen] : sites_)
      if (!std::exchange(seen.written, true)) fresh.emplace_back(site, seen.at);
  }
  if (fresh.empty() && old == 0) return {};
  using enum Batch::Column;
  Batch batch{text, integer};
  for (const auto& [site, seen] : fresh) batch.add(site, seen);
  auto done = writing(store_, [&](Transaction& tx) -> Result<void> {
    if (!fresh.empty()) PR_TRY(tx.insert(put, batch));
    PR_TRY(tx.execute(destroy, now - kept));
    return tx.commit_system("sites that offer TLS");
  });
  if (done.ok()) return done;
  const std::lock_guard lock(mutex_);
  for (const auto& [site, seen] : fresh)
    if (const auto found = sites_.find(site); found != sites_.end()) found->second.written = false;
  return done;
}

std::vector<TlsMemory::Site> TlsMemory::all(Time now) const {
  std::vector<Site> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [site, seen] : sites_)
      if (seen.at > now - kept) out.push_back({site, seen.at});
  }
  std::ranges::sort(out, {}, &Site::name);
  return out;
}

Result<bool> TlsMemory::forget(std::string_view site, const audit::Author& author) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = sites_.find(site);
    if (found == sites_.end()) return false;
    sites_.erase(found);
  }
  PR_TRY(writing(store_, [&](Transaction& tx) -> Result<void> {
    PR_TRY(tx.execute(remove, site));
    return tx.commit(audit::AuditEntry{author, {}, "tls.forget", std::string(site), {}, {}});
  }));
  return true;
}

const Schema& schema() {
  using enum DataClass;
  using enum Type;
  static const Schema schema{"services/sites",
                             {{1,
                               "sites that offer TLS",
                               {CreateTable{"tls_sites",
                                            {{"site", text, operational, days(tls_kept_days)},
                                             {"seen", integer, operational, days(tls_kept_days)}},
                                            "site"},
                                CreateIndex{"tls_sites_by_age", "tls_sites", "seen"}}}},
                             {&put, &all_of, &destroy, &remove}};
  return schema;
}

}  // namespace postrider::sites
