// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/disk.h"
#include "journal/local/blob_ref.h"
#include "journal/local/label_codec.h"
#include "journal/local/use.h"

namespace postrider::journal::local {

// A record as a hint tells of it.
struct HintRecord {
  Sequence sequence;
  Label label;
  Body body = Body::here;
  Blob blob;  // when body says so
};

// Gathers, while a spool use is written or scanned, what a restart must know of it without reading it again:
// every record and every release it carries. About 10-30 bytes a record, until the use is closed and the file
// is written.
class HintBuilder {
 public:
  void record(std::uint64_t sequence, const Label& label, Body body, std::string_view bytes);
  void release(std::uint64_t sequence);

 private:
  friend class HintFile;
  struct Run {
    std::uint64_t first = 0, count = 0;
  };
  std::vector<Run> runs_;  // records stand in these, in order; damage leaves gaps
  std::uint64_t releases_ = 0;
  Writer records_, released_;
  LabelContext labels_;
  ReleaseContext context_{0};
};

// The hint of one closed use: its frames, what is lost of it, its records and releases, sealed under the
// use's key. It is a shortcut only: without it, or when it is damaged or unreadable, the use itself is read.
class HintFile {
 public:
  // Written and durable. `builder` belongs to the use; null for events.
  static Result<void> write(Disk& disk, const Use& use, const HintBuilder* builder, NonceSource& nonces);

  // Fills in everything of the use that its batches would have said. nullopt: no hint of this use.
  static Result<std::optional<HintFile>> read(Disk& disk, Use& use);
  // Only what it says of records and releases, of a use that is known. Any thread.
  static Result<std::optional<HintFile>> peek(Disk& disk, const Use& use);
  // The same for a use just scanned, whose hint could not be written.
  static HintFile of(const HintBuilder& builder);

  // In order. The visitors return nothing.
  template <class Visit>
  void each_release(Visit visit) const {
    Reader in(released_);
    ReleaseContext context(0);
    for (std::uint64_t i = 0; i < releases_; ++i) {
      const auto sequence = context.read(in);
      if (in.failed()) return;
      visit(sequence);
    }
  }
  template <class Visit>
  void each_record(Visit visit) const {
    Reader in(records_);
    LabelContext labels;
    for (const auto& run : runs_) {
      for (std::uint64_t i = 0; i < run.count; ++i) {
        HintRecord record{{run.first + i}, {}, Body::here, {}};
        read_record(in, labels, record);
        if (in.failed()) return;
        visit(record);
      }
    }
  }

 private:
  static Result<std::optional<HintFile>> open(File& file, const Use& use, UseContent& content);
  static void read_record(Reader& in, LabelContext& labels, HintRecord& record);

  std::vector<HintBuilder::Run> runs_;
  std::uint64_t releases_ = 0;
  std::string records_, released_;
};

}  // namespace postrider::journal::local
