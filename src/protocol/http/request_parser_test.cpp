// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/request_parser.h"

#include <gtest/gtest.h>
namespace postrider::http {
TEST(RequestParser, Smoke) {
  RequestParser parser;
  std::string_view in = "POST /v3/mail/send?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET";
  EXPECT_EQ(parser.parse(in), Step::head);
  EXPECT_EQ(parser.parse(in), Step::complete);
  EXPECT_EQ(parser.take().body, "hi");
  EXPECT_EQ(in, "GET");
}
}  // namespace postrider::http
