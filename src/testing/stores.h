// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "store/store.h"

namespace postrider::testing {

// A moment for tests that only need one.
inline constexpr Time test_time{std::chrono::milliseconds(1'800'000'000'000)};

// An empty directory below the system's temporary one, gone with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// An engine with an empty database of its own, which can be opened again and again.
class StoreEngine {
 public:
  virtual ~StoreEngine() = default;
  virtual std::unique_ptr<store::Store> open() = 0;
  virtual bool durable() const { return true; }  // open() finds what an earlier store committed
};

// "memory", "file" or "postgres". nullptr when POSTRIDER_TEST_PG (see tests/with-postgres) is not set: skip
// then. When POSTRIDER_SHARED is set, its absence fails the running test.
std::unique_ptr<StoreEngine> make_engine(std::string_view name);

// Runs a test once on each engine: derive, then
//   TEST_P(KeysTest, RevokedIsRefused) { auto store = open({&accounts::schema()}); … }
//   INSTANTIATE_TEST_SUITE_P(Engines, KeysTest, testing::engines, testing::engine_name);
class StoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    engine_ = make_engine(GetParam());
    if (!engine_) GTEST_SKIP() << "POSTRIDER_TEST_PG is not set: run under tests/with-postgres";
  }
  // A store with these schemas; fails the test when they are refused.
  std::unique_ptr<store::Store> open(std::initializer_list<const store::Schema*> schemas);
  StoreEngine& engine() { return *engine_; }

 private:
  std::unique_ptr<StoreEngine> engine_;
};

inline const auto engines = ::testing::Values("memory", "file", "postgres");
inline std::string engine_name(const ::testing::TestParamInfo<const char*>& info) {
  return info.param;
}

}  // namespace postrider::testing
