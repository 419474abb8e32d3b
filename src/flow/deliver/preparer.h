// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "flow/deliver/prepared.h"
#include "flow/deliver/source_cache.h"
#include "flow/policy/tenant_policy.h"
#include "flow/sign/signer.h"
#include "journal/journal.h"
#include "records/accepted.h"

namespace postrider {

// Turns assignments into transactions ready for the wire: reads the records, composes, has it signed. What
// cannot be prepared is reported like any attempt that failed here. One thread calls prepare(); `ready` is
// called on whatever thread the signer answers, with a few at a time: handing them over singly would wake a
// loop for each.
class Preparer {
 public:
  using Ready = std::function<void(std::vector<Prepared>)>;

  struct Options {
    bool sign = true;                                 // false: for measuring what everything else costs
    std::size_t cache_bytes = std::size_t{64} << 20;  // of requests ready for rendering
    std::size_t signers = 1;  // threads that sign: a dispatch is shared out among them
  };
  Preparer(const journal::Journal& journal, const Policies& policies, Signer& signer, io::WorkCells& cells,
           Options options, Ready ready, Reports reports)
      : journal_(journal),
        policies_(policies),
        signer_(signer),
        cells_(cells),
        sign_(options.sign),
        signers_(options.signers),
        cache_(options.cache_bytes),
        ready_(std::move(ready)),
        reports_(std::move(reports)) {}

  void prepare(std::vector<Assignment> assignments, Time now);

 private:
  // Messages composed and not signed yet.
  struct Composition {
    struct One {
      Prepared prepared;
      std::vector<dkim::Unsigned> headers;
    };
    std::vector<One> messages;
    std::vector<Signer::Request> requests;  // one for each header, in order
  };
  struct Stored {
    std::vector<Result<records::Queued>> queued;  // one per recipient
    Result<records::Variant> variant;             // nothing in it when the personalization travels inside
  };
  Stored read(const Assignment& assignment) const;
  Result<void> compose_for(Assignment& assignment, Stored stored, Time now, Composition& composition);
  void sign(Composition composition);
  void finish(std::vector<Composition::One> messages, std::span<const Result<std::string>> signatures);
  Result<std::shared_ptr<const Source>> source(const Assignment& assignment);
  void refuse(Assignment assignment, const Error& error);
  void refuse(Assignment assignment, std::span<const Result<records::Queued>> queued);

  const journal::Journal& journal_;
  const Policies& policies_;
  Signer& signer_;
  io::WorkCells& cells_;
  bool sign_;
  std::size_t signers_;
  SourceCache cache_;
  Ready ready_;
  Reports reports_;
};

}  // namespace postrider
