// Keeps containers away from this host's own ports: packet filter rules (iptables) for our bridges only, in chains of
// our own, which stay while Gasper is down and go with remove(). What is not covered: IPv6 (our networks have none),
// hosts beyond this one, and anything without root. Runs child processes; one executor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper::runtime {

class host_wall {
 public:
    /// `bridges`: what the names of our bridges begin with.
    host_wall(std::string bridges, std::vector<std::uint16_t> open_ports)
        : bridges_(std::move(bridges)), open_ports_(std::move(open_ports)) {}

    /// Idempotent; replaces the rules in one step. Answers to the host's own connections pass, name resolution (port
    /// 53) and the open ports; everything else from a container to this host is refused, and so are link-local
    /// addresses: at 169.254.169.254 clouds give out machine credentials. What comes from elsewhere, be it another
    /// bridge of ours, begins nothing with a container but through a published port.
    task<result<>> build(deadline until);
    /// Before build(): in this bridge, where containers are otherwise strangers, they reach what is in `mirrors`.
    void allow(std::string bridge, std::string mirrors) {
        builds_bridge_ = std::move(bridge);
        mirrors_ = std::move(mirrors);
    }
    task<result<>> remove(deadline until);

    /// What iptables-restore gets.
    std::string rules() const;
    std::string host_chain() const;     // from INPUT
    std::string forward_chain() const;  // from DOCKER-USER, out of our bridges
    std::string inward_chain() const;   // from DOCKER-USER, into our bridges

 private:
    std::vector<std::string> rule(std::string verb, std::string chain, std::string to) const;
    task<> remove_chain(std::string from, std::string chain, deadline until);
    task<result<>> jump(std::string from, std::string to, deadline until);

    std::string bridges_;
    std::vector<std::uint16_t> open_ports_;
    std::string builds_bridge_, mirrors_;
};

}  // namespace gasper::runtime
