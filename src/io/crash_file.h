// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/death_mark.h"
#include "io/work_cells.h"

namespace postrider::io {

// The work cells of a process in a small file mapped into memory: they survive its death, whatever it died
// of, though not the machine's, which nobody needs. It also says whether the process died by a signal of its
// own.
class CrashFile {
 public:
  // How the process that had the file before died of its own doing.
  struct Death {
    std::uint64_t life = 0;  // which process: never the same twice
    int signal = 0;
    std::vector<Work> works;  // what its threads were working on
  };

  // Maps the file, made if it is not there or is not one of ours. Nothing in it changes before begin(). The
  // caller sees to it that no other process has it.
  static Result<std::unique_ptr<CrashFile>> open(const std::string& path);
  ~CrashFile();
  CrashFile(const CrashFile&) = delete;
  CrashFile& operator=(const CrashFile&) = delete;

  const std::optional<Death>& death() const { return death_; }
  // Empties the file for this process, named by a random number; from now on its own death leaves a mark.
  void begin(std::uint64_t life);
  WorkCells& cells() { return cells_; }  // nobody may work on anything before begin()

 private:
  struct Layout;
  explicit CrashFile(Layout& layout);

  Layout& layout_;
  WorkCells cells_;
  std::optional<Death> death_;
  std::optional<DeathMark> mark_;
};

}  // namespace postrider::io
