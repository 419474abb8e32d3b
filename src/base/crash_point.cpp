// SPDX-License-Identifier: Apache-2.0
#include "base/crash_point.h"

#ifdef POSTRIDER_CRASH_POINTS
#include <csignal>
#include <cstdlib>

namespace postrider::crash {
namespace {

struct Installed {
  Hook hook = nullptr;
  void* context = nullptr;
};
thread_local Installed installed;

const char* const crash_at = std::getenv("CRASH_AT");
const char* const poisonous = std::getenv("POISON");
int active_mutant = [] {
  const char* text = std::getenv("MUTANT");
  return text ? std::atoi(text) : 0;
}();

}  // namespace

void set_hook(Hook hook, void* context) {
  installed = {hook, context};
}

void reached(std::string_view point) {
  if (installed.hook) return installed.hook(point, installed.context);
  if (crash_at && point == crash_at) std::raise(SIGKILL);
}

void poison(std::string_view text) {
  if (!poisonous || installed.hook || !text.contains(poisonous)) return;
  const char* number = std::getenv("POISON_SIGNAL");
  std::raise(number ? std::atoi(number) : SIGSEGV);
}

int mutant() {
  return active_mutant;
}
void set_mutant(int number) {
  active_mutant = number;
}

}  // namespace postrider::crash
#endif
