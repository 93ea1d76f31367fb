// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_DESCRIPTOR_HPP
#define UMBRACO_AI_DESCRIPTOR_HPP

#include <umbraco_ai/answer.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/route.hpp>
#include <umbraco_ai/version.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Whether a call may be sent again when its fate is unknown.
enum class repeat_class : std::uint8_t {
    safe,     ///< GET: at any time.
    replace,  ///< PUT: only if no byte of it was written; a late replay would overwrite what someone changed meanwhile.
    remove,   ///< DELETE by id.
    once      ///< POST: never.
};

/// A call of an endpoint: what `build_request` and `decode` take. An `endpoint`, or a type of the user's with the same
/// members; never an aggregate, since g++ 12 destroys aggregate temporaries twice in an awaited expression.
template <class D>
concept Descriptor = !std::is_aggregate_v<D> && requires(D const& call, std::string& sink, std::string_view base_path) {
    typename D::answer_type;
    { D::method } -> std::convertible_to<http_method>;
    { D::repeat } -> std::convertible_to<repeat_class>;
    { D::has_body } -> std::convertible_to<bool>;
    { D::route_text } -> std::convertible_to<std::string_view>;
    { call.check() } -> std::same_as<result<void>>;
    call.write_target(sink, base_path);
    call.write_body(sink);
};

/// Writes the request of a call into one that is empty, or was used before: only its memory is used again. Method, target,
/// Accept, Content-Type and body; no origin and no credentials: a transport or a client adds those.
/// Errors: the usage failures of `call.check()`.
template <Descriptor D>
[[nodiscard]] result<void> build_request(D const& call, std::string_view base_path, http_request& request) {
    if (auto ok = call.check(); !ok) return ok;
    request.method = D::method;
    request.route = detail::path_of_route(D::route_text);
    request.target.clear();
    call.write_target(request.target, base_path);
    request.headers.wipe();
    request.headers.add("Accept", "application/json");
    request.body.clear();
    if constexpr (D::has_body) {
        request.headers.add("Content-Type", "application/json");
        call.write_body(request.body);
    }
    return result<void>::ok();
}

/// The request of a call, as above.
///   base_path   the path before the route, without a slash at its end
template <Descriptor D>
[[nodiscard]] result<http_request> build_request(D const& call, std::string_view base_path = api_base_path) {
    http_request request;
    if (auto ok = build_request(call, base_path, request); !ok) return std::move(ok).error();
    return request;
}

/// Writes target and body of a call into sinks of the caller's, a reused string or a `fixed_buffer`, and nothing where it
/// cannot be sent.
/// Errors: the usage failures of `call.check()`; `errc::buffer_too_small` where a fixed buffer is.
template <Descriptor D, Sink S>
[[nodiscard]] result<void> build_request(D const& call, std::string_view base_path, S& target, S& body_sink) {
    if (auto ok = call.check(); !ok) return ok;
    call.write_target(target, base_path);
    call.write_body(body_sink);
    if constexpr (requires { target.overflowed(); }) {
        if (target.overflowed() || body_sink.overflowed())
            return failure(errc::buffer_too_small, "The request does not fit into the buffer; give a larger one.");
    }
    return result<void>::ok();
}

namespace detail {

// Apart from the refusals, so that the value is made where it stays.
template <Descriptor D>
[[nodiscard]] result<typename D::answer_type> decode_success(http_response const& response) {
    auto decoded = answer<typename D::answer_type>::decode(response);
    if (!decoded) {
        decoded.error().status = response.status;
        decoded.error().possibly_applied = D::method != http_method::get;
    }
    return decoded;
}

}  // namespace detail

/// The value of an answer, or why there is none. Accepts what servers of either contract send.
/// Errors: authentication, server and decode failures; a decode failure names the JSON path and never quotes the body.
template <Descriptor D>
[[nodiscard]] result<typename D::answer_type> decode(http_response const& response) {
    auto refused = detail::refusal_of(response, D::method);
    if (!refused) return detail::decode_success<D>(response);
    if constexpr (requires { answer<typename D::answer_type>::explain(*refused); }) answer<typename D::answer_type>::explain(*refused);
    return std::move(*refused);
}

UMBRACO_AI_END_NAMESPACE

#endif
