// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include "flow/deliver/prepared.h"
#include "flow/deliver/source_cache.h"
#include "flow/policy/tenant_policy.h"
#include "flow/sign/signer.h"
#include "journal/journal.h"

namespace postrider {

// Turns assignments into transactions ready for the wire: reads the records, composes, has it signed. What
// cannot be prepared is reported like any attempt that failed here. One thread calls prepare(); `ready` is
// called on whatever thread the signer answers.
class Preparer {
 public:
  using Ready = std::function<void(Prepared)>;

  struct Options {
    bool sign = true;                                 // false: for measuring what everything else costs
    std::size_t cache_bytes = std::size_t{64} << 20;  // of requests ready for rendering
  };
  Preparer(const journal::Journal& journal, const Policies& policies, Signer& signer, io::WorkCells& cells,
           Options options, Ready ready, Reports reports)
      : journal_(journal),
        policies_(policies),
        signer_(signer),
        cells_(cells),
        sign_(options.sign),
        cache_(options.cache_bytes),
        ready_(std::move(ready)),
        reports_(std::move(reports)) {}

  void prepare(Assignment assignment, Time now);

 private:
  Result<Prepared> compose_for(Assignment& assignment, Time now, std::vector<dkim::Unsigned>& signatures,
                               std::vector<Signer::Request>& requests);
  Result<std::shared_ptr<const Source>> source(const Assignment& assignment);
  void refuse(Assignment assignment, const Error& error);

  const journal::Journal& journal_;
  const Policies& policies_;
  Signer& signer_;
  io::WorkCells& cells_;
  bool sign_;
  SourceCache cache_;
  Ready ready_;
  Reports reports_;
};

}  // namespace postrider
