// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_EMBEDDED_VIEWS_HPP
#define UMBRACO_AI_EMBEDDED_VIEWS_HPP

#include <umbraco_ai/embedded/outcome.hpp>
#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/json/fields.hpp>
#include <umbraco_ai/json/view.hpp>
#include <umbraco_ai/model/ai_model.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/model/guid.hpp>
#include <umbraco_ai/version.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

UMBRACO_AI_BEGIN_NAMESPACE

namespace embedded {

/// One row of a list of connections. Its texts lie in the memory given to the reader, decoded, and live until the next item
/// is read.
class connection_item_view {
public:
    connection_item_view() = default;

    guid id;
    std::string_view alias;
    std::string_view name;
    std::string_view provider_id;
    bool is_active = false;
    std::optional<std::int64_t> version;  ///< Documented-only servers send none.
};

/// A connection. Its texts lie in the memory given to the reader; they can hold secrets.
class connection_view {
public:
    connection_view() = default;

    guid id;
    std::string_view alias;
    std::string_view name;
    std::string_view provider_id;
    bool is_active = false;
    std::optional<std::int64_t> version;
    std::string_view settings;  ///< The bytes that came, JSON: an object or null.
    std::string_view text;      ///< The bytes of the whole answer, JSON.
};

/// What a provider said when the server tried a connection. A failed test is an answer, not a failure of the call.
class test_result_view {
public:
    test_result_view() = default;

    bool success = false;
    std::optional<std::string_view> error_message;  ///< The server's words, as they came; they may quote a key.
};

namespace detail {

using namespace umbraco_ai::detail;

/// The wire name of a member, from the one table where it stands.
template <class Model, auto Member>
[[nodiscard]] consteval std::string_view wire_name() {
    std::string_view found;
    for_each_field<Model>([&found]<class Row>(Row) {
        if constexpr (same_member<Row::member, Member>) found = Row::name;
    });
    return found;
}

/// Reads members of a JSON object that was accepted before. Texts with escapes are decoded into spare memory.
class member_reader {
public:
    explicit member_reader(std::span<char> spare) noexcept : spare_(spare) {}

    [[nodiscard]] outcome const& result() const noexcept { return ok_; }

    template <class Model, auto Member, class T>
    [[nodiscard]] bool take(json_member const& member, T& out) noexcept {
        constexpr std::string_view name = wire_name<Model, Member>();
        static_assert(!name.empty());
        if (!(member.name == json_string_view(name))) return false;
        errc const wrong = read(member.value, out);
        if (wrong != errc() && ok_) ok_ = outcome(wrong).at(name);
        return true;
    }

    void demand(bool is_there, std::string_view name) noexcept {
        if (ok_ && !is_there) ok_ = outcome(errc::missing_member).at(name);
    }

private:
    [[nodiscard]] errc read(std::string_view value, bool& out) noexcept {
        out = value == "true";
        return out || value == "false" ? errc() : errc::wrong_type;
    }

    [[nodiscard]] errc read(std::string_view value, std::string_view& out) noexcept {
        if (value.size() < 2 || value.front() != '"') return errc::wrong_type;
        json_string_view const text({value.data() + 1, value.size() - 2});
        if (!text.has_escapes()) {
            out = text.raw();
            return errc();
        }
        fixed_buffer decoded(spare_.data(), spare_.size());
        text.append_to(decoded);
        if (decoded.overflowed()) return errc::buffer_too_small;
        out = decoded.view();
        spare_ = spare_.subspan(out.size());
        return errc();
    }

    [[nodiscard]] errc read(std::string_view value, guid& out) noexcept {
        std::string_view text;
        char digits[38];
        member_reader own{std::span<char>(digits)};
        errc const wrong = own.read(value, text);
        auto const parsed = wrong == errc() ? guid::parse(text) : std::nullopt;
        if (parsed) out = *parsed;
        return parsed ? errc() : wrong == errc::wrong_type ? wrong : errc::invalid_value;
    }

    [[nodiscard]] errc read(std::string_view value, std::optional<std::int64_t>& out) noexcept {
        out.reset();
        if (value == "null") return errc();
        if (value.front() != '-' && !is_digit(value.front())) return errc::wrong_type;
        std::int64_t number = 0;
        auto const [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (code == std::errc::result_out_of_range) return errc::invalid_value;
        if (end != value.data() + value.size()) return errc::wrong_type;
        out = number;
        return errc();
    }

    [[nodiscard]] errc read(std::string_view value, std::optional<std::string_view>& out) noexcept {
        out.reset();
        return value == "null" ? errc() : read(value, out.emplace());
    }

    std::span<char> spare_;
    outcome ok_;
};

/// The members that a list's row and a connection have in common.
template <class Model, class View>
class row_reader {
public:
    row_reader(member_reader& reader, View& out) noexcept : reader_(reader), out_(out) {}

    [[nodiscard]] bool take(json_member const& member) noexcept {
        if (reader_.take<Model, &Model::id>(member, out_.id)) return seen(1);
        if (reader_.take<Model, &Model::alias>(member, out_.alias)) return seen(2);
        if (reader_.take<Model, &Model::name>(member, out_.name)) return seen(4);
        if (reader_.take<Model, &Model::provider_id>(member, out_.provider_id)) return seen(8);
        if (reader_.take<Model, &Model::is_active>(member, out_.is_active)) return seen(16);
        return reader_.take<Model, &Model::version>(member, out_.version);
    }

    void demand_all() noexcept {
        reader_.demand((seen_ & 1U) != 0, wire_name<Model, &Model::id>());
        reader_.demand((seen_ & 2U) != 0, wire_name<Model, &Model::alias>());
        reader_.demand((seen_ & 4U) != 0, wire_name<Model, &Model::name>());
        reader_.demand((seen_ & 8U) != 0, wire_name<Model, &Model::provider_id>());
        reader_.demand((seen_ & 16U) != 0, wire_name<Model, &Model::is_active>());
    }

private:
    bool seen(unsigned bit) noexcept {
        seen_ |= bit;
        return true;
    }

    member_reader& reader_;
    View& out_;
    unsigned seen_ = 0;
};

[[nodiscard]] inline outcome expect_object(std::string_view text) noexcept {
    return text.starts_with('{') ? outcome() : outcome(errc::wrong_type, "An object is expected.");
}

/// Reads a view from JSON that was accepted before; `spare` takes the texts that have to be decoded.
[[nodiscard]] inline outcome read_view(std::string_view text, std::span<char> spare, connection_item_view& out) noexcept {
    out = connection_item_view();
    member_reader reader(spare);
    row_reader<connection_item, connection_item_view> row(reader, out);
    for_each_member(text, [&row](json_member const& member) { static_cast<void>(row.take(member)); });
    row.demand_all();
    return expect_object(text) ? reader.result() : expect_object(text);
}

[[nodiscard]] inline outcome read_view(std::string_view text, std::span<char> spare, connection_view& out) noexcept {
    out = connection_view();
    out.text = text;
    constexpr std::string_view settings_name = wire_name<connection, &connection::settings>();
    member_reader reader(spare);
    row_reader<connection, connection_view> row(reader, out);
    for_each_member(text, [&](json_member const& member) {
        if (!row.take(member) && member.name == json_string_view(settings_name)) out.settings = member.value;
    });
    row.demand_all();
    reader.demand(!out.settings.empty(), settings_name);
    return expect_object(text) ? reader.result() : expect_object(text);
}

[[nodiscard]] inline outcome read_view(std::string_view text, std::span<char> spare, test_result_view& out) noexcept {
    out = test_result_view();
    member_reader reader(spare);
    bool has_success = false;
    for_each_member(text, [&](json_member const& member) {
        if (reader.take<test_result, &test_result::success>(member, out.success)) has_success = true;
        else static_cast<void>(reader.take<test_result, &test_result::error_message>(member, out.error_message));
    });
    reader.demand(has_success, wire_name<test_result, &test_result::success>());
    return expect_object(text) ? reader.result() : expect_object(text);
}

}  // namespace detail

}  // namespace embedded

UMBRACO_AI_END_NAMESPACE

#endif
