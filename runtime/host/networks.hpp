// The bridge networks of apps and of builds: made when first needed, each on a small subnet that no network of the
// engine and no interface of the host has. Runs on the engine client's executor; concurrent callers for one app share
// one making.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "runtime/engine/types.hpp"
#include "runtime/host/subnets.hpp"

namespace gasper::runtime {

class engine_client;

struct network_options {
    std::string id;  // of this Gasper: in names and labels
    std::string pool;
    int prefix{27};
};

/// The builds' network is larger than an app's, and in two halves. Builds get addresses of the upper one from us and
/// reach no other build. What is attached to it from outside (a package mirror) gets one of the lower from the engine,
/// and builds reach that.
class app_networks {
 public:
    app_networks(engine_client& engine, network_options options, logger& log);

    /// The network's name; made when it is not there. "" is the builds' network.
    task<result<std::string>> ensure(std::string app, deadline until);
    /// For one build, until release_address(). Refuses when there are too many builds at once.
    result<std::string> take_build_address();
    void release_build_address(const std::string& address) { build_addresses_.erase(address); }
    /// Known after ensure("").
    std::optional<subnet> builds() const { return builds_; }

    /// Forget what is known: it was removed behind our back, or the engine is another.
    void forget(const std::string& app) { known_.erase(app); }
    void forget_all() { known_.clear(); }
    task<result<>> remove(std::string app, deadline until);
    /// Those of apps that are not among `apps`, and that nothing is attached to.
    task<result<>> remove_strays(std::set<std::string> apps, deadline until);
    /// All of this id.
    task<result<>> remove_all(deadline until);

    std::string network_name(const std::string& app) const;
    /// The other way round; empty: that network is no app's.
    std::string app_of(const std::string& network) const;
    /// At most 15 characters, beginning with bridge_prefix().
    std::string bridge_name(const std::string& app) const;
    /// What all our bridges and no others begin with: "gsp-ab12".
    std::string bridge_prefix() const;

 private:
    task<result<std::string>> make(std::string app, deadline until);
    task<result<>> remove_network(network_info network, deadline until);

    engine_client& engine_;
    network_options options_;
    logger& log_;
    std::optional<subnet> builds_;
    std::set<std::string> build_addresses_;
    std::uint32_t next_build_{0};
    std::map<std::string, bool> known_;  // app → ready
    std::map<std::string, std::shared_ptr<asio::steady_timer>> making_;
};

/// IPv4 subnets of this host's interfaces.
std::vector<subnet> host_subnets();

}  // namespace gasper::runtime
