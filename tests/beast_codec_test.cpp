// SPDX-License-Identifier: MIT
#include "support/beast_parser.hpp"
#include "support/catch.hpp"
#include "support/parsed_answer.hpp"
#include "support/recorded.hpp"

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http1/syntax.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The codec and Beast's parser on the same bytes.

namespace {

using namespace umbraco_ai;
using tests::parse_in_pieces;
using tests::parse_options;
using tests::parsed_answer;

/// What a reader made of some bytes after which the connection ended.
struct verdict {
    std::error_code refused;
    http_response response;
    bool keep_alive = false;
    std::size_t left = 0;

    friend bool operator==(verdict const&, verdict const&) = default;
    friend std::ostream& operator<<(std::ostream& out, verdict const& value) {
        if (value.refused) return out << "refused: " << value.refused.message();
        out << value.response << ", keep alive " << value.keep_alive << ", left " << value.left;
        for (auto const& field : value.response.headers) out << "\n    " << field.name << ": " << field.value;
        return out;
    }
};

verdict verdict_of(parsed_answer const& answer) {
    verdict made;
    if (answer.error != http1::parse_error::none) made.refused = make_error_code(code_of(answer.error));
    made.response = answer.response;
    made.keep_alive = answer.keep_alive;
    made.left = answer.left;
    return made;
}

/// Drives Beast's parser as detail::http_exchange does.
class beast_reader {
public:
    beast_reader(std::string_view bytes, std::vector<std::size_t> const& sizes, parse_options const& options)
        : rest_(bytes), sizes_(sizes), is_head_(options.is_head), most_interim_(options.limits.interim_responses) {
        limits_.header_bytes = static_cast<std::size_t>(options.limits.header_bytes);
        limits_.body_bytes = static_cast<std::size_t>(options.limits.body_bytes);
    }

    verdict read() {
        for (std::uint32_t interim = 0;; ++interim) {
            tests::beast_parser parser(limits_);
            if (is_head_) parser.skip(true);
            if (errc const why = read_one(parser); why != errc()) return refuse(why);
            if (!parser.is_interim()) {
                verdict made;
                made.keep_alive = parser.keep_alive();
                made.response = std::move(parser.response());
                made.left = buffer_.size() + rest_.size();
                return made;
            }
            if (parser.response().status == 101) return refuse(errc::protocol_switched);
            if (interim == most_interim_) return refuse(errc::too_many_interim_responses);
        }
    }

private:
    static verdict refuse(errc why) {
        verdict made;
        made.refused = make_error_code(why);
        return made;
    }

    errc read_one(tests::beast_parser& parser) {
        using http_error = boost::beast::http::error;
        while (true) {
            boost::system::error_code const error = parser.take(buffer_);
            if (error) return error == http_error::header_limit ? errc::header_too_large : error == http_error::body_limit ? errc::body_too_large : errc::malformed_response;
            if (parser.is_done()) return errc();
            if (rest_.empty()) break;
            std::string_view const piece = rest_.substr(0, sizes_[(std::min)(next_size_++, sizes_.size() - 1)]);
            buffer_.commit(boost::asio::buffer_copy(buffer_.prepare(piece.size()), boost::asio::buffer(piece.data(), piece.size())));
            rest_.remove_prefix(piece.size());
        }
        if (!parser.is_header_done()) return errc::connection_closed;
        boost::system::error_code at_end;
        parser.put_eof(at_end);
        return at_end ? errc::connection_closed : errc();
    }

    std::string_view rest_;
    std::vector<std::size_t> const& sizes_;
    boost::beast::flat_buffer buffer_;
    std::size_t next_size_ = 0;
    http_limits limits_;
    bool is_head_;
    std::uint32_t most_interim_;
};

// --- The differences that are meant ---

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made) c = detail::ascii_lower(c);
    return made;
}

/// Calls `f(name in lower case, value)` for each line of the bytes that looks like a field.
template <class F>
bool any_field(std::string_view bytes, F f) {
    while (!bytes.empty()) {
        std::size_t const end = bytes.find('\n');
        std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        std::size_t const colon = line.find(':');
        if (colon != std::string_view::npos && f(lower(line.substr(0, colon)), detail::without_blanks(line.substr(colon + 1)))) return true;
    }
    return false;
}

bool has_field(std::string_view bytes, std::string_view wanted) {
    return any_field(bytes, [&](std::string const& name, std::string_view) { return name == wanted; });
}

/// What both were given and what each said.
struct disagreement {
    std::string_view bytes;
    parse_options const& options;
    verdict const& beast;
    parsed_answer const& codec;

    [[nodiscard]] bool only_codec_refuses() const { return codec.error != http1::parse_error::none && !beast.refused; }
    [[nodiscard]] bool only_beast_refuses() const { return codec.error == http1::parse_error::none && beast.refused; }
    [[nodiscard]] bool both_refuse() const { return codec.error != http1::parse_error::none && beast.refused; }
    [[nodiscard]] bool differ_in_keep_alive_only() const {
        verdict other = verdict_of(codec);
        other.keep_alive = !other.keep_alive;
        return other == beast;
    }
};

struct meant_difference {
    char const* name;
    char const* reason;
    bool (*explains)(disagreement const&);
};

constexpr meant_difference meant_differences[] = {
    {"order of faults", "An answer with several faults is refused by both; which fault is named depends on the order of the checks.",
     [](disagreement const& what) { return what.both_refuse(); }},
    {"folded field", "Readers differ on whether a folded line is one field or two; nobody may send one since RFC 7230.",
     [](disagreement const& what) {
         bool const is_folded = what.bytes.find("\r\n ") != std::string_view::npos || what.bytes.find("\r\n\t") != std::string_view::npos;
         // A value is read before it is known that it would go on.
         bool const is_value = what.codec.error == http1::parse_error::bad_content_length || what.codec.error == http1::parse_error::bad_transfer_encoding;
         return what.only_codec_refuses() && is_folded && (what.codec.error == http1::parse_error::folded_field || is_value);
     }},
    {"number of fields", "Beast bounds the bytes of a header only; 32 KB hold eight thousand fields, each of which takes memory.",
     [](disagreement const& what) {
         auto const count = static_cast<std::size_t>(std::count(what.bytes.begin(), what.bytes.end(), ':'));
         return what.only_codec_refuses() && what.codec.error == http1::parse_error::too_many_fields && count > what.options.limits.header_fields;
     }},
    {"control byte in a quoted chunk extension", "The grammar has none there; Beast lets each byte pass but the end of the line.",
     [](disagreement const& what) {
         bool const has_control = std::any_of(what.bytes.begin(), what.bytes.end(), [](char c) { return !detail::is_field_value_char(c) && c != '\r' && c != '\n'; });
         bool const has_lone_feed = what.bytes.starts_with('\n') || std::adjacent_find(what.bytes.begin(), what.bytes.end(), [](char a, char b) { return a != '\r' && b == '\n'; }) != what.bytes.end();
         bool const is_refused = what.codec.error == http1::parse_error::bad_chunk_extension || what.codec.error == http1::parse_error::bad_line_end;
         return what.only_codec_refuses() && is_refused && what.bytes.find('"') != std::string_view::npos && (has_control || has_lone_feed);
     }},
    {"size of a trailer or of a chunk's line", "Beast bounds neither; the codec all of it.",
     [](disagreement const& what) {
         return what.only_codec_refuses() && what.codec.error == http1::parse_error::header_too_large && has_field(what.bytes, "transfer-encoding") &&
                what.bytes.size() > what.options.limits.header_bytes;
     }},
    {"Proxy-Connection", "No such field exists (RFC 9112, C.2.2); Beast takes it for Connection.",
     [](disagreement const& what) {
         return has_field(what.bytes, "proxy-connection") && (what.only_beast_refuses() || what.differ_in_keep_alive_only());
     }},
    {"204 that announces a body", "It has none (RFC 9110, 8.6); what is sent all the same would be taken for the next answer, so the connection is closed.",
     [](disagreement const& what) {
         return what.differ_in_keep_alive_only() && what.beast.keep_alive && what.codec.response.status == 204 &&
                (has_field(what.bytes, "content-length") || has_field(what.bytes, "transfer-encoding"));
     }},
    {"HTTP/1.0 that says both", "With close beside keep-alive, or with chunks, which HTTP/1.0 does not have, the connection is closed.",
     [](disagreement const& what) {
         return what.differ_in_keep_alive_only() && what.beast.keep_alive && what.bytes.find("HTTP/1.0 ") != std::string_view::npos;
     }},
};

/// How many of each kind of difference were seen; fails on any other.
class comparison {
public:
    void compare(std::string_view bytes, parse_options const& options, std::vector<std::size_t> const& sizes) {
        parsed_answer const codec = parse_in_pieces(bytes, sizes, options);
        ++compared;
        if (codec != parse_in_pieces(bytes, {}, options)) FAIL("in pieces not the same as at once: " << shown(bytes));
        verdict const beast = beast_reader(bytes, sizes, options).read();
        if (!beast.refused) ++accepted;
        if (verdict_of(codec) == beast) return;
        for (meant_difference const& difference : meant_differences) {
            if (!difference.explains({bytes, options, beast, codec})) continue;
            ++seen[difference.name];
            return;
        }
        FAIL("Beast: " << beast << "\ncodec: " << codec << "\nbytes: " << shown(bytes));
    }

    std::size_t compared = 0;
    std::size_t accepted = 0;
    std::map<std::string, std::size_t> seen;

    friend std::ostream& operator<<(std::ostream& out, comparison const& value) {
        out << value.compared << " compared, " << value.accepted << " accepted by Beast";
        for (auto const& [name, count] : value.seen) out << "\n    " << count << "  " << name;
        return out;
    }

private:
    static std::string shown(std::string_view bytes) {
        std::string made;
        for (char const c : bytes) {
            auto const byte = static_cast<unsigned char>(c);
            if (c == '\r') made += "\\r";
            else if (c == '\n') made += "\\n";
            else if (byte >= 0x20 && byte < 0x7f && c != '\\') made += c;
            else made += {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        }
        return made;
    }
};

// --- What is compared ---

std::string const ok = "HTTP/1.1 200 OK\r\n";
std::string const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

/// Answers that a mutation changes in interesting places.
std::vector<std::string> const& hand_written() {
    static std::vector<std::string> const all = {
        ok + "Content-Length: 5\r\n\r\nhello",
        ok + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ok + "Content-Length: 2, 2\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}",
        ok + "Content-Length: 18446744073709551615\r\n\r\n",
        ok + "Content-Length: 18446744073709551616\r\n\r\n",
        ok + "Connection: close\r\nX: y\r\n\r\nuntil the end",
        ok + "\r\n",
        chunked + "5\r\nhello\r\n0\r\n\r\n",
        chunked + "5;a=b; c=\"d\\\"e\" ;f\r\nhello\r\n000000000000000000A\r\n0123456789\r\n00;last\r\nX-Trailer: 1\r\nConnection: close\r\n\r\nrest",
        chunked + "0\r\nContent-Length: 5\r\n\r\n",
        chunked + "FFFFFFFFFFFFFFFF\r\nx",
        chunked + "10000000000000000\r\nx",
        chunked + "5 \r\nhello\r\n0\r\n\r\n",
        chunked + "5;a=\"\x01\"\r\nhello\r\n0\r\n\r\n",
        chunked + "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
        chunked + "5;a=\"\r\nhello\r\n0\r\n\r\n",
        chunked + "5\nhello\n0\n\n",
        ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + "Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        ok + "Folded: a\r\n\tb\r\n  c\r\n\r\n",
        ok + "Proxy-Connection: close\r\nContent-Length: 0\r\n\r\n",
        ok + "Proxy-Connection: a b\r\nContent-Length: 0\r\n\r\n",
        ok + "Connection: a b\r\nContent-Length: 0\r\n\r\n",
        ok + "Connection: ,, a ,\t, Close,\r\nContent-Length: 0\r\n\r\n",
        ok + "Connection:\r\nContent-Length:\t0 \r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nbody",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\nrest",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 000 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 999 \xc3\xa4\r\nX: \x80\xff\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        ok + "Content-Length: 0\n\r\n\r\n",
        ok + "Content-Length: 0\r\r\n\r\n",
        ok + "A : b\r\n\r\n",
        ok + "A\r\n\r\n",
        ok + ": b\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "\x16\x03\x01\x02",
        "SSH-2.0-OpenSSH\r\n",
        "",
        ok + "Content-Length: 5\r\n\r\nhell",
        ok + "Content-Le",
        "HTTP/1.",
    };
    return all;
}

std::vector<tests::recording> const& recordings() {
    static std::vector<tests::recording> const all = tests::read_recordings(UMBRACO_AI_TEST_RECORDED_DIR);
    return all;
}

/// Changes bytes here and there, as a broken or hostile server might.
class mutator {
public:
    explicit mutator(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }

    std::string mutate(std::string bytes) {
        std::size_t const most = below(2) == 0 ? 1 : 4;
        for (std::size_t i = below(most); i < most; ++i) change(bytes);
        return bytes;
    }

private:
    void change(std::string& bytes) {
        static constexpr char bytes_that_mean_something[] = "\r\n\0 \t:,;\"\\=019aAfFx-+\x7f\x80\xff";
        static constexpr std::string_view interesting(bytes_that_mean_something, sizeof bytes_that_mean_something - 1);
        static std::vector<std::string> const words = {
            "\r\n", "\r\n\r\n", "\n", "\r", "\r\n ", "\r\n\t", "0\r\n\r\n", "0", "00", "5", "chunked", "gzip, ", "close", "keep-alive", "HTTP/1.1 ", "HTTP/1.0 ",
            "HTTP/1.1 100 Continue\r\n\r\n", "100", "204", "304", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n",
            "Connection: keep-alive\r\n", "Proxy-Connection: keep-alive\r\n", ";a=\"b\"", ";a", ", ", "18446744073709551615", "FFFFFFFFFFFFFFFF", "A: b\r\n", "\"",
        };
        std::size_t const at = below(bytes.size() + 1);
        std::size_t const length = 1 + below(below(4) == 0 ? 40 : 4);
        switch (below(7)) {
            case 0:
                if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 1:
                if (at < bytes.size()) bytes[at] = interesting[below(interesting.size())];
                break;
            case 2: bytes.insert(at, 1, interesting[below(interesting.size())]); break;
            case 3: bytes.insert(at, words[below(words.size())]); break;
            case 4: bytes.erase(at, length); break;
            case 5: bytes.insert(below(bytes.size() + 1), bytes.substr(at, length)); break;
            default:
                // At the place of a line's begin, where most words mean something.
                if (std::size_t const line = bytes.find('\n', at); line != std::string::npos) bytes.insert(line + 1, words[below(words.size())]);
        }
    }

    std::mt19937_64 random_;
};

std::size_t mutations_wanted() {
    char const* const wanted = std::getenv("UMBRACO_AI_TEST_MUTATIONS");
    return wanted == nullptr ? 100'000 : static_cast<std::size_t>(std::strtoull(wanted, nullptr, 10));
}

}  // namespace

TEST_CASE("the codec reads each recorded answer as Beast does", "[http1]") {
    comparison all;
    for (auto const& file : recordings()) {
        INFO(file.name);
        parse_options options;
        options.is_head = file.request_bytes.starts_with("HEAD ");
        std::string_view bytes = file.response_bytes;
        // Some files hold two answers.
        for (bool more = true; more;) {
            for (std::size_t const size : {1u, 7u, 1460u}) all.compare(bytes, options, {size});
            parsed_answer const read = parse_in_pieces(bytes, {}, options);
            more = read.error == http1::parse_error::none && read.left != 0;
            bytes.remove_prefix(bytes.size() - read.left);
        }
    }
    INFO(all);
    CHECK(all.compared >= 3 * recordings().size());
    CHECK(all.accepted >= all.compared - 3 * 4);
    CHECK(all.seen.empty());
}

TEST_CASE("the codec reads hand-written answers as Beast does, but for the differences that are meant", "[http1]") {
    comparison all;
    for (std::string const& bytes : hand_written()) {
        for (bool const is_head : {false, true}) {
            parse_options options;
            options.is_head = is_head;
            for (std::size_t const size : {1u, 2u, 7u, 4096u}) all.compare(bytes, options, {size});
        }
    }
    parse_options options;
    options.limits.header_fields = 10;
    all.compare(ok + "A:1\r\nA:2\r\nA:3\r\nA:4\r\nA:5\r\nA:6\r\nA:7\r\nA:8\r\nA:9\r\nA:0\r\nA:1\r\n\r\n", options, {1});
    options = parse_options();
    options.limits.header_bytes = 60;
    all.compare(chunked + "0\r\nX-Trailer: 012345678901234567890123456789012345678901234567890123456789\r\n\r\n", options, {4096});
    INFO(all);
    // Each kind of difference is real.
    for (meant_difference const& difference : meant_differences) {
        INFO(difference.name);
        CHECK(all.seen.contains(difference.name));
    }
}

// UMBRACO_AI_TEST_MUTATIONS says how many.
TEST_CASE("the codec reads mutated answers as Beast does, but for the differences that are meant", "[http1]") {
    std::vector<std::string> corpus = hand_written();
    // Of the long ones a mutation would only ever change the body.
    for (auto const& file : recordings())
        if (file.number % 7 == 0) corpus.push_back(file.response_bytes.substr(0, 1500));

    comparison all;
    std::size_t const wanted = mutations_wanted();
    for (std::size_t seed = 0; seed < wanted; ++seed) {
        mutator random(seed);
        // The hand-written ones have more to break in fewer bytes.
        std::size_t const which = random.below(4) == 0 ? random.below(corpus.size()) : random.below(hand_written().size());
        std::string const bytes = random.mutate(corpus[which]);
        parse_options options;
        options.is_head = random.below(16) == 0;
        if (random.below(4) == 0) {
            options.limits.header_bytes = 20 + random.below(100);
            options.limits.body_bytes = random.below(20);
            options.limits.header_fields = static_cast<std::uint32_t>(1 + random.below(4));
        }
        std::vector<std::size_t> const sizes = {1 + random.below(40), 1 + random.below(40), 1 + random.below(40)};
        INFO("seed " << seed);
        all.compare(bytes, options, sizes);
    }
    if (std::getenv("UMBRACO_AI_TEST_MUTATIONS") != nullptr) WARN(all);
    // Mutations that are all refused would prove little.
    CHECK(all.accepted > wanted / 8);
    CHECK(all.accepted < wanted);
}
