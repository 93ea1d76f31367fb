// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_RESULT_HPP
#define UMBRACO_AI_RESULT_HPP

#include <umbraco_ai/errc.hpp>
#include <umbraco_ai/version.hpp>

#include <concepts>
#include <cstdlib>
#include <exception>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

UMBRACO_AI_BEGIN_NAMESPACE

/// One entry of the `errors` member of an ASP.NET validation answer: a field and the first text about it.
class field_error {
public:
    field_error() = default;
    field_error(std::string field_name, std::string message) : field(std::move(field_name)), text(std::move(message)) {}

    std::string field;
    std::string text;

    friend bool operator==(field_error const&, field_error const&) = default;
};

/// An RFC 9457 problem details object, as far as the server sent one. Each text holds at most 1 KB and is scrubbed of
/// token-like runs.
class problem_details {
public:
    problem_details() = default;

    std::string type;
    std::string title;
    std::string detail;
    std::string operation_status;  ///< "NotFound", "InvalidSettings", "InUse" …; empty on servers of the documented contract.
    std::string trace_id;
    std::vector<field_error> errors;

    [[nodiscard]] bool empty() const noexcept {
        return type.empty() && title.empty() && detail.empty() && operation_status.empty() && trace_id.empty() && errors.empty();
    }

    friend bool operator==(problem_details const&, problem_details const&) = default;
};

/// Why a call gave no value. Holds no secret and no text of a body that is not problem details.
class failure {
public:
    failure() = default;

    /// A failure of this library.
    ///   code_value  decides `who` and `code`
    ///   text        one sentence: what happened, and what to do next
    failure(errc code_value, std::string text)
        : who(fault_of(code_value)), code(make_error_code(code_value)), message(std::move(text)) {}

    /// A failure with the code of a transport's own category.
    failure(fault who_erred, std::error_code code_value, std::string text)
        : who(who_erred), code(code_value), message(std::move(text)) {}

    fault who = fault::none;
    std::error_code code;
    int status = 0;         ///< The HTTP status, or 0 where no answer came.
    std::string field;      ///< The parameter or member in a usage failure, the JSON path in a decode failure.
    std::string message;    ///< One sentence for a person.
    problem_details problem;
    unsigned attempts = 0;          ///< Requests sent for this call.
    bool possibly_applied = false;  ///< The server may have carried out a write; only a read can tell.

    failure& at(std::string field_or_path) & { field = std::move(field_or_path); return *this; }
    failure&& at(std::string field_or_path) && { field = std::move(field_or_path); return std::move(*this); }
    failure& with_status(int value) & { status = value; return *this; }
    failure&& with_status(int value) && { status = value; return std::move(*this); }

    friend bool operator==(failure const&, failure const&) = default;

    /// "usage: alias: …", "server: … (HTTP 400, …)": one line.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, failure const& value) {
        return out << value.to_string();
    }

    /// The text that streaming gives.
    [[nodiscard]] std::string to_string() const {
        std::string text(umbraco_ai::to_string(who));
        text += ": ";
        if (!field.empty()) {
            text += field;
            text += ": ";
        }
        text += message.empty() ? code.message() : message;
        if (status != 0) {
            text += " (HTTP ";
            text += std::to_string(status);
            if (!problem.detail.empty() || !problem.title.empty()) {
                text += ", the server says: ";
                text += problem.detail.empty() ? problem.title : problem.detail;
            }
            for (auto const& error : problem.errors) {
                text += "; ";
                if (!error.field.empty()) {
                    text += error.field;
                    text += ": ";
                }
                text += error.text;
            }
            text += ')';
        }
        if (possibly_applied) text += " The request may have been applied: read before writing again.";
        return text;
    }
};

#if UMBRACO_AI_HAS_EXCEPTIONS
/// Thrown by `result::value()` where there is none.
class bad_result_access : public std::exception {
public:
    explicit bad_result_access(failure reason) : reason_(std::move(reason)), text_(reason_.to_string()) {}

    [[nodiscard]] char const* what() const noexcept override { return text_.c_str(); }
    [[nodiscard]] failure const& error() const noexcept { return reason_; }

private:
    failure reason_;
    std::string text_;
};
#endif

namespace detail {

[[noreturn]] inline void throw_bad_result([[maybe_unused]] failure const& reason) {
#if UMBRACO_AI_HAS_EXCEPTIONS
    throw bad_result_access(reason);
#else
    std::abort();
#endif
}

/// A failure in memory of its own, since it is many times larger than most values, and a result is moved often.
class boxed_failure {
public:
    boxed_failure() = default;
    explicit boxed_failure(failure reason) : at_(std::make_unique<failure>(std::move(reason))) {}
    boxed_failure(boxed_failure const& other) : at_(other.at_ ? std::make_unique<failure>(*other.at_) : nullptr) {}
    boxed_failure(boxed_failure&&) noexcept = default;
    boxed_failure& operator=(boxed_failure const& other) {
        if (this != &other) *this = boxed_failure(other);
        return *this;
    }
    boxed_failure& operator=(boxed_failure&&) noexcept = default;
    ~boxed_failure() = default;

    [[nodiscard]] failure& get() {
        if (!at_) at_ = std::make_unique<failure>();
        return *at_;
    }
    [[nodiscard]] failure const& get() const { return at_ ? *at_ : nothing(); }

    friend bool operator==(boxed_failure const& a, boxed_failure const& b) { return a.get() == b.get(); }

private:
    // A default-constructed failure. It is never destroyed, so that no order of destruction matters.
    [[nodiscard]] static failure const& nothing() {
        static failure const* const made = new failure;
        return *made;
    }

    std::unique_ptr<failure> at_;
};

}  // namespace detail

template <class T>
class result;

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

/// A value or a failure. Reading the value of an rvalue gives it by value, so a loop over `call().value().items` is
/// safe. A default-constructed result is a failure without a code.
/// Errors: `value()` throws `bad_result_access`, or aborts where exceptions are off; `*` and `->` need a value.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    result() = default;
    result(failure reason) : state_(std::in_place_index<0>, detail::boxed_failure(std::move(reason))) {}
    /// With a default-constructed value, to be filled where it stands.
    explicit result(std::in_place_t) : state_(std::in_place_index<1>) {}

    template <class U = T>
        requires(std::constructible_from<T, U> && !std::same_as<std::remove_cvref_t<U>, result> &&
                 !std::same_as<std::remove_cvref_t<U>, failure>)
    explicit(!std::convertible_to<U, T>) result(U&& value) : state_(std::in_place_index<1>, std::forward<U>(value)) {}

    /// As to assign a result that is this failure.
    template <std::same_as<failure> Failure>
    result& operator=(Failure reason) {
        state_.template emplace<0>(detail::boxed_failure(std::move(reason)));
        return *this;
    }

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 1; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    T& value() & {
        demand();
        return *std::get_if<1>(&state_);
    }
    T const& value() const& {
        demand();
        return *std::get_if<1>(&state_);
    }
    T value() && {
        demand();
        return std::move(*std::get_if<1>(&state_));
    }

    [[nodiscard]] T& operator*() & noexcept { return *std::get_if<1>(&state_); }
    [[nodiscard]] T const& operator*() const& noexcept { return *std::get_if<1>(&state_); }
    [[nodiscard]] T operator*() && { return std::move(*std::get_if<1>(&state_)); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<1>(&state_); }
    [[nodiscard]] T const* operator->() const noexcept { return std::get_if<1>(&state_); }

    template <class U>
    [[nodiscard]] T value_or(U&& fallback) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
    }

    /// The failure; only where there is no value.
    [[nodiscard]] failure& error() & { return std::get_if<0>(&state_)->get(); }
    [[nodiscard]] failure const& error() const& { return std::get_if<0>(&state_)->get(); }
    [[nodiscard]] failure error() && { return std::move(std::get_if<0>(&state_)->get()); }

    /// `f(value)` where there is a value, the failure otherwise; `f` returns a result.
    template <class F>
    [[nodiscard]] auto and_then(F&& f) && -> std::invoke_result_t<F, T> {
        if (has_value()) return std::forward<F>(f)(std::move(*std::get_if<1>(&state_)));
        return std::move(std::get_if<0>(&state_)->get());
    }

    friend bool operator==(result const&, result const&) = default;

private:
    void demand() const {
        if (!has_value()) detail::throw_bad_result(std::get_if<0>(&state_)->get());
    }

    std::variant<detail::boxed_failure, T> state_;
};

/// Success without a value, or a failure. A default-constructed one is a failure, as with any result; say `ok`.
template <>
class [[nodiscard]] result<void> {
public:
    using value_type = void;

    result() : reason_(std::in_place) {}
    result(failure reason) : reason_(detail::boxed_failure(std::move(reason))) {}
    [[nodiscard]] static result ok() noexcept { return result(success()); }

    [[nodiscard]] bool has_value() const noexcept { return !reason_; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    void value() const {
        if (reason_) detail::throw_bad_result(reason_->get());
    }

    [[nodiscard]] failure& error() & { return reason_->get(); }
    [[nodiscard]] failure const& error() const& { return reason_->get(); }
    [[nodiscard]] failure error() && { return std::move(reason_->get()); }

    friend bool operator==(result const&, result const&) = default;

private:
    struct success {};
    explicit result(success) noexcept {}

    std::optional<detail::boxed_failure> reason_;
};

UMBRACO_AI_END_NAMESPACE

#endif
