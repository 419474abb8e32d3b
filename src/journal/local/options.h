// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace postrider::journal::local {

struct Options {
  std::uint64_t segment_bytes = 64ull << 20;        // of a spool file, below 4 GiB; a batch must fit
  std::uint64_t event_segment_bytes = 16ull << 20;  // of an event file
  std::uint64_t spool_limit = 10ull << 30;          // limits.spool, both logs
  unsigned refuse_percent = 90;                     // of the limit: intake is refused above
  unsigned clean_percent = 60;                      // of the limit: worth_moving() answers above
  // Room on the disk that intake leaves alone: the larger of the two, but never more than an eighth of the
  // disk, so that a small one takes mail, too.
  std::uint64_t reserve_bytes = 1ull << 30;
  unsigned reserve_percent = 5;
  std::size_t claims_most = 1'000'000;  // held in memory, about 150 bytes each; may_claim() is about more
  // An event file is closed at this age at the latest, so that days can be dropped as they pass.
  Duration event_span = std::chrono::hours(12);
  // A spool file in which nothing lives any more is closed at this age, so that it is erased though few come
  // to fill it.
  Duration idle_span = std::chrono::hours(1);
  std::size_t free_segments = 8;  // files kept for reuse in each log; more go back to the file system
};

}  // namespace postrider::journal::local
