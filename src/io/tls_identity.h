// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;

namespace postrider::io {

// A certificate chain and its private key, ready to serve TLS 1.2 (ECDHE with AEAD only) and 1.3. Cheap to
// copy, immutable, shared by all loops; connections keep the one they began with.
class TlsIdentity {
 public:
  // `chain`: the leaf first, then intermediates, all PEM. `invalid` in words when they do not fit together.
  static Result<TlsIdentity> from_pem(std::string_view chain, std::string_view key);
  static Result<TlsIdentity> load(const std::string& chain_file, const std::string& key_file);

  ssl_ctx_st* context() const { return context_.get(); }

 private:
  explicit TlsIdentity(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

// The identity new connections are served with; replaced when certificates are renewed. Any thread.
class CurrentIdentity {
 public:
  explicit CurrentIdentity(TlsIdentity identity) : identity_(std::move(identity)) {}
  TlsIdentity get() const {
    std::lock_guard lock(mutex_);
    return identity_;
  }
  void replace(TlsIdentity identity) {
    std::lock_guard lock(mutex_);
    identity_ = std::move(identity);
  }

 private:
  mutable std::mutex mutex_;
  TlsIdentity identity_;
};

// A certificate that vouches for itself: for the first start and for tests.
struct PemPair {
  std::string certificate;
  std::string key;
};
// For these host names and IP literals (at least one); P-256, valid from yesterday for ten years.
Result<PemPair> make_self_signed(const std::vector<std::string>& names);

}  // namespace postrider::io
