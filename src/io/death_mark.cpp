// SPDX-License-Identifier: Apache-2.0
#include "io/death_mark.h"

#include <array>
#include <cassert>
#include <csignal>

// A sanitizer that ends the process after its report raises no signal; this is how it tells.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace postrider::io {
namespace {

constexpr std::array own_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<std::atomic<std::uint32_t>*> where = nullptr;
std::array<struct sigaction, own_signals.size()> earlier{};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// The first one counts: what follows is the dying.
void mark(int number) {
  auto* place = where.load(std::memory_order_acquire);
  if (!place) return;
  std::uint32_t none = 0;
  place->compare_exchange_strong(none, static_cast<std::uint32_t>(number));
}

// Only what POSIX allows in a signal handler: sigaction and raise.
extern "C" void on_own_signal(int number) {
  mark(number);
  for (std::size_t i = 0; i < own_signals.size(); ++i)
    if (own_signals[i] == number) ::sigaction(number, &earlier[i], nullptr);
  ::raise(number);  // blocked until we return, then it goes where it would have gone
}

}  // namespace

DeathMark::DeathMark(std::atomic<std::uint32_t>& place) {
  assert(!where.load());
  where.store(&place, std::memory_order_release);
  struct sigaction action{};
  action.sa_handler = &on_own_signal;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < own_signals.size(); ++i) ::sigaction(own_signals[i], &action, &earlier[i]);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback([] { mark(SIGABRT); });
}

DeathMark::~DeathMark() {
  for (std::size_t i = 0; i < own_signals.size(); ++i) ::sigaction(own_signals[i], &earlier[i], nullptr);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback([] {});
  where.store(nullptr, std::memory_order_release);
}

}  // namespace postrider::io
