#include "router/listen.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "core/base/handle.hpp"

namespace gasper::router {

namespace {

void free_addresses(addrinfo* list) {
    ::freeaddrinfo(list);
}

error cannot(const std::string& address, int why) {
    return fail(errc::unavailable, "cannot_listen", "cannot listen on " + address + ": " + std::strerror(why));
}

std::uint16_t port_of(int fd) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
    return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

}  // namespace

result<bound_socket> bind_listener(const std::string& address) {
    const auto invalid = [&] {
        return fail(errc::invalid, "bad_address",
                    "\"" + address + "\" is no address to listen on: write ADDR:PORT or [ADDR]:PORT, numeric");
    };
    const auto colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0) return invalid();
    auto host = address.substr(0, colon);
    const auto port = address.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (port.empty() || port.size() > 5 || (!bracketed && host.find(':') != std::string::npos)) return invalid();
    for (char c : port)
        if (c < '0' || c > '9') return invalid();
    if (std::stoi(port) > 65535) return invalid();
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &raw) != 0) return invalid();
    const handle<addrinfo, free_addresses> found(raw);
    unique_fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return cannot(address, errno);
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (found->ai_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd.get(), 4096) != 0)
        return cannot(address, errno);
    const auto bound_port = port_of(fd.get());
    return bound_socket{std::move(fd), bound_port};
}

std::vector<std::string> split_addresses(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        auto part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), part.size() + 1));
        while (part.starts_with(' '))
            part.remove_prefix(1);
        while (part.ends_with(' '))
            part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
    }
    return parts;
}

}  // namespace gasper::router
