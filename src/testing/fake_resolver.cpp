// SPDX-License-Identifier: Apache-2.0
#include "testing/fake_resolver.h"

namespace postrider::testing {

std::uint64_t FakeResolver::asked(std::string_view name) const {
  const auto found = asked_of_.find(name);
  return found == asked_of_.end() ? 0 : found->second;
}

template <class Record>
dns::Answer<Record> FakeResolver::look_up(const std::string& name, std::vector<Record> Name::* type) {
  ++asked_;
  ++asked_of_[name];
  if (const auto failing = failing_.find(name); failing != failing_.end() && !failing->second.empty())
    return {.status = dns::Status::failed, .why = failing->second};
  if (fail_one_in_ != 0 && random_.one_in(fail_one_in_))
    return {.status = dns::Status::failed, .why = random_.one_in(2) ? "SERVFAIL" : "timed out"};
  const auto found = names_.find(name);
  if (found == names_.end()) return {.status = dns::Status::no_name, .ttl = std::chrono::minutes(5)};
  const auto& records = found->second.*type;
  return {.status = records.empty() ? dns::Status::no_data : dns::Status::ok,
          .records = records,
          .ttl = std::chrono::minutes(5),
          .authenticated = found->second.authenticated};
}

template <class Record>
Task<dns::Answer<Record>> FakeResolver::later(dns::Answer<Record> answer) {
  const auto place = waiting_.insert(waiting_.end(), nullptr);
  const bool hurried = co_await SimWait(executor_, executor_.now() + delay_, &*place);
  waiting_.erase(place);
  if (hurried) answer = {.status = dns::Status::failed, .why = "no time to wait"};
  co_return answer;
}

void FakeResolver::hurry() {
  for (auto* wait : waiting_)
    if (wait) wait->wake();
}

Task<dns::Answer<dns::Mx>> FakeResolver::mx(std::string domain) {
  return later(look_up(domain, &Name::mx));
}

Task<dns::Answer<std::string>> FakeResolver::addresses(std::string host, io::Family family) {
  return later(look_up(host, family == io::Family::ipv4 ? &Name::ipv4 : &Name::ipv6));
}

}  // namespace postrider::testing
