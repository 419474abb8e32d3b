// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "app/host_port.h"
#include "app/networks.h"

namespace postrider::app {
namespace {

TEST(HostPort, IsAnAddressAndAPort) {
  EXPECT_EQ(parse_endpoint("192.0.2.1:25")->address, "192.0.2.1");
  EXPECT_EQ(parse_endpoint("192.0.2.1:25")->port, 25);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:0")->address, "2001:db8::1");
  EXPECT_EQ(parse_endpoint("LocalHost:80")->address, "127.0.0.1");
  EXPECT_EQ(parse_endpoint("8025")->address, "127.0.0.1");
  EXPECT_EQ(parse_endpoint("8025")->port, 8025);
}

TEST(HostPort, AnythingElseIsRefusedInWords) {
  EXPECT_EQ(parse_endpoint("mail.example:25").error().detail,
            "\"mail.example:25\" is not IP:PORT: the host must be an IP address");
  for (const auto* wrong :
       {"", ":25", "1.2.3.4:", "1.2.3.4:-1", "1.2.3.4:65536", "1.2.3.4:25x", "1.2.3:25", "x"})
    EXPECT_FALSE(parse_endpoint(wrong).ok()) << wrong;
}

TEST(Networks, HoldTheirAddressesAndNoOthers) {
  EXPECT_TRUE(in_network("10.255.0.1", "10.0.0.0/8"));
  EXPECT_FALSE(in_network("11.0.0.1", "10.0.0.0/8"));
  EXPECT_TRUE(in_network("172.17.127.9", "172.17.0.0/17"));
  EXPECT_FALSE(in_network("172.17.128.9", "172.17.0.0/17"));
  EXPECT_TRUE(in_network("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in_network("192.0.2.2", "192.0.2.1/32"));
  EXPECT_TRUE(in_network("fd00::1", "fd00::/8"));
  EXPECT_TRUE(in_network("198.51.100.1", "0.0.0.0/0"));
}

TEST(Networks, DoNotMixFamiliesNorTakeWhatIsNone) {
  EXPECT_FALSE(in_network("10.0.0.1", "::/0"));
  EXPECT_FALSE(in_network("::1", "0.0.0.0/0"));
  for (const auto* wrong :
       {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10/8", "fd00::/129"}) {
    EXPECT_FALSE(in_network("10.0.0.0", wrong)) << wrong;
    EXPECT_FALSE(is_network(wrong)) << wrong;
  }
  EXPECT_FALSE(in_network("nobody", "0.0.0.0/0"));
}

TEST(Networks, LoopbackIsThisMachineOnly) {
  EXPECT_TRUE(is_loopback("127.255.255.254") && is_loopback("::1"));
  EXPECT_FALSE(is_loopback("128.0.0.1") || is_loopback("::2") || is_loopback("") || is_loopback("localhost"));
}

}  // namespace
}  // namespace postrider::app
