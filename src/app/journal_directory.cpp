// SPDX-License-Identifier: Apache-2.0
#include "app/journal_directory.h"

#include "crypto/sha256.h"

namespace postrider::app {
namespace {

// The journal's keys are wrapped under a key of their own, so that they could move to another place than the
// store's.
RootKey journal_key(const RootKey& root) {
  const auto derived = hkdf_sha256({reinterpret_cast<const char*>(root.data()), root.size()}, "",
                                   "postrider journal", sizeof(RootKey));
  RootKey key{};
  derived.copy(reinterpret_cast<char*>(key.data()), key.size());
  return key;
}

}  // namespace

Result<std::unique_ptr<JournalDirectory>> JournalDirectory::open(const Config& config, const RootKey& root,
                                                                 const Clock& clock, Random& random,
                                                                 Log& log) {
  if (!config.journal_url.starts_with("file:")) return Error{Code::invalid, "journal.url must be file:DIR"};
  std::unique_ptr<JournalDirectory> directory(new JournalDirectory);
  directory->disk_ = PR_TRY(io::PosixDisk::open_root(under(config.data, config.journal_url.substr(5))));
  directory->key_ = journal_key(root);
  journal::local::Options options;
  options.spool_limit = config.limits_spool;
  options.claims_most = config.limits_idempotency_keys;
  directory->journal_ = std::make_unique<journal::local::LocalJournal>(*directory->disk_, random, clock, log,
                                                                       directory->key_, options);
  return directory;
}

}  // namespace postrider::app
