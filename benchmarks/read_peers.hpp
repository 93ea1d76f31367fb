// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_READ_PEERS_HPP
#define UMBRACO_AI_BENCHMARKS_READ_PEERS_HPP

#include "inputs.hpp"

#include <umbraco_ai/core.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

/// One connection, whose settings are what a peer keeps of a value that nobody looks at yet.
template <class Settings>
class read_connection {
public:
    read_connection() = default;
    umbraco_ai::connection_item item;
    Settings settings;
};

inline umbraco_ai::guid guid_of(std::string_view text) {
    auto const parsed = umbraco_ai::guid::parse(text);
    if (!parsed) throw std::runtime_error("no guid");
    return *parsed;
}

/// A reader of pages as a contestant. `Reader` has `page_model page(std::string const&)` and `auto one(std::string const&)`.
template <class Reader>
std::unique_ptr<contestant> peer_page(std::string text) {
    auto reader = std::make_shared<Reader>();
    expect_page(reader->page(text), text);
    return repeated([reader, text = std::move(text)] {
        auto const read = reader->page(text);
        keep(read);
    });
}

template <class Reader>
std::unique_ptr<contestant> peer_connection() {
    auto reader = std::make_shared<Reader>();
    std::string text = connection_text();
    auto const expected = umbraco_ai::read_json<umbraco_ai::connection_item>(text).value();
    if (!(reader->one(text).item == expected)) throw std::runtime_error("a contestant reads another connection");
    return repeated([reader, text = std::move(text)] {
        auto const read = reader->one(text);
        keep(read);
    });
}

/// All works of reading for one peer.
template <class Reader>
class read_registrations {
public:
    explicit read_registrations(std::string_view who)
        : page_("read-page", who, [] { return peer_page<Reader>(page_text()); }),
          shuffled_("read-page-shuffled", who, [] { return peer_page<Reader>(shuffled_page_text()); }),
          escapes_("read-page-escapes", who, [] { return peer_page<Reader>(escaped_page_text()); }),
          pretty_("read-page-pretty", who, [] { return peer_page<Reader>(pretty_page_text()); }),
          one_("read-connection", who, [] { return peer_connection<Reader>(); }) {}

private:
    registration page_, shuffled_, escapes_, pretty_, one_;
};

}  // namespace bench

#endif
