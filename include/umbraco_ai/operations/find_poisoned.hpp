// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_OPERATIONS_FIND_POISONED_HPP
#define UMBRACO_AI_OPERATIONS_FIND_POISONED_HPP

#include <umbraco_ai/endpoints/connections.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/model/connection.hpp>
#include <umbraco_ai/operations/steps.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// A connection that makes every list it stands in fail.
class poisoned_connection {
public:
    poisoned_connection() = default;

    std::int64_t position = 0;  ///< In the list by name, from 0.
    std::optional<connection_item> before;
    std::optional<connection_item> after;
    bool has_others = false;  ///< Further connections behind it are poisoned too; find it again once this one is deleted.
    std::string name_part;  ///< Of its name, in lower case, as far as the filter could tell; may be empty or not the whole.
    std::string sentence;   ///< For a person: where it is and what to do.

    friend bool operator==(poisoned_connection const&, poisoned_connection const&) = default;
};

/// Finds the first connection whose settings hold a repeated key, by which lists answer it with 500: by bisection over
/// pages, then its neighbours, then its name letter by letter through the filter. Only reads. Gives nothing where the list
/// works. The id cannot be had, since every answer that would hold it fails.
template <class = void>
class basic_find_poisoned_operation : public detail::operation_steps<std::optional<poisoned_connection>> {
public:
    static constexpr std::string_view name = "find_poisoned";

    /// Requests for the name, after which what is known of it is given.
    static constexpr int most_name_requests = 1000;

    basic_find_poisoned_operation() = default;

    [[nodiscard]] std::optional<http_request> start(std::string_view base_path) {
        // A page behind the end holds no connection, so it works and tells the total.
        return ask(state::counting, 2147483647, 1, base_path);
    }

    [[nodiscard]] std::optional<http_request> resume(result<http_response> answer, std::string_view base_path) {
        auto got = answer ? decode<connections::list>(*answer) : result<page<connection_item>>(std::move(answer).error());
        bool const is_poisoned = !got && got.error().status == 500;
        if (!got && !is_poisoned) return fail(std::move(got).error());
        switch (state_) {
            case state::counting:
                if (is_poisoned) return fail(std::move(got).error());
                end_ = got->total;
                if (end_ == 0) return succeed(std::nullopt);
                return ask(state::confirming, 0, end_, base_path);
            case state::confirming:
                if (!is_poisoned) return succeed(std::nullopt);
                return bisect(base_path);
            case state::bisecting:
                if (is_poisoned) end_ = middle_;
                else begin_ = middle_;
                return bisect(base_path);
            case state::others:
                found_.has_others = is_poisoned;
                return ask_neighbours(base_path);
            case state::before:
                if (got && !got->items.empty()) found_.before = std::move(got->items.front());
                return ask(state::after, found_.position + 1, 1, base_path);
            case state::after:
                if (got && !got->items.empty()) found_.after = std::move(got->items.front());
                // With several, the filter could spell the name of another one.
                return found_.has_others ? conclude() : next_letter(base_path);
            case state::naming: break;
        }
        return on_letter(is_poisoned, base_path);
    }

private:
    enum class state : std::uint8_t { counting, confirming, bisecting, others, before, after, naming };

    static constexpr std::string_view letters = "etaoinsrhldcumfpgwybvkxjqz -0123456789._()/&'";

    next_request ask(state next, std::int64_t from, std::int64_t count, std::string_view base_path) {
        state_ = next;
        return send(connections::list(umbraco_ai::skip(from), umbraco_ai::take(count)), base_path);
    }

    /// The first poisoned row lies in [begin_, end_).
    next_request bisect(std::string_view base_path) {
        if (end_ - begin_ > 1) {
            middle_ = begin_ + (end_ - begin_) / 2;
            return ask(state::bisecting, begin_, middle_ - begin_, base_path);
        }
        found_.position = begin_;
        return ask(state::others, begin_ + 1, 2147483647, base_path);
    }

    next_request ask_neighbours(std::string_view base_path) {
        if (begin_ == 0) return ask(state::after, 1, 1, base_path);
        return ask(state::before, begin_ - 1, 1, base_path);
    }

    /// Asks whether a longer part of the name still meets the poisoned row, which then answers 500.
    next_request next_letter(std::string_view base_path) {
        if (letter_ == letters.size()) {
            if (grows_forward_ && !found_.name_part.empty()) {
                grows_forward_ = false;
                letter_ = 0;
            } else {
                return conclude();
            }
        }
        if (++name_requests_ > most_name_requests) return conclude();
        tried_ = grows_forward_ ? found_.name_part + letters[letter_] : letters[letter_] + found_.name_part;
        ++letter_;
        if (tried_ == " ") return next_letter(base_path);
        state_ = state::naming;
        return send(connections::list(umbraco_ai::take(2147483647), filter(tried_)), base_path);
    }

    next_request on_letter(bool is_poisoned, std::string_view base_path) {
        if (is_poisoned) {
            found_.name_part = tried_;
            letter_ = 0;
        }
        return next_letter(base_path);
    }

    next_request conclude() {
        found_.sentence = "The connection at position " + std::to_string(found_.position) + " of the list by name cannot be read";
        if (!found_.name_part.empty()) found_.sentence += "; its name holds \"" + found_.name_part + "\"";
        if (found_.before) found_.sentence += "; it comes after " + found_.before->alias;
        if (found_.after) found_.sentence += found_.before ? " and before " + found_.after->alias : "; it comes before " + found_.after->alias;
        if (found_.has_others) found_.sentence += "; it is not the only one";
        found_.sentence += ". Delete it by its id, which only whoever created it or the site's database knows.";
        return succeed(std::move(found_));
    }

    state state_ = state::counting;
    poisoned_connection found_;
    std::int64_t begin_ = 0;
    std::int64_t end_ = 0;
    std::int64_t middle_ = 0;
    std::string tried_;
    std::size_t letter_ = 0;
    int name_requests_ = 0;
    bool grows_forward_ = true;
};
/// As programs name it.
using find_poisoned_operation = basic_find_poisoned_operation<>;

UMBRACO_AI_END_NAMESPACE

#endif
