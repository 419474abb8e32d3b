// SPDX-License-Identifier: Apache-2.0
#include "edge/api/router.h"

#include <gtest/gtest.h>

#include "edge/api/mail_send.h"

namespace postrider::api {
namespace {

using http::Method;

Endpoint endpoint(Method method, std::string_view path) {
  return {{.method = method, .path = path, .access = Access::key, .scope = "s", .rate = RateClass::mail},
          Handler([](Call&) -> Task<http::Response> { co_return http::Response{}; })};
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router.add(endpoint(Method::get, "/v3/keys"));
    router.add(endpoint(Method::post, "/v3/keys"));
    router.add(endpoint(Method::get, "/v3/keys/{id}"));
    router.add(endpoint(Method::delete_, "/v3/keys/{key}"));
    router.add(endpoint(Method::get, "/v3/keys/all"));
    router.add(endpoint(Method::get, "/v3/keys/all/used"));
    router.add(endpoint(Method::get, "/v3/keys/{id}/uses/{day}"));
  }
  std::string path_of(Method method, std::string_view path) {
    const auto match = router.match(method, path);
    return match.endpoint ? std::string(match.endpoint->route.path) : "-" + match.allow;
  }
  Router router;
};

TEST_F(RouterTest, finds_paths) {
  EXPECT_EQ(path_of(Method::get, "/v3/keys"), "/v3/keys");
  EXPECT_EQ(path_of(Method::head, "/v3/keys"), "/v3/keys");
  EXPECT_EQ(path_of(Method::get, "/v3/keys/17"), "/v3/keys/{id}");
  EXPECT_EQ(path_of(Method::get, "/v3/keys/all"), "/v3/keys/all");
  EXPECT_EQ(path_of(Method::get, "/v3/keys/all/used"), "/v3/keys/all/used");
}

TEST_F(RouterTest, a_literal_that_leads_nowhere_gives_way_to_a_parameter) {
  EXPECT_EQ(path_of(Method::get, "/v3/keys/all/uses/1"), "/v3/keys/{id}/uses/{day}");
  EXPECT_EQ(path_of(Method::delete_, "/v3/keys/all"), "/v3/keys/{key}");
}

TEST_F(RouterTest, parameters_are_decoded) {
  const auto match = router.match(Method::get, "/v3/keys/a%2Fb%40c/uses/x+y");
  ASSERT_NE(match.endpoint, nullptr);
  EXPECT_EQ(match.path["id"], "a/b@c");
  EXPECT_EQ(match.path["day"], "x+y");
  EXPECT_EQ(match.path["other"], "");
  EXPECT_EQ(router.match(Method::delete_, "/v3/keys/7").path["key"], "7");
}

TEST_F(RouterTest, unknown_paths_and_wrong_methods_are_told_apart) {
  for (const char* path :
       {"/v3", "/v3/", "/v3/keys/", "/v3/keys//", "/v3//keys", "/v3/keys/1/uses", "/v3/keys/%zz",
        "/v3/keys/%00", "/v3/keys/%ff", "/V3/keys", "*", "", "/", "v3/keys", "/v3/keys/{id}/x"})
    EXPECT_EQ(path_of(Method::get, path), "-") << path;
  EXPECT_EQ(path_of(Method::put, "/v3/keys"), "-GET, HEAD, POST");
  EXPECT_EQ(path_of(Method::put, "/v3/keys/all"), "-GET, HEAD, DELETE");
}

TEST(Routes, of_resources_say_what_they_need) {
  for (const auto& operation : MailSend::operations()) {
    EXPECT_TRUE(operation.route.path.starts_with("/v3/"));
    EXPECT_FALSE(operation.route.scope.empty());
  }
}

}  // namespace
}  // namespace postrider::api
