// SPDX-License-Identifier: MIT
#include "counters.hpp"

#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>

namespace {

thread_local bool is_counting = false;
thread_local constinit bench::counts now;

void count_allocation(void* made) noexcept {
    if (!is_counting || made == nullptr) return;
    ++now.allocations;
    now.bytes += static_cast<std::int64_t>(malloc_usable_size(made));
}

void count_release(void* given) noexcept {
    if (is_counting && given != nullptr) now.bytes -= static_cast<std::int64_t>(malloc_usable_size(given));
}

template <class... Arguments>
long counted_call(long number, Arguments... arguments) noexcept {
    if (is_counting) ++now.syscalls;
    return ::syscall(number, arguments...);
}

}  // namespace

namespace bench {

void start_counting() noexcept {
    now = counts();
    is_counting = true;
}

counts stop_counting() noexcept {
    is_counting = false;
    return now;
}

counts counted() noexcept { return now; }

}  // namespace bench

#pragma GCC diagnostic ignored "-Wredundant-decls"

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
    void* const made = __libc_malloc(size);
    count_allocation(made);
    return made;
}

void* calloc(std::size_t count, std::size_t size) noexcept {
    void* const made = __libc_calloc(count, size);
    count_allocation(made);
    return made;
}

void* realloc(void* old, std::size_t size) noexcept {
    count_release(old);
    void* const made = __libc_realloc(old, size);
    count_allocation(made);
    return made;
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    void* const made = __libc_memalign(alignment, size);
    count_allocation(made);
    return made;
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
    *out = memalign(alignment, size);
    return *out == nullptr ? ENOMEM : 0;
}

void free(void* given) noexcept {
    count_release(given);
    __libc_free(given);
}

ssize_t read(int file, void* data, std::size_t size) { return counted_call(SYS_read, file, data, size); }
ssize_t __read_chk(int file, void* data, std::size_t size, std::size_t) { return read(file, data, size); }
ssize_t write(int file, void const* data, std::size_t size) { return counted_call(SYS_write, file, data, size); }
ssize_t readv(int file, iovec const* parts, int count) { return counted_call(SYS_readv, file, parts, count); }
ssize_t writev(int file, iovec const* parts, int count) { return counted_call(SYS_writev, file, parts, count); }
int close(int file) { return static_cast<int>(counted_call(SYS_close, file)); }

ssize_t recvfrom(int file, void* data, std::size_t size, int flags, sockaddr* from, socklen_t* length) {
    return counted_call(SYS_recvfrom, file, data, size, flags, from, length);
}
ssize_t recv(int file, void* data, std::size_t size, int flags) { return recvfrom(file, data, size, flags, nullptr, nullptr); }
ssize_t __recv_chk(int file, void* data, std::size_t size, std::size_t, int flags) { return recv(file, data, size, flags); }
ssize_t recvmsg(int file, msghdr* message, int flags) { return counted_call(SYS_recvmsg, file, message, flags); }
ssize_t sendto(int file, void const* data, std::size_t size, int flags, sockaddr const* to, socklen_t length) {
    return counted_call(SYS_sendto, file, data, size, flags, to, length);
}
ssize_t send(int file, void const* data, std::size_t size, int flags) { return sendto(file, data, size, flags, nullptr, 0); }
ssize_t sendmsg(int file, msghdr const* message, int flags) { return counted_call(SYS_sendmsg, file, message, flags); }

int socket(int domain, int type, int protocol) noexcept { return static_cast<int>(counted_call(SYS_socket, domain, type, protocol)); }
int connect(int file, sockaddr const* to, socklen_t length) { return static_cast<int>(counted_call(SYS_connect, file, to, length)); }
int shutdown(int file, int how) noexcept { return static_cast<int>(counted_call(SYS_shutdown, file, how)); }
int setsockopt(int file, int level, int name, void const* value, socklen_t length) noexcept {
    return static_cast<int>(counted_call(SYS_setsockopt, file, level, name, value, length));
}
int getsockopt(int file, int level, int name, void* value, socklen_t* length) noexcept {
    return static_cast<int>(counted_call(SYS_getsockopt, file, level, name, value, length));
}

int poll(pollfd* files, nfds_t count, int milliseconds) { return static_cast<int>(counted_call(SYS_poll, files, count, milliseconds)); }
int __poll_chk(pollfd* files, nfds_t count, int milliseconds, std::size_t) { return poll(files, count, milliseconds); }
int select(int count, fd_set* readable, fd_set* writable, fd_set* special, timeval* time) {
    return static_cast<int>(counted_call(SYS_select, count, readable, writable, special, time));
}
int epoll_wait(int epoll, epoll_event* events, int most, int milliseconds) {
    return static_cast<int>(counted_call(SYS_epoll_wait, epoll, events, most, milliseconds));
}
int epoll_ctl(int epoll, int operation, int file, epoll_event* event) noexcept {
    return static_cast<int>(counted_call(SYS_epoll_ctl, epoll, operation, file, event));
}
int timerfd_settime(int timer, int flags, itimerspec const* time, itimerspec* old) noexcept {
    if (is_counting) ++now.timer_syscalls;
    return static_cast<int>(counted_call(SYS_timerfd_settime, timer, flags, time, old));
}

int ioctl(int file, unsigned long request, ...) noexcept {
    va_list rest;
    va_start(rest, request);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return static_cast<int>(counted_call(SYS_ioctl, file, request, argument));
}

int fcntl64(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return static_cast<int>(counted_call(SYS_fcntl, file, command, argument));
}
int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return static_cast<int>(counted_call(SYS_fcntl, file, command, argument));
}

}  // extern "C"
