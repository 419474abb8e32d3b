// SPDX-License-Identifier: Apache-2.0
#include "io/alternate_stack.h"

#include <csignal>
#include <cstddef>
#include <memory>

namespace postrider::io {
namespace {

constexpr std::size_t size = 64 * 1024;  // a signal's frame alone may take 11 KB (AMX)

struct AlternateStack {
  AlternateStack() {
    stack_t now{};
    // A sanitizer has given the thread one already.
    if (::sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
    memory = std::make_unique_for_overwrite<std::byte[]>(size);
    stack_t ours{};
    ours.ss_sp = memory.get();
    ours.ss_size = size;
    ::sigaltstack(&ours, nullptr);
  }
  ~AlternateStack() {
    if (!memory) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  std::unique_ptr<std::byte[]> memory;
};

}  // namespace

void use_alternate_stack() {
  thread_local AlternateStack stack;
}

}  // namespace postrider::io
