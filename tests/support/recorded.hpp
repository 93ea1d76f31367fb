// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_TESTS_SUPPORT_RECORDED_HPP
#define UMBRACO_AI_TESTS_SUPPORT_RECORDED_HPP

#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/testing/server_request.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace umbraco_ai::tests {

/// One request and its answer.
struct exchange {
    testing::server_request request;
    bool has_whole_body = true;  ///< The client sent as many bytes as it announced.
    http_response response;
};

/// One file, split but not yet parsed.
struct recording {
    int number = 0;
    std::string name;
    std::string request_bytes;
    std::string response_bytes;
};

/// A file, or the HTTP in it, is not what it should be.
class malformed_recording : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace detail {

inline std::size_t parse_size(std::string_view text, int base) {
    std::size_t size = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        throw malformed_recording("not a size: " + std::string(text));
    return size;
}

/// Takes bytes from the front of a text.
class byte_reader {
public:
    explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] std::size_t size() const { return rest_.size(); }

    std::string_view take(std::size_t count) {
        if (count > rest_.size()) throw malformed_recording("cut off");
        std::string_view const taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    /// A line without its end, which is CRLF, or LF alone where `is_lenient`.
    std::string_view line(bool is_lenient) {
        std::size_t const end = rest_.find('\n');
        if (end == std::string_view::npos) throw malformed_recording("a line without end");
        std::string_view taken = take(end + 1);
        taken.remove_suffix(1);
        if (taken.ends_with('\r')) taken.remove_suffix(1);
        else if (!is_lenient) throw malformed_recording("a line that ends without CR");
        return taken;
    }

private:
    std::string_view rest_;
};

inline http_headers read_headers(byte_reader& in, bool is_lenient) {
    http_headers headers;
    for (std::string_view line = in.line(is_lenient); !line.empty(); line = in.line(is_lenient)) {
        std::size_t const colon = line.find(": ");
        if (colon == std::string_view::npos) throw malformed_recording("a header field without colon");
        headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
    }
    return headers;
}

inline std::string read_chunks(byte_reader& in) {
    std::string body;
    for (;;) {
        std::string_view const head = in.line(false);
        std::size_t const size = parse_size(head.substr(0, head.find(';')), 16);
        if (size == 0) break;
        body += in.take(size);
        if (in.take(2) != "\r\n") throw malformed_recording("a chunk whose size is wrong");
    }
    while (!in.line(false).empty()) {
    }  // trailer
    return body;
}

inline bool is_chunked(http_headers const& headers) {
    auto const coding = headers.find("Transfer-Encoding");
    return coding && *coding == "chunked";
}

/// Puts back the bytes of a long run that the file leaves out.
inline std::string without_gap(std::string bytes) {
    constexpr std::string_view opening = "\n[... ";
    constexpr std::string_view closing = " bytes of request omitted here ...]\n";
    std::size_t const start = bytes.find(opening);
    std::size_t const end = bytes.find(closing);
    if (start == std::string::npos || end == std::string::npos) return bytes;
    std::size_t const count =
        parse_size(std::string_view(bytes).substr(start + opening.size(), end - start - opening.size()), 10);
    char const filler = bytes[start - 1];
    if (bytes[end + closing.size()] != filler) throw malformed_recording("a gap that is not in a run");
    return bytes.replace(start, end + closing.size() - start, count, filler);
}

inline exchange read_request(byte_reader& in) {
    exchange made;
    std::string_view const line = in.line(true);
    std::size_t const first = line.find(' ');
    std::size_t const last = line.rfind(' ');
    if (first == last || !line.substr(last).starts_with(" HTTP/1.")) throw malformed_recording("not a request line");
    made.request =
        testing::server_request(std::string(line.substr(0, first)), std::string(line.substr(first + 1, last - first - 1)));
    made.request.headers = read_headers(in, true);
    if (is_chunked(made.request.headers)) {
        made.request.body = read_chunks(in);
    } else if (auto const length = made.request.headers.find("Content-Length")) {
        std::size_t const announced = parse_size(*length, 10);
        made.has_whole_body = announced <= in.size();
        made.request.body = in.take(std::min(announced, in.size()));
    }
    return made;
}

inline http_response read_response(byte_reader& in, bool is_head) {
    std::string_view const line = in.line(false);
    if (line.size() < 12 || !line.starts_with("HTTP/1.1 ")) throw malformed_recording("not a status line");
    http_response made(static_cast<int>(parse_size(line.substr(9, 3), 10)));
    made.headers = read_headers(in, false);
    if (is_head) return made;
    if (is_chunked(made.headers)) {
        made.body = read_chunks(in);
    } else if (auto const length = made.headers.find("Content-Length")) {
        made.body = in.take(parse_size(*length, 10));
    } else {
        // Answers to HTTP/1.0 are not chunked and end with the connection.
        made.body = in.take(in.size());
    }
    return made;
}

}  // namespace detail

/// Splits one file at the line between request and answer.
inline recording read_recording(std::filesystem::path const& file) {
    std::ifstream in(file, std::ios::binary);
    std::string const bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    constexpr std::string_view divider = "\n=== response ===\n";
    std::size_t const at = bytes.find(divider);
    if (at == std::string::npos) throw malformed_recording("no answer in " + file.string());
    recording made;
    made.name = file.stem().string();
    made.number = static_cast<int>(detail::parse_size(made.name.substr(0, 3), 10));
    made.request_bytes = bytes.substr(0, at);
    made.response_bytes = bytes.substr(at + divider.size());
    return made;
}

/// All files of a folder, in the order of their numbers.
inline std::vector<recording> read_recordings(std::filesystem::path const& folder) {
    std::vector<recording> all;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".http") all.push_back(read_recording(entry.path()));
    std::sort(all.begin(), all.end(), [](recording const& a, recording const& b) { return a.number < b.number; });
    return all;
}

/// The exchanges of a file. Throws malformed_recording where bytes are missing, left over or contradict each other.
inline std::vector<exchange> read_exchanges(recording const& file) {
    std::string const request_bytes = detail::without_gap(file.request_bytes);
    detail::byte_reader requests(request_bytes);
    detail::byte_reader responses(file.response_bytes);
    std::vector<exchange> all;
    while (!requests.empty()) {
        exchange next = detail::read_request(requests);
        next.response = detail::read_response(responses, next.request.method == "HEAD");
        all.push_back(std::move(next));
    }
    if (!responses.empty()) throw malformed_recording("more answers than requests");
    return all;
}

}  // namespace umbraco_ai::tests

#endif
