// SPDX-License-Identifier: MIT
// After the manual: a message with its fields, and a serializer that gives its bytes.
#include "harness.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// Appends what the serializer gives, as a stream would send it.
class appender {
public:
    appender(http::request_serializer<http::empty_body>& serializer, std::string& out) : serializer_(&serializer), out_(&out) {}

    template <class Buffers>
    void operator()(boost::system::error_code& error, Buffers const& buffers) const {
        error = {};
        std::size_t taken = 0;
        for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
            asio::const_buffer const one(*it);
            out_->append(static_cast<char const*>(one.data()), one.size());
            taken += one.size();
        }
        serializer_->consume(taken);
    }

private:
    http::request_serializer<http::empty_body>* serializer_;
    std::string* out_;
};

registration const head("write-get-head", "beast", [] {
    return repeated([authorization = "Bearer " + std::string(43, 't'), out = std::string()]() mutable {
        http::request<http::empty_body> request(http::verb::get, "/umbraco/ai/management/api/v1/connections/openai-prod", 11);
        request.set(http::field::host, "cms.example.com");
        request.set(http::field::accept, "application/json");
        request.set(http::field::authorization, authorization);
        http::request_serializer<http::empty_body> serializer(request);
        out.clear();
        boost::system::error_code error;
        while (!serializer.is_done()) {
            serializer.next(error, appender(serializer, out));
            if (error) throw std::runtime_error("a head that is not written");
        }
        keep(out);
    });
});

}  // namespace
}  // namespace bench
