// SPDX-License-Identifier: MIT
#include "recorded.hpp"

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

std::string recorded_response(std::string_view file) {
    std::ifstream in(std::string(UMBRACO_AI_BENCHMARKS_RECORDED_DIR "/").append(file), std::ios::binary);
    std::string const all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::string_view const mark = "=== response ===\n";
    std::size_t const found = all.find(mark);
    if (found == std::string::npos) throw std::runtime_error("no recorded response: " + std::string(file));
    return all.substr(found + mark.size());
}

std::string recorded_body(std::string_view file) {
    std::string const response = recorded_response(file);
    std::size_t at = response.find("\r\n\r\n") + 4;
    std::string body;
    while (true) {
        std::size_t const size = std::strtoul(response.c_str() + at, nullptr, 16);
        if (size == 0) return body;
        at = response.find("\r\n", at) + 2;
        body.append(response, at, size);
        at += size + 2;
    }
}

}  // namespace bench
