// For single_engine's own sources: what a container that runs once holds.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "runtime/engine/client.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

// A container that goes when its run is over, however it ended; in the background, nobody waits for that. By name: then
// also one goes whose creation was cut.
class single_engine::once_run {
 public:
    once_run(single_engine& self, std::string name)
        : self_(self), held_(std::make_shared<held>(self.networks_, self.in_flight_, std::move(name))) {}
    once_run(const once_run&) = delete;
    once_run& operator=(const once_run&) = delete;
    ~once_run() {
        if (!kept_) self_.background_.spawn("remove " + held_->guard.name(), remove(self_, held_));
    }
    /// It stays when this goes.
    void keep() noexcept { kept_ = true; }

    /// The writable /app of this run alone.
    task<result<std::string>> make_app(std::string release) {
        auto make = [to = self_.instances(), name = held_->guard.name(), from = std::move(release),
                     uid = self_.options_.uid,
                     gid = self_.options_.gid] { return make_app_directory(to, name, from, uid, gid); };
        held_->has_app = true;
        auto made = co_await self_.files_.run(std::move(make));
        if (!made) co_return made.error();
        co_return made->app.string();
    }

    /// An address among the builds.
    result<std::string> take_address() {
        auto address = self_.networks_.take_build_address();
        if (address) held_->addresses.push_back(*address);
        return address;
    }

 private:
    // What is free again only when the container is gone.
    struct held {
        held(app_networks& n, std::set<std::string>& names, std::string name)
            : networks(n), guard(names, std::move(name)) {}
        ~held() {
            for (const auto& a : addresses)
                networks.release_build_address(a);
        }
        app_networks& networks;
        in_flight guard;
        std::vector<std::string> addresses;
        bool has_app{false};
    };

    static task<> remove(single_engine& self, std::shared_ptr<held> what) {
        auto ok = co_await self.engine_.remove_container(what->guard.name(), deadline::after(std::chrono::seconds(60)));
        if (!ok) self.log_.warn("container_left", {{"name", what->guard.name()}, {"reason", ok.error().message}});
        if (!what->has_app) co_return;
        auto unmount = [directory = self.instances(), name = what->guard.name()] {
            return remove_app_directory(directory, name);
        };
        if (auto gone = co_await self.files_.run(std::move(unmount)); !gone)
            self.log_.warn("directory_left", {{"name", what->guard.name()}, {"reason", gone.error().message}});
    }

    single_engine& self_;
    std::shared_ptr<held> held_;
    bool kept_{false};
};

// A run that somebody waits for: what it writes to /app is counted meanwhile.
class single_engine::counted_run {
 public:
    counted_run(single_engine& self, std::string directory, std::string container, std::int64_t limit)
        : self_(self), directory_(std::move(directory)), limit_(limit) {
        self_.runs_[directory_] = {.container = std::move(container), .limit = limit};
    }
    counted_run(const counted_run&) = delete;
    counted_run& operator=(const counted_run&) = delete;
    ~counted_run() { self_.runs_.erase(directory_); }

    /// Its status, unless it was ended for what it wrote.
    result<int> outcome(result<int> status) const {
        const auto run = self_.runs_.find(directory_);
        if (run == self_.runs_.end() || !run->second.ended) return status;
        return fail(errc::failed, "disk_limit",
                    fmt::format("it wrote more than its disk limit of {} MiB", limit_ >> 20));
    }

 private:
    single_engine& self_;
    std::string directory_;
    std::int64_t limit_;
};

}  // namespace gasper::runtime
