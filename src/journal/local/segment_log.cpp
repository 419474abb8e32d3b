// SPDX-License-Identifier: Apache-2.0
#include "journal/local/segment_log.h"

#include <algorithm>

#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/hint_file.h"

namespace postrider::journal::local {

Result<Batch> SegmentLog::append(const BatchBuilder& content, Time time) {
  const auto size = content.size();
  if (size > most()) return Error{Code::invalid, "larger than a segment"};
  // The last sector stays free for the batch that closes the use.
  if (!open_ || open_->end + size + sector > open_->size) PR_TRY(roll(content, time));

  buffer_.clear();
  auto batch = content.seal({log_, open_->incarnation, open_->end, open_->batches + 1, time}, *open_->sealer,
                            nonces_, buffer_);
  meter_.bytes += batch.length;
  auto& file = *open_->file;
  if (auto written = file.write(batch.offset, buffer_); !written.ok()) {
    if (written.error().code != Code::exhausted) return Error{Code::io, std::move(written).error().detail};
    PR_TRY(unwrite(file, batch.offset));
    return std::move(written).error();
  }
  if (log_ == LogKind::spool)
    PR_CRASH_POINT("journal.batch_written");
  else
    PR_CRASH_POINT("journal.carry_written");
  if (!(log_ == LogKind::spool && PR_MUTANT(1))) {  // planted: the sync is skipped
    auto synced = meter_.sync(file);
    if (!synced.ok() && PR_MUTANT(3)) synced = meter_.sync(file);  // planted: a failed sync is tried again
    PR_TRY(std::move(synced));
  }
  if (log_ == LogKind::spool)
    PR_CRASH_POINT("journal.batch_durable");
  else
    PR_CRASH_POINT("journal.carry_durable");
  return batch;
}

// Whatever part of a batch was written before the room ran out must not be found by a restart: the caller
// hears that nothing is stored.
Result<void> SegmentLog::unwrite(File& file, std::uint64_t offset) {
  auto overwritten = file.write(offset, std::string(sector, '\0'));
  if (!overwritten.ok()) return Error{Code::io, std::move(overwritten).error().detail};
  return sync(file);
}

Result<void> SegmentLog::roll(const BatchBuilder& content, Time time) {
  const auto next_sequence = content.first_sequence(), next_item = content.first_item();
  if (!prepared_) prepared_ = PR_TRY(pool_.make(log_, segment_bytes_, next_sequence, next_item));
  PR_TRY(close(time));
  std::lock_guard lock(mutex_);
  open_ = std::move(prepared_);
  open_->first_sequence = open_->next_sequence = next_sequence;
  open_->first_item = open_->next_item = next_item;
  uses_.push_back(open_);
  return {};
}

Result<Batch> write_end(const Use& use, Time time, NonceSource& nonces) {
  std::string bytes;
  const auto end = seal_end({use.log, use.incarnation, use.end, use.batches + 1, time}, use.next_sequence,
                            use.next_item, *use.sealer, nonces, bytes);
  auto written = use.file->write(end.offset, bytes);
  if (!written.ok()) return Error{Code::io, std::move(written).error().detail};
  PR_CRASH_POINT("journal.end_written");
  PR_TRY(sync(*use.file));
  PR_CRASH_POINT("journal.end_durable");
  return end;
}

Result<void> SegmentLog::close(Time time) {
  if (!open_ || open_->batches == 0) return {};
  const auto end = PR_TRY(write_end(*open_, time, nonces_));
  std::lock_guard lock(mutex_);
  open_->add(end);
  open_.reset();
  return {};
}

Result<void> SegmentLog::prepare(std::uint64_t next_sequence, std::uint64_t next_item) {
  if (!prepared_) prepared_ = PR_TRY(pool_.make(log_, segment_bytes_, next_sequence, next_item));
  return {};
}

Result<bool> SegmentLog::write_hint(Disk& disk) {
  for (const auto& use : uses_) {
    if (!use->closed || use->hinted) continue;
    PR_TRY(HintFile::write(disk, *use, use->hint.get(), nonces_));
    use->hint.reset();
    std::lock_guard lock(mutex_);
    use->hinted = true;
    return true;
  }
  return false;
}

void SegmentLog::forget(const UsePtr& use) {
  std::erase(uses_, use);
}

std::uint64_t SegmentLog::idle_bytes() const {
  std::uint64_t total = pool_.free(log_) * segment_bytes_;
  if (open_) total += open_->size - open_->end;
  if (prepared_) total += prepared_->size;
  return total;
}

}  // namespace postrider::journal::local
