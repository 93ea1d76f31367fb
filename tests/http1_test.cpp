// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/parsed_answer.hpp"

#include <umbraco_ai/core.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace umbraco_ai;
using http1::parse_error;
using tests::parse_in_pieces;
using tests::parse_options;
using tests::parsed_answer;

namespace {

static_assert(http1::RequestParts<http_request> && http1::RequestParts<http1::request_view>);
static_assert(noexcept(std::declval<http1::response_parser&>().next(std::declval<std::string_view&>())));
static_assert(!std::is_aggregate_v<http1::request_view> && !std::is_aggregate_v<http1::event> && !std::is_aggregate_v<http1::response_limits>);

std::string times(std::size_t count, std::string_view text) {
    std::string made;
    for (std::size_t i = 0; i < count; ++i) made += text;
    return made;
}

/// The same however the bytes are cut: at every place, at every two places of a short text, and into pieces of one size.
parsed_answer parse(std::string_view bytes, parse_options const& options = {}) {
    parsed_answer const whole = parse_in_pieces(bytes, {}, options);
    for (std::size_t const size : {1u, 2u, 3u, 5u, 7u, 16u}) {
        INFO("pieces of " << size << " of " << bytes);
        REQUIRE(parse_in_pieces(bytes, {size}, options) == whole);
    }
    bool const is_short = bytes.size() < 200;
    for (std::size_t first = 1; first < bytes.size() && bytes.size() < 2000; ++first) {
        INFO("cut at " << first << ": " << bytes);
        REQUIRE(parse_in_pieces(bytes, {first, bytes.size()}, options) == whole);
        for (std::size_t second = 1; is_short && first + second < bytes.size(); ++second)
            if (parse_in_pieces(bytes, {first, second, bytes.size()}, options) != whole) FAIL("cut at " << first << " and " << first + second);
    }
    return whole;
}

parse_error error_of(std::string_view bytes, parse_options const& options = {}) { return parse(bytes, options).error; }

std::string const ok = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("an answer with a length is read, and what follows it is left", "[http1]") {
    auto const read = parse(ok + "Content-Type: text/plain\r\nX-Empty:\r\ncontent-LENGTH: \t5 \r\n\r\nhelloHTTP/1.1");
    CHECK(read.error == parse_error::none);
    CHECK(read.response.status == 200);
    CHECK(read.response.body == "hello");
    CHECK(read.response.headers.size() == 3);
    CHECK(*read.response.headers.find("Content-Length") == "5");
    CHECK(read.response.headers.find("x-empty")->empty());
    CHECK(read.keep_alive);
    CHECK(read.left == 8);
}

TEST_CASE("an answer in chunks is read; extensions and trailers are dropped", "[http1]") {
    auto const read = parse(ok + "Transfer-Encoding: Chunked\r\n\r\n5;a=b ; c=\"d;\\\"\"\r\nhello\r\n00A\r\n, chunked!\r\n0\r\nX-Trailer: 1\r\nDate: 2\r\n\r\n!");
    CHECK(read.error == parse_error::none);
    CHECK(read.response.body == "hello, chunked!");
    CHECK(read.response.headers.size() == 1);
    CHECK(read.keep_alive);
    CHECK(read.left == 1);
    CHECK(parse(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").response.body.empty());
}

TEST_CASE("an answer without a length ends with the connection", "[http1]") {
    auto const read = parse(ok + "\r\nhello");
    CHECK(read.error == parse_error::none);
    CHECK(read.response.body == "hello");
    CHECK_FALSE(read.keep_alive);
    CHECK(parse(ok + "\r\n").error == parse_error::none);
}

TEST_CASE("204, 304 and answers to HEAD have no body, whatever they announce", "[http1]") {
    for (std::string const status : {"204 No Content", "304 Not Modified"}) {
        auto const read = parse("HTTP/1.1 " + status + "\r\nContent-Length: 99999999999\r\n\r\n");
        CHECK(read.error == parse_error::none);
        // A 304 says how long the body would have been; a 204 that has a length may have a body too.
        CHECK(read.keep_alive == status.starts_with("304"));
        CHECK(parse("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n").keep_alive);
        CHECK(parse("HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n").left == 3);
    }
    parse_options head;
    head.is_head = true;
    CHECK(parse(ok + "Content-Length: 5\r\n\r\n", head).keep_alive);
    CHECK(parse(ok + "\r\n", head).keep_alive);
}

TEST_CASE("the connection is kept where version and Connection say so", "[http1]") {
    std::string const length = "Content-Length: 0\r\n\r\n";
    CHECK(parse("HTTP/1.1 200 OK\r\n" + length).keep_alive);
    CHECK(parse("HTTP/1.1 200 OK\r\nConnection: keep-alive, x\r\n" + length).keep_alive);
    CHECK_FALSE(parse("HTTP/1.1 200 OK\r\nConnection: x,, CLOSE\r\n" + length).keep_alive);
    CHECK_FALSE(parse("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n" + length).keep_alive);
    CHECK_FALSE(parse("HTTP/1.0 200 OK\r\n" + length).keep_alive);
    CHECK(parse("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + length).keep_alive);
    CHECK_FALSE(parse("HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\n" + length).keep_alive);
    CHECK_FALSE(parse("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").keep_alive);
    CHECK_FALSE(parse(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n").keep_alive);
}

TEST_CASE("interim responses are passed over, a bounded number of them, and 101 is refused", "[http1]") {
    std::string const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\nConnection: close\r\n\r\n";
    auto const read = parse(times(5, interim) + ok + "Content-Length: 2\r\n\r\nhi");
    CHECK(read.error == parse_error::none);
    CHECK(read.response.headers.size() == 1);
    CHECK(read.response.body == "hi");
    CHECK(read.keep_alive);
    CHECK(error_of(times(6, interim) + ok + "\r\n") == parse_error::too_many_interim_responses);
    CHECK(error_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") == parse_error::protocol_switched);
}

TEST_CASE("a status line is refused at its first wrong byte, or as a whole", "[http1]") {
    for (std::string const bytes : {"\x16\x03\x01", "SSH-2.0-x\r\n", "HTTP/2 200 OK\r\n", "http/1.1 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", " HTTP/1.1 200 OK\r\n"})
        CHECK(error_of(bytes) == parse_error::not_http);
    CHECK(error_of("HTTP/1.2 200 OK\r\n\r\n") == parse_error::not_http);
    CHECK(error_of("HTTP/1.1\t200 OK\r\n\r\n") == parse_error::not_http);
    for (std::string const rest : {"", "20 OK", "2000 OK", "200", "200\tOK", "+20 OK", "099 Low", "000 None", "2x0 OK"})
        CHECK(error_of("HTTP/1.1 " + rest + "\r\n\r\n") == parse_error::bad_status);
    CHECK(error_of(std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20)) == parse_error::bad_status);
    CHECK(parse("HTTP/1.1 200 \r\n\r\n").response.status == 200);
    CHECK(parse("HTTP/1.1 999 \xc3\xa4\r\n\r\n").response.status == 999);
}

TEST_CASE("a bad field is refused", "[http1]") {
    for (std::string const field : {"no colon", ": no name", "na me: x", "name : x", "\x80: x", "a: \x01", "a: \x7f", "a: b\rc", "\r", "a\r: x"})
        CHECK(error_of(ok + field + "\r\n\r\n") == parse_error::bad_field);
    CHECK(error_of(ok + std::string("a: \0\r\n\r\n", 8)) == parse_error::bad_field);
    CHECK(error_of(ok + "a: b\r\n c\r\n\r\n") == parse_error::folded_field);
    CHECK(error_of(ok + "a: b\r\n\tc\r\n\r\n") == parse_error::folded_field);
    CHECK(error_of(ok + " a: b\r\n\r\n") == parse_error::folded_field);
    CHECK(error_of(ok + "Connection: a b\r\n\r\n") == parse_error::bad_connection);
}

TEST_CASE("a line feed alone ends no line", "[http1]") {
    CHECK(error_of("HTTP/1.1 200 OK\nContent-Length: 0\n\n") == parse_error::bad_line_end);
    CHECK(error_of(ok + "Content-Length: 0\n\r\n") == parse_error::bad_line_end);
    CHECK(error_of(ok + "Content-Length: 0\r\n\n") == parse_error::bad_line_end);
    CHECK(error_of(ok + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n") == parse_error::bad_line_end);
}

TEST_CASE("lengths that lie, differ or overflow are refused", "[http1]") {
    for (std::string const value : {"", "x", "-1", "+1", "1 1", "0x1", "1;", "1,", ",1", "1,,1", "1, 2", "18446744073709551616", "99999999999999999999999"})
        CHECK(error_of(ok + "Content-Length: " + value + "\r\n\r\n1") == parse_error::bad_content_length);
    CHECK(error_of(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12") == parse_error::bad_content_length);
    CHECK(parse(ok + "Content-Length: 1\r\nContent-Length: 1, 1\r\n\r\n12").left == 1);
    CHECK(error_of(ok + "Content-Length: 18446744073709551615\r\n\r\n1") == parse_error::body_too_large);
    CHECK(error_of(ok + "Content-Length: 4294967297\r\n\r\n1") == parse_error::body_too_large);
    CHECK(error_of(ok + "Content-Length: 6\r\n\r\nhello") == parse_error::connection_closed);
    // Where a size has 32 bits, these would be 1.
    parse_options boundless;
    boundless.limits.body_bytes = static_cast<std::uint64_t>(-1);
    CHECK(error_of(ok + "Content-Length: 4294967297\r\n\r\n1", boundless) == parse_error::connection_closed);
    CHECK(error_of(ok + "Transfer-Encoding: chunked\r\n\r\n100000001\r\n1\r\n0\r\n\r\n", boundless) == parse_error::connection_closed);

    CHECK(error_of(ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") == parse_error::bad_transfer_encoding);
    CHECK(error_of(ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n") == parse_error::bad_transfer_encoding);
    CHECK(error_of(ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n") == parse_error::bad_transfer_encoding);
    for (std::string const value : {"", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked;q=1", "identity", "xchunked"})
        CHECK(error_of(ok + "Transfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n") == parse_error::bad_transfer_encoding);
}

TEST_CASE("bad chunks are refused", "[http1]") {
    std::string const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    for (std::string const body : {"\r\n", "x\r\n", " 5\r\nhello\r\n", "-5\r\n", "0x5\r\n", ";a\r\n", "10000000000000000\r\n", "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n", "5\r\nhello\rX", "4\r\nhello\r\n"}) {
        INFO(body);
        parse_error const found = error_of(chunked + body);
        CHECK((found == parse_error::bad_chunk || found == parse_error::bad_chunk_extension));
    }
    for (std::string const extension : {" ", ";", "; ", ";a b", ";a=", ";a=\"", ";a=\"b\"c", "=a", ";a=\"\x01\"", "\r"})
        CHECK(error_of(chunked + "5" + extension + "\r\nhello\r\n0\r\n\r\n") == parse_error::bad_chunk_extension);
    CHECK(error_of(chunked + "FFFFFFFFFFFFFFFF\r\n") == parse_error::body_too_large);
    CHECK(error_of(chunked + "5\r\nhello\r\nfffffffffffffffb\r\n") == parse_error::body_too_large);
    CHECK(error_of(chunked + "6\r\nhello\r\n0\r\n\r\n") == parse_error::bad_chunk);
    CHECK(error_of(chunked + "5\r\nhello\r\n") == parse_error::connection_closed);
    CHECK(error_of(chunked + "5\r\nhello\r\n0\r\n") == parse_error::connection_closed);
    CHECK(error_of(chunked + "0\r\nbad\r\n\r\n") == parse_error::bad_field);
    CHECK(error_of(chunked + "0\r\nContent-Length: 5\r\n\r\n") == parse_error::bad_transfer_encoding);
    CHECK(error_of(chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n") == parse_error::bad_transfer_encoding);
}

TEST_CASE("each limit lets pass what is just within it", "[http1]") {
    SECTION("the header") {
        std::string const header = ok + "A: b\r\nContent-Length: 1\r\n\r\n";
        parse_options options;
        options.limits.header_bytes = header.size();
        CHECK(error_of(header + "x", options) == parse_error::none);
        CHECK(error_of("HTTP/1.1 100 \r\n\r\n" + header + "x", options) == parse_error::none);
        --options.limits.header_bytes;
        CHECK(error_of(header + "x", options) == parse_error::header_too_large);
    }
    SECTION("a trailer") {
        parse_options options;
        options.limits.header_bytes = 60;
        std::string const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
        CHECK(error_of(chunked + times(8, "A: abc\r\n") + "\r\n", options) == parse_error::header_too_large);
        CHECK(error_of(chunked + times(7, "A: abc\r\n") + "\r\n", options) == parse_error::none);
    }
    SECTION("fields") {
        parse_options options;
        options.limits.header_fields = 3;
        CHECK(error_of(ok + times(3, "A: b\r\n") + "\r\n", options) == parse_error::none);
        CHECK(error_of(ok + times(4, "A: b\r\n") + "\r\n", options) == parse_error::too_many_fields);
    }
    SECTION("a line, by the memory there is") {
        parse_options options;
        options.scratch = 29;
        CHECK(error_of(ok + "A: " + times(25, "x") + "\r\n\r\n", options) == parse_error::none);
        CHECK(error_of(ok + "A: " + times(26, "x") + "\r\n\r\n", options) == parse_error::header_too_large);
        for (std::size_t scratch = 0; scratch < 17; ++scratch) {
            options.scratch = scratch;
            CHECK(error_of(ok + "\r\n", options) == (scratch < 16 ? parse_error::header_too_large : parse_error::none));
        }
    }
    SECTION("the body") {
        parse_options options;
        options.limits.body_bytes = 5;
        CHECK(error_of(ok + "Content-Length: 5\r\n\r\nhello", options) == parse_error::none);
        CHECK(error_of(ok + "Content-Length: 6\r\n\r\nhello!", options) == parse_error::body_too_large);
        CHECK(error_of(ok + "\r\nhello", options) == parse_error::none);
        CHECK(error_of(ok + "\r\nhello!", options) == parse_error::body_too_large);
        std::string const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
        CHECK(error_of(chunked + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", options) == parse_error::none);
        CHECK(error_of(chunked + "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n", options) == parse_error::body_too_large);
    }
    SECTION("chunk extensions") {
        parse_options options;
        options.limits.extension_bytes = 8;
        std::string const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
        CHECK(error_of(chunked + "1;a=b\r\nx\r\n0;abc\r\n\r\n", options) == parse_error::none);
        CHECK(error_of(chunked + "1;a=b\r\nx\r\n0;abcd\r\n\r\n", options) == parse_error::bad_chunk_extension);
    }
}

TEST_CASE("a field too long for the memory can be left out, unless it says how long the answer is", "[http1]") {
    parse_options options;
    options.scratch = 24;
    std::string const header = "A: 1\r\nPolicy: " + times(100, "x") + "\r\nContent-Length: 2\r\n\r\nhi";
    CHECK(error_of(ok + header, options) == parse_error::header_too_large);
    options.limits.drops_long_fields = true;
    auto const read = parse(ok + header, options);
    CHECK(read.error == parse_error::none);
    CHECK(read.response.headers.size() == 2);
    CHECK(read.response.body == "hi");

    CHECK(error_of(ok + "Content-Length: " + times(100, "0") + "2\r\n\r\nhi", options) == parse_error::header_too_large);
    CHECK(error_of(ok + "Connection: " + times(100, "x") + "\r\n\r\nhi", options) == parse_error::header_too_large);
    CHECK(error_of(ok + times(100, "x") + ": 1\r\n\r\nhi", options) == parse_error::bad_field);
    CHECK(error_of(ok + "Policy: " + times(100, "x") + "\n\r\nhi", options) == parse_error::bad_line_end);
    CHECK(error_of(ok + "Policy: " + times(100, "x") + "\rx\n\r\nhi", options) == parse_error::bad_field);
    CHECK(error_of(ok + "Policy: " + times(100, "x") + "\x01\r\n\r\nhi", options) == parse_error::bad_field);
    CHECK(error_of(ok + "Policy: " + times(15, "x") + "\r\rxx\r\n\r\nhi", options) == parse_error::bad_field);
    options.limits.header_bytes = 60;
    CHECK(error_of(ok + header, options) == parse_error::header_too_large);

    options = parse_options();
    options.scratch = 28;
    options.limits.drops_long_fields = true;
    for (std::size_t length = 10; length < 30; ++length) {
        std::string const field = "Policy: " + times(length, "x") + "\r\n";
        auto const chunks = parse(ok + "Transfer-Encoding: chunked\r\n" + field + "\r\n2\r\nhi\r\n0\r\n" + field + "\r\n!", options);
        CHECK(chunks.response.body == "hi");
        CHECK(chunks.response.headers.contains("Policy") == (length < 20));
        CHECK(chunks.left == 1);
    }
}

TEST_CASE("an answer that is cut anywhere is never complete, where it says how long it is", "[http1]") {
    for (std::string const& bytes : {ok + "Content-Length: 5\r\n\r\nhello", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
                                     std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")})
        for (std::size_t length = 0; length < bytes.size(); ++length) CHECK(parse_in_pieces(bytes.substr(0, length)).error == parse_error::connection_closed);
}

TEST_CASE("each parse error has a text, and a code of a transport", "[http1]") {
    for (int i = 1; i <= static_cast<int>(parse_error::connection_closed); ++i) {
        auto const error = static_cast<parse_error>(i);
        CHECK(to_string(error) != to_string(static_cast<parse_error>(255)));
        CHECK(fault_of(code_of(error)) == fault::transport);
    }
    CHECK(code_of(parse_error::too_many_fields) == errc::header_too_large);
    CHECK(code_of(parse_error::folded_field) == errc::malformed_response);
}

TEST_CASE("a request is written with Host and Content-Length, into memory of a fixed size too", "[http1]") {
    http1::header_view const headers[] = {{"Accept", "application/json"}, {"Connection", "close"}};
    http1::request_view request(http_method::post, http1::origin_view(false, "fe80::1", 8080), "/a?b=c");
    request.headers = headers;
    request.body = "{}";
    std::string const expected = "POST /a?b=c HTTP/1.1\r\nHost: [fe80::1]:8080\r\nAccept: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";

    std::string text;
    CHECK_FALSE(http1::write_request(text, request));
    CHECK(text == expected);
    CHECK(http1::asks_to_close(request.headers));

    char memory[200];
    fixed_buffer buffer(memory, sizeof memory);
    CHECK_FALSE(http1::write_request(buffer, request));
    CHECK(buffer.view() == expected);
    fixed_buffer tight(memory, expected.size() - 1);
    CHECK_FALSE(http1::write_request(tight, request));
    CHECK(tight.overflowed());

    std::string none;
    request = http1::request_view(http_method::get, http1::origin_view(true, "a.example", 443), "/");
    CHECK_FALSE(http1::write_request(none, request));
    CHECK(none == "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    none.clear();
    request.method = http_method::put;
    CHECK_FALSE(http1::write_request(none, request));
    CHECK(none == "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a request that could become another one is not written", "[http1]") {
    auto const refused = [](http_request const& request) {
        std::string text;
        http1::request_defect const found = http1::write_request(text, request);
        CHECK(text.empty());
        CHECK((found ? std::string(found.text) : std::string()) == (found ? detail::check_request(request).error().message : std::string()));
        return found ? std::string(found.field) : std::string("written");
    };
    http_request good;
    good.origin = http_origin(false, "a.example", 80);
    good.target = "/";
    for (std::string const& target : {std::string(), std::string("a"), std::string("/ a"), std::string("/\r\nX: y"), std::string("/\n"), std::string("/\0", 2), std::string("/\x80")}) {
        http_request request = good;
        request.target = target;
        CHECK(refused(request) == "target");
    }
    for (std::string const& host : {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string("a/b"), std::string("u@a"), std::string("a\0", 2)}) {
        http_request request = good;
        request.origin.host = host;
        CHECK(refused(request) == "host");
    }
    for (std::string const& name : {std::string(), std::string("a b"), std::string("a:"), std::string("a\r\nb"), std::string("a\0", 2)}) {
        http_request request = good;
        request.headers.add(name, "x");
        CHECK(refused(request) == "headers");
    }
    for (std::string const& value : {std::string("a\r\nb: c"), std::string("a\n"), std::string("\r"), std::string("a\0", 2), std::string("\x7f")}) {
        http_request request = good;
        request.headers.add("X-Given", value);
        CHECK(refused(request) == "X-Given");
    }
    for (std::string const own : {"host", "CONTENT-LENGTH", "Transfer-Encoding"}) {
        http_request request = good;
        request.headers.add(own, "1");
        CHECK(refused(request) == own);
    }
    http_request request = good;
    request.origin.port = 0;
    CHECK(refused(request) == "port");
}

namespace {

/// What a serial driver looks like.
class serial_port {
public:
    explicit serial_port(std::string_view answer) : answer_(answer) {}

    void write(std::string_view bytes) { written += bytes; }
    std::string_view read(std::span<char> into) {
        std::size_t const count = answer_.copy(into.data(), into.size());
        answer_.remove_prefix(count);
        return {into.data(), count};
    }

    std::string written;

private:
    std::string_view answer_;
};

}  // namespace

TEST_CASE("the text of an origin is the same wherever it is written", "[http1]") {
    for (http_origin const& origin : {http_origin(true, "cms.example.com", 443), http_origin(true, "cms.example.com", 80), http_origin(false, "::1", 80), http_origin(false, "fe80::1", 8080)}) {
        http_request request;
        request.origin = origin;
        request.target = "/";
        std::string head;
        http1::write_head(head, request);
        std::string head_of_text;
        http1::write_head(head_of_text, request, origin.authority());
        CHECK(head == head_of_text);
        CHECK(head == "GET / HTTP/1.1\r\nHost: " + origin.authority() + "\r\n\r\n");
    }
}

TEST_CASE("each byte is looked at, wherever it stands in texts of all sizes", "[http1]") {
    auto const is_letter_of_token = [](unsigned char c) { return c > ' ' && c < 0x7f && std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) == std::string_view::npos; };
    auto const is_visible = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    auto const is_of_value = [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); };
    std::size_t wrong = 0;
    for (std::size_t size = 1; size <= 50; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                // No terminator behind it: what looks too far is noticed by the sanitizer. Some are letters, and some are none.
                std::vector<char> text(size, 'a');
                for (auto i = static_cast<std::size_t>(byte % 3); i < size; i += 7) text[i] = '_';
                text[at] = static_cast<char>(byte);
                std::string_view const seen(text.data(), size);
                auto const c = static_cast<unsigned char>(byte);
                if (detail::is_token(seen) != is_letter_of_token(c)) ++wrong;
                if (detail::is_visible(seen) != is_visible(c)) ++wrong;
                if (detail::is_field_value(seen) != is_of_value(c)) ++wrong;
                bool const ends_token = !is_letter_of_token(c);
                if (detail::skip_token(text.data(), text.data() + size) != text.data() + (ends_token ? at : size)) ++wrong;
            }
    CHECK(wrong == 0);
}

TEST_CASE("an exchange needs no memory but what it is given", "[http1]") {
    namespace ai = umbraco_ai;
    serial_port port("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n[\"Chat\"]\r\n0\r\n\r\n");
    std::string body;

    char memory[512];
    ai::fixed_buffer out(memory, sizeof memory);
    ai::http1::request_view request(ai::http_method::get, ai::http1::origin_view(false, "192.168.0.2", 8080), "/umbraco/ai/management/api/v1/connections/capabilities");
    REQUIRE_FALSE(ai::http1::write_request(out, request));
    REQUIRE_FALSE(out.overflowed());
    port.write(out.view());

    char line[256];
    char piece[64];
    ai::http1::response_parser parser(line);
    std::string_view bytes;
    while (!parser.is_complete() && parser.error() == ai::http1::parse_error::none) {
        ai::http1::event found = parser.next(bytes);
        if (found.what == ai::http1::event_kind::need_more) {
            bytes = port.read(piece);
            if (bytes.empty()) found = parser.end();
        }
        if (found.what == ai::http1::event_kind::body) body += found.value;
    }

    CHECK(parser.is_complete());
    CHECK(parser.status() == 200);
    CHECK(body == "[\"Chat\"]");
    CHECK(port.written.starts_with("GET /umbraco/ai/management/api/v1/connections/capabilities HTTP/1.1\r\nHost: 192.168.0.2:8080\r\n"));
}
