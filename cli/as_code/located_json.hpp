// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_CLI_AS_CODE_LOCATED_JSON_HPP
#define UMBRACO_AI_CLI_AS_CODE_LOCATED_JSON_HPP

#include <umbraco_ai/core.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli::as_code {

namespace ai = umbraco_ai;

class json_member;

/// A JSON value and where it stands. Views the text that it was read from.
class json_node {
public:
    json_node() = default;

    ai::json_kind kind = ai::json_kind::invalid;
    std::size_t offset = 0;
    std::string_view bytes;
    std::string text;                  ///< Of a string, decoded.
    std::vector<json_member> members;  ///< Of an object, repeated names too.
    std::vector<json_node> items;      ///< Of an array.
};

class json_member {
public:
    json_member() = default;

    std::string name;
    std::size_t offset = 0;  ///< Of the name's opening quote.
    json_node value;
};

/// Where a text is no JSON, and why.
class json_fault {
public:
    json_fault() = default;

    std::size_t offset = 0;
    std::string text;
};

namespace detail {

class located_reader {
public:
    explicit located_reader(std::string_view text) : text_(text), reader_(text) {}

    [[nodiscard]] bool run(json_node& root, json_fault& fault) {
        if (read(root) && reader_.finish()) return true;
        fault.offset = (std::min)(reader_.position(), text_.size());
        auto const code = reader_.error().code;
        if (code == ai::make_error_code(ai::errc::invalid_utf8)) fault.text = "This is not UTF-8.";
        else if (code == ai::make_error_code(ai::errc::nested_too_deep)) fault.text = "This is nested too deep.";
        else if (fault.offset == text_.size()) fault.text = "The text ends early.";
        else fault.text = "This is not well-formed JSON.";
        return false;
    }

private:
    bool read(json_node& out) {
        out.kind = reader_.peek();
        out.offset = reader_.position();
        if (!read_value(out)) return false;
        out.bytes = text_.substr(out.offset, reader_.position() - out.offset);
        return true;
    }

    bool read_value(json_node& out) {
        switch (out.kind) {
            case ai::json_kind::object:
                return reader_.read_object([&](ai::json_key const& key) {
                    json_member& member = out.members.emplace_back();
                    member.name = key.name;
                    member.offset = static_cast<std::size_t>(key.raw.data() - text_.data()) - 1;
                    return read(member.value);
                });
            case ai::json_kind::array: return reader_.read_array([&](std::size_t) { return read(out.items.emplace_back()); });
            case ai::json_kind::string: return reader_.read_string(out.text);
            default: return reader_.skip_value();
        }
    }

    std::string_view text_;
    ai::json_reader reader_;
};

}  // namespace detail

/// Reads one JSON text as a tree whose every value knows its place. `text` must outlive the tree.
[[nodiscard]] inline bool read_located(std::string_view text, json_node& root, json_fault& fault) {
    return detail::located_reader(text).run(root, fault);
}

/// A place in a file, as editors count: lines and characters from 1; line 0 means the file as a whole.
class place {
public:
    place() = default;
    explicit place(std::string file_name) : file(std::move(file_name)) {}

    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;

    /// "prod.json:12:5", as compilers write it.
    [[nodiscard]] std::string to_string() const {
        if (line == 0) return file;
        return file + ':' + std::to_string(line) + ':' + std::to_string(column);
    }

    friend bool operator==(place const&, place const&) = default;
};

/// Finds places in one text. Places that are asked for in their order cost one pass over the text in all.
class place_finder {
public:
    place_finder(std::string file, std::string_view text) : text_(text), last_(file), marked_(std::move(file)) {
        last_.line = last_.column = marked_.line = marked_.column = 1;
        if (text.starts_with("\xEF\xBB\xBF")) last_offset_ = marked_offset_ = 3;
    }

    [[nodiscard]] place at(std::size_t offset) {
        if (offset < last_offset_) {
            last_ = marked_;
            last_offset_ = marked_offset_;
        }
        for (; last_offset_ < offset && last_offset_ < text_.size(); ++last_offset_) {
            char const c = text_[last_offset_];
            if (c == '\n') {
                ++last_.line;
                last_.column = 1;
            } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
                ++last_.column;
            }
        }
        return last_;
    }

    /// From here on no place before this one is asked for.
    void mark(std::size_t offset) {
        marked_ = at(offset);
        marked_offset_ = last_offset_;
    }

private:
    std::string_view text_;
    place last_;
    place marked_;
    std::size_t last_offset_ = 0;
    std::size_t marked_offset_ = 0;
};

/// What is wrong with a document, and where.
class finding {
public:
    finding() = default;
    finding(place where_it_is, std::string member, std::string what) : where(std::move(where_it_is)), field(std::move(member)), text(std::move(what)) {}

    place where;
    std::string field;  ///< "settings.apiKey", "alias"; empty where it is none.
    std::string text;   ///< A sentence; never a value.

    /// "prod.json:12:5: settings.apiKey: …"
    [[nodiscard]] std::string to_string() const { return where.to_string() + ": " + words(); }

    /// "settings.apiKey: …"
    [[nodiscard]] std::string words() const { return field.empty() ? text : field + ": " + text; }

    friend bool operator==(finding const&, finding const&) = default;
};

}  // namespace cli::as_code

#endif
