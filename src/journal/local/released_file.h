// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/disk.h"
#include "journal/local/use.h"

namespace postrider::journal::local {

// The durable bitmap of what is released of a closed spool use. The file holds it twice; a copy is written
// and synced before the other is touched, so one is whole at any time, and once write() has returned any
// single damage leaves the other. Bits are only ever set: reading joins whatever copies are authentic.
class ReleasedFile {
 public:
  static Result<void> write(Disk& disk, const Use& use, NonceSource& nonces);
  // Sets the bits in use.released that the file has. What the device does not give is noted in use.damage
  // when there is no other copy of it.
  static Result<void> read(Disk& disk, Use& use);
};

}  // namespace postrider::journal::local
