// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

// Named places where tests end the process (CRASH_AT=name) or the simulated world pulls the plug. Compiled in
// only with POSTRIDER_CRASH_POINTS; in release builds these macros are empty.
//
//   PR_CRASH_POINT("journal.after_write");
//   if (!PR_MUTANT(1)) PR_TRY(file.sync());      // planted bug 1: the sync is skipped
//   PR_POISON(email);                            // POISON=text: whoever's email holds it kills the process
#ifdef POSTRIDER_CRASH_POINTS

namespace postrider::crash {

// Called at every point with its name; the default ends the process by SIGKILL when CRASH_AT names it.
using Hook = void (*)(std::string_view point, void* context);
void set_hook(Hook hook, void* context);  // thread-local; nullptr restores the default
void reached(std::string_view point);

// Dies as a bug would, of the signal POISON_SIGNAL (6 or 11; default 11), when `text` holds what POISON
// names.
void poison(std::string_view text);

// Which planted bug is active (environment MUTANT=n, or set by a test); 0 = none.
int mutant();
void set_mutant(int number);

}  // namespace postrider::crash

#define PR_CRASH_POINT(point) ::postrider::crash::reached(point)
#define PR_POISON(text) ::postrider::crash::poison(text)
#define PR_MUTANT(number) (::postrider::crash::mutant() == (number))
#else
#define PR_CRASH_POINT(point) static_cast<void>(0)
#define PR_POISON(text) static_cast<void>(0)
#define PR_MUTANT(number) false
#endif
