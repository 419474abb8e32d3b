// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace postrider {

using Digest = std::array<std::uint8_t, 32>;

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest sha256(std::string_view bytes);  // any thread, no allocation after a thread's first call

// SHA-256 of bytes that come in pieces. A copy carries on from the same point. One thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;
  ~Sha256() = default;

  void update(std::string_view bytes);
  Digest finish();  // afterwards it stands at the start of a new message

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Digest hmac_sha256(std::string_view key, std::string_view message);  // RFC 2104; any thread

// RFC 5869: `size` bytes of key material, at most 255 * 32.
std::string hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                        std::size_t size);

// Whether two secrets are equal, in a time that depends on their sizes only.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace postrider
