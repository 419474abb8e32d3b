// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/request_parser.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "protocol/http/request_transcript.h"

namespace postrider::http {
namespace {

using namespace std::literals;

// What is seen of `text`, which must not depend on where it is cut: whole, in two at every place, byte by
// byte.
std::string read(std::string_view text, const RequestLimits& limits = {}) {
  const auto whole = transcript(text, limits);
  for (std::size_t cut = 0; cut <= text.size() && text.size() < 4096; ++cut) {
    const std::array pieces{text.substr(0, cut), text.substr(cut)};
    EXPECT_EQ(transcript(pieces, limits), whole) << "cut at " << cut << " of " << text;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  EXPECT_EQ(transcript(bytes, limits), whole) << "byte by byte: " << text;
  return whole;
}

// One request with these header lines and this body, as read.
std::string with(std::string_view lines, std::string_view body = "",
                 std::string_view start = "POST / HTTP/1.1") {
  std::string text(start);
  ((text += "\r\nHost: a\r\n") += lines) += "\r\n";
  return read(text += body);
}

TEST(RequestParser, ReadsARequest) {
  EXPECT_EQ(read("POST /v3/mail/send?x=%20 HTTP/1.1\r\nHost: api.example\r\nX-Tag: \t a b\t "
                 "\r\nContent-Length: 2\r\n\r\nhi"),
            "head POST /v3/mail/send?x=%20 1.1 | Host: api.example | X-Tag: a b | Content-Length: 2\nbody "
            "hi\nidle\n");
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "head GET / 1.1 | Host: \nbody \nidle\n");
  EXPECT_EQ(read(""), "idle\n");
  EXPECT_EQ(read("G"), "unfinished\n");
}

TEST(RequestParser, LeavesTheNextRequestInItsPlace) {
  RequestParser parser;
  std::string_view in = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET";
  EXPECT_EQ(parser.parse(in), Step::head);
  EXPECT_EQ(in, "hiGET");
  EXPECT_EQ(parser.parse(in), Step::complete);
  EXPECT_EQ(parser.parse(in), Step::complete);  // until it is taken
  EXPECT_EQ(in, "GET");
  EXPECT_EQ(parser.take().body, "hi");
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.parse(in), Step::need_more);
  EXPECT_FALSE(parser.idle());
}

TEST(RequestParser, ReadsPipelinedRequests) {
  EXPECT_EQ(read("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                 "\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
                 "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\nGET /4"),
            "head GET /1 1.1 | Host: a\nbody \n"
            "head POST /2 1.1 | Host: a | Transfer-Encoding: chunked\nbody x\n"
            "head GET /3 1.1 | Host: a | Connection: x, Close\nbody \nclosed early\n");
}

TEST(RequestParser, NeverKeepsAnHttp10Connection) {
  EXPECT_EQ(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "head GET / 1.0 | Connection: keep-alive\nbody \nclosed\n");
  EXPECT_EQ(read("POST / HTTP/1.0\r\n\r\n"), "refused 411 a body needs its Content-Length\n");
}

TEST(RequestParser, ReadsChunks) {
  const auto chunked = [](std::string_view body) { return with("Transfer-Encoding: Chunked\r\n", body); };
  const auto ends = [&](std::string_view body, std::string_view end) {
    const auto seen = chunked(body);
    EXPECT_TRUE(seen.ends_with(end)) << body << "\n" << seen;
  };
  ends("5\r\nhello\r\n00a;n=v;q=\"a \\\" b\";z\r\n, chunked!\r\n0\r\n\r\n", "body hello, chunked!\nidle\n");
  ends("1\r\nx\r\n0\r\nTrailer: dropped\r\n\r\n", "Chunked\nbody x\nidle\n");
  ends("1\r\nx\r\n0\r\n\r\n\r\n", "body x\nidle\n");
  ends("1\r\nx\r\n0\r\n", "unfinished\n");
  for (const auto body : {"1\nx\r\n0\r\n\r\n", "1\r\nx\n0\r\n\r\n", "1\r\nx\r\n0\n\r\n", "1\r\nx\r\n0\r\n\n"})
    ends(body, "refused 400 a line ends in a bare LF\n");
  ends("1\r\nxy\r\n0\r\n\r\n", "refused 400 a chunk is not followed by CRLF\n");
  for (const auto size : {"", "x", "-1", "+1", " 1", "10000000000000000", "00000000000000001"})
    ends(std::string(size) + "\r\nx\r\n0\r\n\r\n", "refused 400 a chunk's size is not a number\n");
  for (const auto extension : {" ", "x", " ;a", ";", ";;", "; a", ";a=", ";a =b", ";a=\"b", ";a=\"b\\\"",
                               ";a=\"b\"c", ";a=b c", ";\x01", ";a=\"\x7f\"", "\r"})
    ends("1" + std::string(extension) + "\r\nx\r\n0\r\n\r\n",
         "refused 400 a chunk's extension is malformed\n");
  ends("1;" + std::string(255, 'e') + "\r\nx\r\n0\r\n\r\n", "body x\nidle\n");
  ends("1;" + std::string(256, 'e') + "\r\nx\r\n0\r\n\r\n", "refused 400 a chunk's extension is too long\n");
  ends("1;" + std::string(500, 'e'), "refused 400 a chunk's size line is too long\n");
  ends("ffffffffffffffff\r\n", "refused 413 the body is too large\n");
  ends("0\r\nTrailer : x\r\n\r\n", "refused 400 a header field's name is not a token\n");
}

TEST(RequestParser, RefusesWhatTwoParsersReadDifferently) {
  EXPECT_EQ(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            "refused 400 both Transfer-Encoding and Content-Length\n");
  EXPECT_EQ(with("Content-Length: 5\r\nContent-Length: 5\r\n"), "refused 400 two Content-Length fields\n");
  EXPECT_EQ(with("Content-Length: 5\r\nContent-length: 6\r\n"), "refused 400 two Content-Length fields\n");
  for (const auto length : {"", "5, 5", "+5", "-5", "0x5", "5 5", "five", "5.0"})
    EXPECT_EQ(with("Content-Length: " + std::string(length) + "\r\n"),
              "refused 400 the Content-Length is not a number\n")
        << length;
  EXPECT_EQ(with("Content-Length: 18446744073709551616\r\n"), "refused 413 the body is too large\n");
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            "refused 400 two Transfer-Encoding fields\n");
  for (const auto coding :
       {"", "identity", "gzip", "chunked, identity", "xchunked", "chunked;q=1", "\"chunked\"", "chunked,"})
    EXPECT_EQ(with("Transfer-Encoding: " + std::string(coding) + "\r\n"),
              "refused 400 the Transfer-Encoding does not end in chunked\n")
        << coding;
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked\r\n"),
            "refused 501 no Transfer-Encoding but chunked is implemented\n");
  EXPECT_EQ(read("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "refused 400 Transfer-Encoding in an HTTP/1.0 request\n");
  EXPECT_EQ(with("A: b\r\n c\r\n"), "refused 400 a header field is folded\n");
  EXPECT_EQ(with("\tA: b\r\n"), "refused 400 a header field is folded\n");
  for (const auto line :
       {"A : b", "A\t: b", ": b", "A b: c", "\"A\": b", "A\x7f: b", "\xC3\xA9: b", "A\r: b"})
    EXPECT_EQ(with(std::string(line) + "\r\n"), "refused 400 a header field's name is not a token\n") << line;
  EXPECT_EQ(with("A\r\n"), "refused 400 a header line has no colon\n");
  for (const auto line : {"A: b\rc"sv, "A: b\r"sv, "A: b\0c"sv, "A: \x1b"sv, "A: \x7f"sv})
    EXPECT_EQ(with(std::string(line) + "\r\n"),
              "refused 400 a header field's value has a control character\n")
        << line;
  EXPECT_EQ(with("A: b\nC: d\r\n"), "refused 400 a line ends in a bare LF\n");
  EXPECT_EQ(read("GET / HTTP/1.1\nHost: a\n\n"), "refused 400 a line ends in a bare LF\n");
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n"), "refused 400 an HTTP/1.1 request without Host\n");
  EXPECT_EQ(with("Host: a\r\n"), "refused 400 two Host fields\n");
  for (const auto host : {"a b", "a,b", "user@a", "a/b", "a?b", "\xC3\xA9"})
    EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
              "refused 400 the Host field is malformed\n")
        << host;
  EXPECT_TRUE(with("X-Text: \xC3\xA9\tb\r\n").ends_with("\nidle\n"));
}

TEST(RequestParser, RefusesBadRequestLines) {
  const auto line = [](std::string_view text) { return read(std::string(text) + "\r\nHost: a\r\n\r\n"); };
  for (const auto text : {"GET", "GET /", "GET  /", " "})
    EXPECT_TRUE(line(text).starts_with("refused 400")) << text;
  EXPECT_EQ(line("\x16\x03\x01 / HTTP/1.1"), "refused 400 the method is not a token\n");
  EXPECT_EQ(line(" / HTTP/1.1"), "refused 400 the method is not a token\n");
  EXPECT_EQ(line("get / HTTP/1.1"), "refused 501 the method is not implemented\n");
  EXPECT_EQ(line("CONNECT a:1 HTTP/1.1"), "refused 501 the method is not implemented\n");
  for (const auto version :
       {"HTTP/1.1 ", "http/1.1", "HTTP/1.", "HTTP/11", "HTTP/1.10", "HTTP/a.1", "HTTPS/1.1", "HTTP/1.1\r"})
    EXPECT_TRUE(line("GET / " + std::string(version)).starts_with("refused 400")) << version;
  for (const auto version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2"})
    EXPECT_EQ(line("GET / " + std::string(version)), "refused 505 only HTTP/1.1 and HTTP/1.0 are spoken\n")
        << version;
  EXPECT_EQ(line("PRI * HTTP/2.0"), "refused 505 only HTTP/1.1 and HTTP/1.0 are spoken\n");
  for (const auto target : {"/a b", "/#a", "/\"", "/<", "/\\", "/\t", "/\xC3\xA9", "/\x7f", "/\r"})
    EXPECT_EQ(line("GET " + std::string(target) + " HTTP/1.1"),
              "refused 400 the request target has an invalid character\n")
        << target;
  for (const auto target : {"/%", "/%2", "/%2g", "/%%20", "/%-1"})
    EXPECT_EQ(line("GET " + std::string(target) + " HTTP/1.1"),
              "refused 400 the request target has a broken percent escape\n")
        << target;
  for (const auto target : {"*", "a", "ftp://a/", "http://", "http:///", "http://u@a/", "?a"})
    EXPECT_EQ(line("GET " + std::string(target) + " HTTP/1.1"),
              "refused 400 the request target is neither a path nor a URL\n")
        << target;
  EXPECT_TRUE(line("OPTIONS * HTTP/1.1").ends_with("idle\n"));
}

TEST(RequestParser, KeepsItsLimits) {
  const RequestLimits limits{.line = 30, .head = 60, .headers = 2, .body = 4, .chunk_extension = 8};
  const auto host = "GET / HTTP/1.1\r\nHost: a\r\n"s;
  EXPECT_EQ(read("GET /" + std::string(16, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits).substr(0, 9),
            "head GET ");
  EXPECT_EQ(read("GET /" + std::string(17, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits),
            "refused 414 the request line is too long\n");
  EXPECT_EQ(read(std::string(1000, 'x'), limits), "refused 414 the request line is too long\n");
  EXPECT_EQ(read(host + "A: " + std::string(28, 'x') + "\r\n", limits),
            "refused 431 a header line is too long\n");
  EXPECT_TRUE(read(host + "A: " + std::string(27, 'x') + "\r\n\r\n", limits).ends_with("idle\n"));
  EXPECT_EQ(read("GET /xxxxxxxxxxxx HTTP/1.1\r\nHost: a\r\nA: " + std::string(27, 'x') + "\r\n\r\n", limits),
            "refused 431 the header section is too large\n");
  EXPECT_EQ(read(host + "A:b\r\nC:d\r\n\r\n", limits), "refused 431 too many header fields\n");
  std::string blanks;
  for (int i = 0; i < 40; ++i) blanks += "\r\n";
  EXPECT_EQ(read(blanks + host + "\r\n", limits), "refused 431 the header section is too large\n");
  EXPECT_EQ(read(host + "Content-Length:5\r\n\r\n", limits), "refused 413 the body is too large\n");
  const auto chunked = "POST / HTTP/1.1\r\nHost:a\r\nTransfer-Encoding:chunked\r\n\r\n"s;
  EXPECT_TRUE(read(chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", limits).ends_with("body abcd\nidle\n"));
  EXPECT_TRUE(
      read(chunked + "2\r\nab\r\n3\r\ncde\r\n", limits).ends_with("refused 413 the body is too large\n"));
  EXPECT_TRUE(read(chunked + "0\r\nA:b\r\nC:d\r\nE:f\r\n\r\n", limits)
                  .ends_with("refused 431 too many header fields\n"));
  std::string extended;
  for (int i = 0; i < 4; ++i) extended += "1;eeeeeee\r\nx\r\n";
  EXPECT_TRUE(read(chunked + extended + "0\r\n\r\n", limits).ends_with("idle\n"));
  const RequestLimits wide{.line = 30, .head = 60, .headers = 2, .body = 40, .chunk_extension = 8};
  EXPECT_TRUE(read(chunked + extended + extended + "0\r\n\r\n", wide)
                  .ends_with("refused 400 the chunks' extensions are too long\n"));
}

TEST(RequestParser, TellsTheHeadBeforeTheBody) {
  RequestParser parser;
  std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_EQ(parser.parse(head), Step::head);
  EXPECT_TRUE(parser.request().expects_continue);
  std::string got;
  parser.deliver_body_to([&](std::string_view piece) { ((got += "[") += piece) += "]"; });
  std::string_view first = "abc", rest = "def";
  EXPECT_EQ(parser.parse(first), Step::need_more);
  EXPECT_EQ(parser.parse(rest), Step::complete);
  EXPECT_EQ(got, "[abc][def]");
  EXPECT_EQ(parser.take().body, "");
  // The sink was for that request only.
  std::string_view next = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  EXPECT_EQ(parser.parse(next), Step::head);
  EXPECT_EQ(parser.parse(next), Step::complete);
  EXPECT_EQ(parser.take().body, "x");
}

TEST(RequestParser, LimitsTheBodyOfOneRequest) {
  for (const auto text :
       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}) {
    RequestParser parser;
    std::string_view in = text;
    EXPECT_EQ(parser.parse(in), Step::head);
    parser.limit_body(2);
    EXPECT_EQ(parser.parse(in), Step::refused);
    EXPECT_EQ(parser.refusal().status, 413);
    EXPECT_EQ(parser.parse(in), Step::refused);  // for good
  }
}

TEST(RequestParser, MindsExpectations) {
  EXPECT_EQ(with("Expect: 200-ok\r\n"), "refused 417 the expectation is not known\n");
  EXPECT_NE(with("Expect: 100-continue\r\nContent-Length: 1\r\n", "x").find("expects-continue"),
            std::string::npos);
  // Nothing to wait for, or nobody who would understand.
  EXPECT_EQ(with("Expect: 100-continue\r\n").find("expects-continue"), std::string::npos);
  EXPECT_EQ(
      with("Expect: 100-continue\r\nContent-Length: 1\r\n", "x", "POST / HTTP/1.0").find("expects-continue"),
      std::string::npos);
}

TEST(Request, TakesItsTargetApart) {
  const auto request = [](std::string target) {
    Request made;
    made.target = std::move(target);
    made.headers.add("HOST", "from-header:80");
    return made;
  };
  EXPECT_EQ(request("/v3/x?a=b?c").path(), "/v3/x");
  EXPECT_EQ(request("/v3/x?a=b?c").query(), "a=b?c");
  EXPECT_EQ(request("/v3/x").query(), "");
  EXPECT_EQ(request("/x?u=http://b/").path(), "/x");
  EXPECT_EQ(request("/x").host(), "from-header:80");
  EXPECT_EQ(request("HTTP://api.example:8080/x?y").host(), "api.example:8080");
  EXPECT_EQ(request("http://api.example/x?y").path(), "/x");
  EXPECT_EQ(request("http://api.example?y").path(), "/");
  EXPECT_EQ(request("http://api.example?y").query(), "y");
  EXPECT_EQ(request("*").path(), "*");
}

}  // namespace
}  // namespace postrider::http
