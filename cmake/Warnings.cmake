# Warnings are errors, everywhere, for our own code.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wunused -Wnull-dereference -Wdouble-promotion -Wimplicit-fallthrough -Werror
  -Wno-gnu-statement-expression   # PR_TRY is one
  -fno-strict-aliasing -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
