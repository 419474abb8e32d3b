// SPDX-License-Identifier: Apache-2.0
#include "edge/api/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>

namespace postrider::api {
namespace {

constexpr int gzip_only = 16 + MAX_WBITS;

class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, gzip_only) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool ready() const { return ready_; }
  z_stream* operator->() { return &stream_; }
  z_stream* get() { return &stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::expected<std::string, GunzipFailure> gunzip(std::string_view packed, std::size_t limit,
                                                 const Reserve& reserve) {
  constexpr auto damaged = GunzipFailure::damaged;
  Inflater inflater;
  if (!inflater.ready() || packed.empty()) return std::unexpected(damaged);
  inflater->next_in = reinterpret_cast<const Bytef*>(packed.data());
  inflater->avail_in = static_cast<uInt>(packed.size());

  std::string out;
  std::size_t size = 0;
  for (;;) {
    if (size > limit) return std::unexpected(GunzipFailure::too_long);
    // One byte more than allowed tells a body that is too long from one that just fits.
    if (size == out.size()) {
      const auto next = std::min(std::max(out.size() * 2, packed.size() * 4), limit + 1);
      if (!reserve(next - size)) return std::unexpected(GunzipFailure::no_memory);
      out.resize(next);
    }
    inflater->next_out = reinterpret_cast<Bytef*>(out.data() + size);
    inflater->avail_out = static_cast<uInt>(out.size() - size);
    const int status = inflate(inflater.get(), Z_NO_FLUSH);
    size = out.size() - inflater->avail_out;
    if (status == Z_STREAM_END) {
      if (inflater->avail_in == 0) break;
      if (inflateReset(inflater.get()) != Z_OK) return std::unexpected(damaged);
    } else if (status != Z_OK || (inflater->avail_in == 0 && inflater->avail_out != 0)) {
      return std::unexpected(damaged);
    }
  }
  if (size > limit) return std::unexpected(GunzipFailure::too_long);
  out.resize(size);
  return out;
}

}  // namespace postrider::api
