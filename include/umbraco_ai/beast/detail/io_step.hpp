// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BEAST_DETAIL_IO_STEP_HPP
#define UMBRACO_AI_BEAST_DETAIL_IO_STEP_HPP

#include <umbraco_ai/version.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>

UMBRACO_AI_BEGIN_NAMESPACE
namespace detail {

/// One operation of a stream: begun, ended, and with which outcome.
class io_step {
public:
    io_step() = default;

    [[nodiscard]] bool is_pending() const noexcept { return is_pending_; }
    [[nodiscard]] bool is_done() const noexcept { return is_done_; }
    [[nodiscard]] bool is_idle() const noexcept { return !is_pending_ && !is_done_; }
    [[nodiscard]] boost::system::error_code const& error() const noexcept { return error_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    void begin() noexcept { is_pending_ = true; }
    void end(boost::system::error_code outcome, std::size_t transferred) noexcept {
        is_pending_ = false;
        is_done_ = true;
        error_ = outcome;
        count_ = transferred;
    }
    /// The outcome has been seen; the next one may begin.
    void clear() noexcept { *this = io_step(); }

private:
    boost::system::error_code error_;
    std::size_t count_ = 0;
    bool is_pending_ = false;
    bool is_done_ = false;
};

}  // namespace detail
UMBRACO_AI_END_NAMESPACE

#endif
