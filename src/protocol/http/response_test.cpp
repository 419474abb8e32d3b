// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/response.h"

#include <gtest/gtest.h>

#include "protocol/http/request.h"

namespace postrider::http {
namespace {

constexpr Answering kept{.head = false, .keep_alive = true};

Response accepted(std::string body) {
  Response response{.status = 202, .body = std::move(body)};
  response.headers.add("X-Message-Id", "abc");
  return response;
}

std::string serialize(const Response& response, const Answering& to) {
  std::string out;
  append_head(out, response, to);
  return sends_body(response, to) ? out + response.body : out;
}

TEST(Response, IsWritten) {
  EXPECT_EQ(serialize(accepted("hi"), kept),
            "HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(serialize(accepted(""), kept),
            "HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(serialize({.status = 299}, kept), "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, TellsTheLengthToHeadWithoutTheBody) {
  EXPECT_TRUE(
      serialize(accepted("hi"), {.head = true, .keep_alive = true}).ends_with("Content-Length: 2\r\n\r\n"));
}

TEST(Response, HasNoLengthWhereThereIsNoContent) {
  EXPECT_EQ(serialize({.status = 204, .body = "ignored"}, kept), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(serialize({.status = 304}, kept), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(Response, ClosesWhenEitherSideWants) {
  auto last = accepted("");
  last.close = true;
  EXPECT_TRUE(serialize(last, kept).ends_with("Connection: close\r\n\r\n"));
  EXPECT_FALSE(stays_open(last, kept));
  EXPECT_TRUE(serialize(accepted(""), {}).ends_with("Connection: close\r\n\r\n"));
  Request request;
  EXPECT_TRUE(stays_open(accepted(""), answering(request)));
  request.keep_alive = false;
  EXPECT_FALSE(stays_open(accepted(""), answering(request)));
}

TEST(Response, CannotBeSplitByAHeaderValue) {
  Response response{.status = 302};
  response.headers.add("Location", "/a\r\nSet-Cookie: b\x7f\tc");
  response.headers.add("content-length", "99");
  response.headers.add("Connection", "keep-alive");
  response.headers.add("Transfer-Encoding", "chunked");
  EXPECT_EQ(serialize(response, kept),
            "HTTP/1.1 302 Found\r\nLocation: /a  Set-Cookie: b \tc\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace postrider::http
