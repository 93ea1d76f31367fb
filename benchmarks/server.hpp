// SPDX-License-Identifier: MIT
#ifndef UMBRACO_AI_BENCHMARKS_SERVER_HPP
#define UMBRACO_AI_BENCHMARKS_SERVER_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

/// The server that calls are measured against: another process, so that it counts towards nobody, with canned answers, each
/// written in one call of the system.
namespace bench {

/// What it answers; the last segment of the path.
inline constexpr std::string_view base_path = "/umbraco/ai/management/api/v1";
inline constexpr char const* small_target = "/umbraco/ai/management/api/v1/connections/small";             ///< One connection, in one chunk as recorded.
inline constexpr char const* small_sized_target = "/umbraco/ai/management/api/v1/connections/small-sized"; ///< With Content-Length.
inline constexpr char const* page_target = "/umbraco/ai/management/api/v1/connections/page";               ///< 100 items in 6 chunks as recorded.
inline constexpr char const* page_sized_target = "/umbraco/ai/management/api/v1/connections/page-sized";
inline constexpr char const* last_target = "/umbraco/ai/management/api/v1/connections/last";  ///< As small, and the end of the connection.
// Others: "never" is not answered.
// "soak-<number>" is answered as the soak test needs it, "soak-seen" with one byte for each number: how often it came.

/// The headers that every client sends, the library by itself.
inline constexpr char const* accept_value = "application/json";

class server {
public:
    /// Starts it; it ends with this object, or with this process.
    ///   delay   milliseconds from a request to its answer
    explicit server(int delay);
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    ~server();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint16_t tls_port() const noexcept { return tls_port_; }
    [[nodiscard]] std::string const& ca_pem() const noexcept { return ca_pem_; }
    [[nodiscard]] std::string const& ca_file() const noexcept { return ca_file_; }

private:
    pid_t process_ = -1;
    int pipe_ = -1;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    std::string ca_pem_;
    std::string ca_file_;
};

/// The one of this program, started when first asked for.
[[nodiscard]] server const& the_server();

/// How `the_server` starts: which program, and the delay of its answers.
void prepare_server(char const* program, int delay);

/// The server's own process: `<program> serve <delay>`. Says its ports and its certificate on standard output, and runs until
/// standard input ends.
int serve(int delay);

}  // namespace bench

#endif
