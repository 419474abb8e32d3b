// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/resolver.h"
#include "testing/seeded_random.h"
#include "testing/sim_executor.h"

namespace postrider::testing {

// A resolver whose zones are data. Names that nobody wrote down do not exist. It answers after a delay, and
// fails as told: by name, or now and then.
class FakeResolver final : public io::Resolver {
 public:
  explicit FakeResolver(SimExecutor& executor, std::uint64_t seed = 1) : executor_(executor), random_(seed) {}

  struct Name {
    std::vector<dns::Mx> mx = {};
    std::vector<std::string> ipv4 = {}, ipv6 = {};
    bool authenticated = false;
  };
  void set(std::string name, Name records) { names_[std::move(name)] = std::move(records); }
  void remove(std::string_view name) { names_.erase(std::string(name)); }
  // From now on every question about this name fails, until `why` is empty.
  void fail(std::string name, std::string why) { failing_[std::move(name)] = std::move(why); }
  // One question in n fails; 0 = none.
  void fail_one_in(std::uint64_t n) { fail_one_in_ = n; }
  void set_delay(Duration delay) { delay_ = delay; }
  // Whoever waits for an answer hears at once that there is none.
  void hurry();

  std::uint64_t asked(std::string_view name) const;  // how often, of any type
  std::uint64_t asked() const { return asked_; }

  Task<dns::Answer<dns::Mx>> mx(std::string domain) override;
  Task<dns::Answer<std::string>> addresses(std::string host, io::Family family) override;

 private:
  template <class Record>
  dns::Answer<Record> look_up(const std::string& name, std::vector<Record> Name::* type);

  template <class Record>
  Task<dns::Answer<Record>> later(dns::Answer<Record> answer);

  SimExecutor& executor_;
  SeededRandom random_;
  std::map<std::string, Name> names_;
  std::map<std::string, std::string> failing_;
  std::map<std::string, std::uint64_t, std::less<>> asked_of_;
  std::uint64_t asked_ = 0;
  std::uint64_t fail_one_in_ = 0;
  std::list<SimWait*> waiting_;
  Duration delay_ = std::chrono::milliseconds(20);
};

}  // namespace postrider::testing
