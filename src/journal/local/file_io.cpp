// SPDX-License-Identifier: Apache-2.0
#include "journal/local/file_io.h"

namespace postrider::journal::local {

Result<std::string> read_at(const File& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(PR_TRY(file.read(offset, bytes)));
  return bytes;
}

Result<void> sync(File& file) {
  auto synced = file.sync();
  if (synced.ok()) return {};
  return Error{Code::io, std::move(synced).error().detail};
}

Result<std::unique_ptr<File>> open_settled(Disk& disk, std::string_view path) {
  auto file = PR_TRY(disk.open(path, Open::existing));
  PR_TRY(sync(*file));
  PR_TRY(file->drop_cache());
  return file;
}

}  // namespace postrider::journal::local
