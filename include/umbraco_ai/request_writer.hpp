// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_REQUEST_WRITER_HPP
#define UMBRACO_AI_REQUEST_WRITER_HPP

#include <umbraco_ai/auth.hpp>
#include <umbraco_ai/descriptor.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http/uri.hpp>
#include <umbraco_ai/json/codec.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE

/// Writes calls as the bytes of HTTP/1.1 requests, for those who carry the bytes themselves. The head is made of the route,
/// whose text is known while compiling, and of fields that are written once; head and body go into memory that is used
/// again, so that only a request larger than all before it takes any from the heap.
///
///     request_writer writer(base);
///     if (writer.write(connections::get("openai-prod"))) send(writer.head(), writer.body());
///
/// Threading: one thread at a time.
class request_writer {
public:
    explicit request_writer(base_url where) : base_(std::move(where)) {
        detail::put(fields_, " HTTP/1.1\r\nHost: ");
        detail::put(fields_, base_.origin.authority());
        detail::put(fields_, "\r\nAccept: application/json\r\n\r\n");
        without_token_ = fields_.view().size() - 2;
    }

    /// Has all further requests carry a token.
    /// Errors: usage failures for a token that no header may hold, and for one that would go over plain http to a host that
    /// is not this machine.
    [[nodiscard]] result<void> authorize(bearer_token const& token) {
        if (auto ok = token.check(); !ok) return ok;
        if (!base_.origin.tls && !is_loopback(base_.origin.host))
            return failure(errc::insecure_origin, "Credentials are not sent over plain http to a host that is not this machine; use https.").at("base URL");
        reused_buffer fields;
        detail::put(fields, fields_.view().substr(0, without_token_));
        detail::put(fields, "Authorization: Bearer ");
        detail::put(fields, token.token().reveal());
        detail::put(fields, "\r\n\r\n");
        fields_ = std::move(fields);
        return result<void>::ok();
    }

    /// Writes a call in place of the one before.
    /// Errors: the usage failures of `call.check()`; head and body are empty then.
    template <Descriptor D>
    [[nodiscard]] result<void> write(D const& call) {
        head_.clear();
        body_.clear();
        return write(call, head_, body_);
    }

    /// Appends a call to sinks of the caller's, such as a `fixed_buffer`; nothing where it cannot be sent.
    /// Errors: the usage failures of `call.check()`; `errc::buffer_too_small` where a fixed buffer is.
    template <Descriptor D, Sink S>
    [[nodiscard]] result<void> write(D const& call, S& head_sink, S& body_sink) const {
        if (auto ok = call.check(); !ok) return ok;
        std::size_t body_size = 0;
        if constexpr (D::has_body) {
            counting_sink<S> counted(body_sink);
            call.write_body(counted);
            body_size = counted.size;
        }
        detail::put(head_sink, method_text(D::method));
        call.write_target(head_sink, base_.path);
        // The fields end with the empty line; those of a body stand before it.
        constexpr bool announces_length = D::has_body || D::method == http_method::post || D::method == http_method::put;
        std::string_view const fields = fields_.view();
        detail::put(head_sink, announces_length ? fields.substr(0, fields.size() - 2) : fields);
        if constexpr (announces_length) {
            detail::put(head_sink, D::has_body ? "Content-Type: application/json\r\nContent-Length: " : "Content-Length: ");
            json_codec<long long>::write(head_sink, static_cast<long long>(body_size));
            detail::put(head_sink, "\r\n\r\n");
        }
        if constexpr (requires { head_sink.overflowed(); }) {
            if (head_sink.overflowed() || body_sink.overflowed())
                return failure(errc::buffer_too_small, "The request does not fit into the buffer; give a larger one.");
        }
        return result<void>::ok();
    }

    /// The request line and the fields, up to and including the empty line. It holds the token. Valid until the next `write`.
    [[nodiscard]] std::string_view head() const noexcept { return head_.view(); }
    /// Valid until the next `write`.
    [[nodiscard]] std::string_view body() const noexcept { return body_.view(); }

private:
    template <Sink S>
    class counting_sink {
    public:
        explicit counting_sink(S& sink) noexcept : sink_(&sink) {}
        void append(char const* data, std::size_t count) {
            sink_->append(data, count);
            size += count;
        }
        std::size_t size = 0;

    private:
        S* sink_;
    };

    [[nodiscard]] static constexpr std::string_view method_text(http_method method) noexcept {
        switch (method) {
            case http_method::get: return "GET ";
            case http_method::post: return "POST ";
            case http_method::put: return "PUT ";
            case http_method::delete_: return "DELETE ";
        }
        return "";
    }

    base_url base_;
    reused_buffer fields_;  ///< What follows the target, up to and including the empty line.
    std::size_t without_token_ = 0;
    reused_buffer head_;
    reused_buffer body_;
};

UMBRACO_AI_END_NAMESPACE

#endif
