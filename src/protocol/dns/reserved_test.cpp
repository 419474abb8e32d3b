// SPDX-License-Identifier: Apache-2.0
#include "protocol/dns/reserved.h"

#include <gtest/gtest.h>

namespace postrider::dns {
namespace {

TEST(Reserved, OrdinaryAddressesAreNot) {
  for (const auto* address : {"8.8.8.8", "1.0.0.1", "172.15.255.255", "172.32.0.0", "100.63.255.255",
                              "100.128.0.0", "223.255.255.255", "192.0.1.1", "2600::1", "2a00:1450:4001::1a",
                              "2001:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"})
    EXPECT_EQ(reserved(address), "") << address;
}

TEST(Reserved, WhatIsInsideOrMeansNobodyIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"10.0.0.1", "private"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.1.1", "private"},
      {"100.64.0.1", "private"},
      {"169.254.169.254", "link-local"},
      {"0.0.0.0", "reserved"},
      {"192.0.2.1", "reserved"},
      {"224.0.0.1", "multicast"},
      {"255.255.255.255", "reserved"},
      {"::", "loopback"},
      {"::1", "loopback"},
      {"fd00::1", "private"},
      {"fe80::1", "link-local"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "reserved"},
      {"2002:7f00:1::", "reserved"},
      {"::ffff:127.0.0.1", "loopback"},
      {"64:ff9b::a00:1", "private"},
      {"", "not an address"},
      {"mx.example.org", "not an address"},
      {"1.2.3", "not an address"},
  };
  for (const auto& [address, what] : cases) EXPECT_EQ(reserved(address), what) << address;
}

}  // namespace
}  // namespace postrider::dns
