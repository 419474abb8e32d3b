// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "app/cli.h"

int main(int argc, char** argv) {
  return postrider::app::run_cli(std::vector<std::string>(argv + 1, argv + argc));
}
