// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>

#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/random.h"
#include "journal/local/blob_store.h"
#include "journal/local/claim_table.h"
#include "journal/local/event_log.h"
#include "journal/local/options.h"
#include "journal/local/segment_pool.h"
#include "journal/local/spool.h"
#include "journal/local/stream_file.h"

namespace postrider::journal::local {

// What the engine is built on. Everything outlives it.
struct Ground {
  Disk& disk;
  Random& random;
  const Clock& clock;
  Log& log;
  Options options;
  Key wrapping;
};

// A journal that has been recovered: the parts, in the order they stand on each other.
struct Engine {
  Engine(const Ground& ground_, const StreamIdentity& identity_, KeySlots keys)
      : ground(ground_),
        identity(identity_),
        nonces(identity_.epoch),
        meter(ground.clock),
        pool(ground.disk, ground.random, nonces, std::move(keys), identity.stream),
        blobs(ground.disk, ground.random, nonces),
        spool(ground.options, pool, nonces, meter, ground.disk, ground.log, blobs, mutex),
        events(ground.options, identity.incarnation, pool, nonces, meter, ground.log, mutex) {}

  // Numbers in use go to the stream file.
  Result<void> save_floors();

  const Ground& ground;
  StreamIdentity identity;  // next_sequence and next_item are the live counters of the journal thread
  NonceSource nonces;
  Meter meter;
  mutable std::mutex mutex;  // of spool's and events' lists and tables; never held over input or output
  SegmentPool pool;
  BlobStore blobs;
  ClaimTable claims;
  Spool spool;
  EventLog events;
};

}  // namespace postrider::journal::local
