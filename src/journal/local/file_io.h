// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "base/disk.h"

namespace postrider::journal::local {

// Up to size bytes at offset; fewer only at the end of the file.
Result<std::string> read_at(const File& file, std::uint64_t offset, std::size_t size);

// File::sync, whose failure is always `io`: whatever the reason, nothing is known of what was written.
Result<void> sync(File& file);

// Opens for recovery: what the process before us left unsynced is made durable or is gone, and reads come
// from the device.
Result<std::unique_ptr<File>> open_settled(Disk& disk, std::string_view path);

}  // namespace postrider::journal::local
