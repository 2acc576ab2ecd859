#include "dns/udp_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "dns/answer.hpp"
#include "dns/message.hpp"

namespace gasper::dns {

namespace {

constexpr std::size_t batch_size = 32;
constexpr int receive_buffer = 4 << 20;
// A query is small; what is cut off here is malformed then, and answered so.
constexpr std::size_t max_request = 4096;

void set(int fd, int level, int option, int value) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "setsockopt");
}

void prefer(int fd, int level, int option, int value) {
    (void)::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

struct udp_server::batch {
    std::array<std::array<std::uint8_t, max_request>, batch_size> requests;
    std::array<std::array<std::uint8_t, max_udp_payload>, batch_size> responses;
    std::array<sockaddr_storage, batch_size> peers;
    // Where each packet was sent to: the answer comes from the same address, also on a wildcard socket.
    std::array<std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo))>, batch_size> control;
    std::array<iovec, batch_size> in, out;
    std::array<mmsghdr, batch_size> received{}, sent{};

    void prepare() {
        for (std::size_t i = 0; i < batch_size; ++i) {
            in[i] = {requests[i].data(), requests[i].size()};
            received[i].msg_hdr = {&peers[i], sizeof peers[i], &in[i], 1, control[i].data(), control[i].size(), 0};
        }
    }
};

udp_server::udp_server(asio::any_io_executor executor, const asio::ip::udp::endpoint& at, snapshot<zone_map>& zones)
    : socket_(std::move(executor)), zones_(zones), batch_(std::make_unique<batch>()) {
    socket_.open(at.protocol());
    const int fd = socket_.native_handle();
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    prefer(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    prefer(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);  // past the system's limit, where allowed
    if (at.protocol() == asio::ip::udp::v6()) {
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        set(fd, IPPROTO_IP, IP_PKTINFO, 1);
        prefer(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);  // forged path MTUs must not fragment answers
    }
    socket_.bind(at);
    socket_.non_blocking(true);
}

udp_server::~udp_server() = default;

task<> udp_server::run() {
    for (;;) {
        co_await socket_.async_wait(asio::ip::udp::socket::wait_read, asio::use_awaitable);
        // A few batches, then the others on this executor have their turn.
        for (int i = 0; i < 8 && serve_batch(); ++i) {
        }
    }
}

// True when the batch was full: there is more.
bool udp_server::serve_batch() {
    auto& b = *batch_;
    const int fd = socket_.native_handle();
    b.prepare();
    const int got = ::recvmmsg(fd, b.received.data(), batch_size, MSG_DONTWAIT, nullptr);
    if (got <= 0) return false;  // nothing there, or an ICMP error of an earlier answer
    const auto zones = zones_.get();
    unsigned n = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
        auto& head = b.received[i].msg_hdr;
        const auto size = answer({b.requests[i].data(), b.received[i].msg_len}, transport::udp, *zones, b.responses[i]);
        const auto* peer = reinterpret_cast<const sockaddr_in*>(&b.peers[i]);  // the port is at the same place in both
        if (size == 0 || peer->sin_port == 0) continue;
        for (auto* c = CMSG_FIRSTHDR(&head); c; c = CMSG_NXTHDR(&head, c))
            if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
                reinterpret_cast<in_pktinfo*>(CMSG_DATA(c))->ipi_ifindex = 0;  // routing chooses the way
        b.out[n] = {b.responses[i].data(), size};
        b.sent[n].msg_hdr = {head.msg_name, head.msg_namelen, &b.out[n], 1, head.msg_control, head.msg_controllen, 0};
        ++n;
    }
    // One that cannot be sent (a full buffer, an unreachable peer) is skipped: the asker asks again.
    for (unsigned done = 0; done < n;) {
        const int sent = ::sendmmsg(fd, b.sent.data() + done, n - done, MSG_DONTWAIT);
        done += sent > 0 ? static_cast<unsigned>(sent) : 1;
    }
    return got == static_cast<int>(batch_size);
}

}  // namespace gasper::dns
