// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_HTTP_CONNECTION_HPP
#define UMBRACO_AI_BEAST_DETAIL_HTTP_CONNECTION_HPP

#include <umbraco_ai/beast/detail/connection_stream.hpp>
#include <umbraco_ai/beast/detail/response_reader.hpp>
#include <umbraco_ai/http/message.hpp>
#include <umbraco_ai/http/sink.hpp>
#include <umbraco_ai/http1/request_writer.hpp>
#include <umbraco_ai/result.hpp>
#include <umbraco_ai/version.hpp>
#include <umbraco_ai/wipe.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// A stream to an origin, with the request that is written to it, its answer and the reader of it. Their memory is used again
/// for the next call.
class http_connection final : public connection_stream {
public:
    http_connection(boost::asio::any_io_executor const& io, http_origin server) : connection_stream(io), origin(std::move(server)), authority_(origin.authority()) {}
    ~http_connection() {
        wipe(body_);
        if (line_memory_ != 0) overwrite(lines_.get(), line_memory_);
    }

    http_origin const origin;

    /// Makes a checked request the one to be written. Its body moves here, so that a write may end after its call.
    void take_request(http_request& request) {
        head_.clear();
        http1::write_head(head_, request, authority_);
        body_.swap(request.body);
    }

    /// Gives the body back, and forgets the token.
    void give_request_back(http_request& request) {
        if (writing.is_pending()) {
            request.body = body_;
            return;
        }
        head_.wipe();
        body_.swap(request.body);
    }

    [[nodiscard]] std::size_t request_size() const noexcept { return head_.view().size() + body_.size(); }

    /// Begins with an answer anew, where the last one is forgotten.
    void expect_answer(http_limits const& limits) {
        std::size_t const size = response_reader::line_memory(limits);
        if (size > line_memory_) {
            lines_ = std::make_unique_for_overwrite<char[]>(size);
            line_memory_ = size;
        }
        reader_.emplace(limits, std::span(lines_.get(), size), *answer_);
    }

    /// Where the reader puts the answer; what is moved from it takes its memory along.
    [[nodiscard]] result<http_response>& answer() noexcept { return answer_; }

    /// Overwrites the answer, and keeps its memory where that is small: of larger ones, many calls are better off with the piece
    /// that was used last, which is in the processor's caches.
    void forget_answer() noexcept {
        constexpr std::size_t most_kept = 4 * 1024;
        if (!answer_) answer_ = http_response();
        answer_->origin_tag = 0;
        answer_->headers.wipe();
        wipe_message(answer_->body);
        // Not assigned to, which keeps the larger memory.
        if (answer_->body.capacity() > most_kept) std::string().swap(answer_->body);
        if (answer_->headers.capacity() > most_kept) answer_->headers = http_headers();
    }

    /// After `expect_answer`.
    [[nodiscard]] response_reader& reader() noexcept { return *reader_; }

    /// Writes some bytes of the request, from `offset` on; see `connection_stream::start_write`.
    void write_request(std::size_t offset) {
        std::string_view const head = head_.view();
        std::size_t const of_body = offset > head.size() ? offset - head.size() : 0;
        start_write({boost::asio::buffer(head.data(), head.size()) + offset, boost::asio::buffer(body_) + of_body});
    }

private:
    std::string const authority_;
    reused_buffer head_;  ///< It holds the token.
    std::string body_;
    std::unique_ptr<char[]> lines_;  ///< For those that come in pieces.
    std::size_t line_memory_ = 0;
    result<http_response> answer_{std::in_place};
    std::optional<response_reader> reader_;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif
