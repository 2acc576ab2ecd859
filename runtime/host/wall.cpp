#include "runtime/host/wall.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/child_process.hpp"

namespace gasper::runtime {

namespace {

task<result<>> iptables(std::vector<std::string> arguments, std::string input, deadline until) {
    child_options options;
    options.argv = std::move(arguments);
    auto done = co_await run_child(std::move(options), std::move(input), until, 1 << 20);
    if (!done) co_return fail(errc::unavailable, "packet_filter", done.error().message);
    if (done->status != 0) co_return fail(errc::failed, "packet_filter", done->error.substr(0, 500));
    co_return result<>();
}

}  // namespace

std::string host_wall::host_chain() const {
    return bridges_ + "-host";
}
std::string host_wall::forward_chain() const {
    return bridges_ + "-out";
}

std::string host_wall::inward_chain() const {
    return bridges_ + "-in";
}

std::string host_wall::rules() const {
    const auto host = host_chain(), forward = forward_chain(), inward = inward_chain();
    std::string r = fmt::format("*filter\n:{0} - [0:0]\n:{1} - [0:0]\n:{2} - [0:0]\n", host, forward, inward);
    r += fmt::format("-A {} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n", host);
    r += fmt::format("-A {0} -p udp --dport 53 -j RETURN\n-A {0} -p tcp --dport 53 -j RETURN\n", host);
    for (const auto port : open_ports_)
        r += fmt::format("-A {} -p tcp --dport {} -j RETURN\n", host, port);
    // Refused, not dropped: who asks by mistake hears so at once.
    r += fmt::format("-A {0} -p tcp -j REJECT --reject-with tcp-reset\n-A {0} -j REJECT\n", host);
    r += fmt::format("-A {} -d 169.254.0.0/16 -j REJECT\n", forward);
    for (const char* end : {"-d", "-s"})
        if (!mirrors_.empty())
            r += fmt::format("-A {0} -i {1} -o {1} {2} {3} -j ACCEPT\n", forward, builds_bridge_, end, mirrors_);
    // Where the host forwarded packets before the engine started, the engine leaves the policy at ACCEPT, and whoever
    // routes by this host would reach every container. A published port is an address that was translated.
    r += fmt::format("-A {} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n", inward);
    r += fmt::format("-A {} -m conntrack --ctstate DNAT -j RETURN\n", inward);
    // Within one bridge; what is routed from another of ours is refused here too, whatever the engine's own chains say.
    r += fmt::format("-A {0} -m physdev --physdev-is-bridged -j RETURN\n-A {0} -j REJECT\n", inward);
    return r + "COMMIT\n";
}

// GCC 12 takes no initializer list inside a co_await expression: arguments are made here.
std::vector<std::string> host_wall::rule(std::string verb, std::string chain, std::string to) const {
    std::vector<std::string> words{"iptables", "-w", "5", std::move(verb), std::move(chain)};
    if (words[3] == "-I") words.push_back("1");
    const char* end = to == inward_chain() ? "-o" : "-i";
    if (!to.empty())
        for (auto& word : std::vector<std::string>{end, bridges_ + "+", "-j", to})
            words.push_back(word);
    return words;
}

task<result<>> host_wall::jump(std::string from, std::string to, deadline until) {
    auto there = co_await iptables(rule("-C", from, to), {}, until);
    if (there) co_return there;
    co_return co_await iptables(rule("-I", from, to), {}, until);
}

task<result<>> host_wall::build(deadline until) {
    if (::geteuid() != 0)
        co_return fail(errc::unavailable, "packet_filter", "not root: containers can reach the ports of this host");
    std::vector<std::string> restore{"iptables-restore", "-w", "5", "--noflush"};
    if (auto ok = co_await iptables(std::move(restore), rules(), until); !ok) co_return ok;
    if (auto ok = co_await jump("INPUT", host_chain(), until); !ok) co_return ok;
    if (auto ok = co_await jump("DOCKER-USER", inward_chain(), until); !ok) co_return ok;
    co_return co_await jump("DOCKER-USER", forward_chain(), until);
}

task<> host_wall::remove_chain(std::string from, std::string chain, deadline until) {
    // Each fails when it is not there, and that is what is wanted.
    (void)co_await iptables(rule("-D", from, chain), {}, until);
    (void)co_await iptables(rule("-F", chain, ""), {}, until);
    (void)co_await iptables(rule("-X", chain, ""), {}, until);
}

task<result<>> host_wall::remove(deadline until) {
    if (::geteuid() != 0) co_return result<>();
    co_await remove_chain("INPUT", host_chain(), until);
    co_await remove_chain("DOCKER-USER", forward_chain(), until);
    co_await remove_chain("DOCKER-USER", inward_chain(), until);
    co_return result<>();
}

}  // namespace gasper::runtime
