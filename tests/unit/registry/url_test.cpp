// Unit tests of URLs, redirects and the small headers.
#include "backend/registry/url.h"

#include <gtest/gtest.h>

#include "backend/registry/download.h"
#include "backend/registry/json.h"
#include "backend/registry/redirect.h"
#include "backend/registry/retry_after.h"
#include "backend/registry/upload.h"

namespace strata::backend {
namespace {

TEST(Url, ParsesAndPrints) {
  const std::optional<Url> url = Url::parse("HTTPS://Example.org:8443/v2/?a=b#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->str(), "https://example.org:8443/v2/?a=b");
  EXPECT_EQ(Url::parse("http://h:80?x=1")->str(), "http://h/?x=1");
  EXPECT_EQ(Url::parse("http://[::1]:5000/v2/")->str(), "http://[::1]:5000/v2/");
}

TEST(Url, RefusesWhatAnotherParserMightReadOtherwise) {
  for (const char* const text : {"",
                                 "example.org",
                                 "ftp://h/",
                                 "file:///etc/passwd",
                                 "http://",
                                 "http://user@h/",
                                 "http://a@b@c/",
                                 "http://h:0/",
                                 "http://h:70000/",
                                 "http://h:/",
                                 "http://h:8x/",
                                 "http://a b/",
                                 "http://h/a b",
                                 "http://h/a\r\nX: y",
                                 "http://h/a#\r\nX: y",
                                 "http://h/a\x01",
                                 "http://h/a\x7f",
                                 "http://h/a%0d%0aX:%20y",
                                 "http://h/a?b=%00",
                                 "http://h/a?b=%7F",
                                 "http://h\\@evil/",
                                 "http://h/\\evil",
                                 "http://[::1/",
                                 "http://[x]/",
                                 "http://h%2f/",
                                 "http://\xc3\xa4/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
}

TEST(Url, ResolvesLocations) {
  const Url base = *Url::parse("https://h:444/v2/a/blobs/uploads/?mount=x");
  EXPECT_EQ(base.resolve("/v2/q?s=1")->str(), "https://h:444/v2/q?s=1");
  EXPECT_EQ(base.resolve("id?s=1")->str(), "https://h:444/v2/a/blobs/uploads/id?s=1");
  EXPECT_EQ(base.resolve("?s=1")->str(), "https://h:444/v2/a/blobs/uploads/?s=1");
  EXPECT_EQ(base.resolve("//other/x")->str(), "https://other/x");
  EXPECT_EQ(base.resolve("http://other/x")->str(), "http://other/x");
  EXPECT_EQ(base.resolve("/a:b/c")->str(), "https://h:444/a:b/c");
  EXPECT_FALSE(base.resolve(""));
  EXPECT_FALSE(base.resolve("javascript:alert(1)"));
  EXPECT_FALSE(base.resolve("file:///etc/passwd"));
}

TEST(Url, KnowsLoopback) {
  for (const char* const host :
       {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.255.0.3", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* const host :
       {"localhost.example.org", "127.0.0.1.example.org", "127.0.0", "127.0.0.256", "127.1",
        "128.0.0.1", "10.0.0.1", "[::2]", "", "127.0.0.1.", "127.0.0.0001"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
  EXPECT_EQ(without_port("[::1]:5000"), "[::1]");
  EXPECT_EQ(without_port("[::1]"), "[::1]");
  EXPECT_EQ(without_port("h:1"), "h");
}

TEST(Url, AppendsQueries) {
  EXPECT_EQ(with_query("http://h/a", "digest", "sha256:0"), "http://h/a?digest=sha256%3A0");
  EXPECT_EQ(with_query("http://h/a?s=1", "digest", "x"), "http://h/a?s=1&digest=x");
}

HttpResponse redirect_to(int status, const std::string& location) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace("location", location);
  return response;
}

bool has_authorization(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "authorization" || name == "Authorization") {
      return true;
    }
  }
  return false;
}

TEST(Redirect, DropsAuthorizationOnAnotherOrigin) {
  HttpRequest request;
  request.url = "https://h/v2/a";
  request.headers = {{"authorization", "Basic x"}, {"Range", "bytes=5-"}};
  const auto follow = [&](const std::string& to) {
    return **next_request(request, redirect_to(307, to));
  };
  EXPECT_TRUE(has_authorization(follow("/v2/b")));
  EXPECT_TRUE(has_authorization(follow("https://H:443/v2/b")));
  EXPECT_FALSE(has_authorization(follow("https://h:444/v2/b")));
  EXPECT_FALSE(has_authorization(follow("https://other/v2/b")));
  EXPECT_FALSE(has_authorization(follow("//h.other/v2/b")));
  EXPECT_EQ(follow("https://other/v2/b").headers.back().second, "bytes=5-");
}

TEST(Redirect, RefusesOtherSchemesAndTheWayDownToHttp) {
  HttpRequest request;
  request.url = "https://h/v2/a";
  EXPECT_FALSE(next_request(request, redirect_to(302, "http://h/v2/a")));
  EXPECT_FALSE(next_request(request, redirect_to(302, "file:///etc/passwd")));
  EXPECT_FALSE(next_request(request, redirect_to(302, "gopher://h/")));
  EXPECT_FALSE(next_request(request, redirect_to(302, "http://user:pw@h/"))) << "user info";
  request.url = "http://h/v2/a";
  EXPECT_TRUE(next_request(request, redirect_to(302, "https://h/v2/a")));
  EXPECT_FALSE(next_request(request, redirect_to(200, "https://h/v2/a"))->has_value());
  EXPECT_FALSE(next_request(request, redirect_to(304, "https://h/v2/a"))->has_value());
}

TEST(Redirect, KeepsMethodAndBodyUnlessToldOtherwise) {
  HttpRequest request;
  request.url = "http://h/a";
  request.method = "PUT";
  request.body = "x";
  EXPECT_EQ((**next_request(request, redirect_to(307, "/b"))).body, "x");
  EXPECT_EQ((**next_request(request, redirect_to(302, "/b"))).method, "PUT");
  const HttpRequest seen = **next_request(request, redirect_to(303, "/b"));
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.body, "");
}

TEST(SessionUrl, IsOpaqueButStaysOnHttps) {
  const std::string from = "https://h/v2/a/blobs/uploads/";
  EXPECT_EQ(session_url(from, "/v2/x?_state=a%2Fb"), "https://h/v2/x?_state=a%2Fb");
  EXPECT_EQ(session_url(from, "http://h/v2/x"), "https://h/v2/x");
  EXPECT_EQ(session_url(from, "http://other/v2/x"), std::nullopt);
  EXPECT_EQ(session_url(from, "https://other/v2/x"), "https://other/v2/x");
  EXPECT_EQ(session_url(from, ""), std::nullopt);
  for (const char* const hostile : {"/v2/x\r\nX: y", "/v2/x\ry", "/v2/x\n y", "/v2/x%0d%0aX:y",
                                    "/v2/x#\r\n", "/v2/x\x1b[1m", "/v2/x\ty"}) {
    EXPECT_EQ(session_url(from, hostile), std::nullopt) << hostile;
  }
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  constexpr std::time_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(retry_after_seconds("0", kNow), 0);
  EXPECT_EQ(retry_after_seconds("120", kNow), 120);
  EXPECT_EQ(retry_after_seconds("99999999999999", kNow), 1'000'000);
  EXPECT_EQ(retry_after_seconds("Sun, 06 Nov 1994 08:49:40 GMT", kNow), 3);
  EXPECT_EQ(retry_after_seconds("Sun, 06 Nov 1994 08:49:00 GMT", kNow), 0);
  for (const char* const text : {"", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:40",
                                 "Sun, 06 Xyz 1994 08:49:40 GMT", "1 s"}) {
    EXPECT_EQ(retry_after_seconds(text, kNow), std::nullopt) << text;
  }
}

TEST(ContentRange, IsReadStrictly) {
  EXPECT_EQ(parse_content_range("bytes 10-99/100"), (ContentRange{10, 99, 100}));
  EXPECT_EQ(parse_content_range("bytes 0-0/*"), (ContentRange{0, 0, std::nullopt}));
  for (const char* const text : {"", "10-99/100", "bytes 10-99", "bytes 99-10/100", "bytes */100",
                                 "bytes 10-100/100", "bytes 10-99/100x", "bytes -1-9/10"}) {
    EXPECT_EQ(parse_content_range(text), std::nullopt) << text;
  }
}

TEST(Answers, TokensAndErrorsAreReadWithoutTrust) {
  EXPECT_EQ(read_token(R"({"token":"t"})")->seconds, 60);
  EXPECT_EQ(read_token(R"({"access_token":"t","expires_in":300})")->token, "t");
  for (const char* const senseless :
       {"0", "-5", "-9223372036854775808", "1e3", "0.5", "\"300\"", "null", "true", "{}", "[]"}) {
    EXPECT_EQ(read_token(R"({"token":"t","expires_in":)" + std::string(senseless) + "}")->seconds,
              60)
        << senseless;
  }
  EXPECT_EQ(read_token(R"({"token":"t","expires_in":7})")->seconds, 7);
  EXPECT_EQ(read_token(R"({"token":"t","expires_in":18446744073709551615})")->seconds, 86400);
  for (const char* const body : {"", "{}", "[]", "null", R"({"token":7})",
                                 R"({"token":"a\r\nX: b"})", R"({"token":""})", "<html>"}) {
    EXPECT_FALSE(read_token(body)) << body;
  }
  EXPECT_EQ(registry_error(R"({"errors":[{"code":"DENIED","message":"no \u001b[31mway"}]})"),
            "DENIED: no  [31mway");
  EXPECT_EQ(registry_error(R"({"errors":[7]})"), "");
  EXPECT_EQ(registry_error("<html>"), "");
  EXPECT_LT(printable(std::string(5000, 'x')).size(), 210U);
}

TEST(Mirrors, AreParsed) {
  const auto mirrors = parse_mirrors("docker.io=localhost:5000,quay.io=m.example");
  ASSERT_TRUE(mirrors);
  ASSERT_EQ(mirrors->size(), 2U);
  EXPECT_EQ((*mirrors)[0].second, "localhost:5000");
  // Another name of Docker Hub: no reference keeps it.
  EXPECT_EQ((*parse_mirrors("index.docker.io=m.example"))[0].first, "docker.io");
  EXPECT_TRUE(parse_mirrors("")->empty());
  EXPECT_FALSE(parse_mirrors("docker.io"));
  EXPECT_FALSE(parse_mirrors("docker.io=http://localhost:5000"));
  EXPECT_FALSE(parse_mirrors("docker.io=localhost:5000/path"));
  EXPECT_FALSE(parse_mirrors("docker.io="));
}

}  // namespace
}  // namespace strata::backend
