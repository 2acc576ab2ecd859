#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/engine/lines.hpp"
#include "runtime/engine/stdcopy.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

namespace {

// Output of a container as bounded lines: both streams, each cut into lines by itself.
class once_output {
 public:
    once_output(line_sink sink, double lines_per_second) : sink_(std::move(sink)), limiter_(lines_per_second, 20'000) {}

    result<> feed(std::string_view data) {
        return parser_.feed(data, [&](bool error, std::string_view piece) { lines_[error].feed(piece, out()); });
    }

    void finish() {
        for (auto& l : lines_)
            l.finish(out());
        say_dropped();
    }

 private:
    line_splitter::sink out() {
        return [this](std::string_view line) {
            if (!limiter_.pass(std::chrono::steady_clock::now())) return;
            say_dropped();
            if (sink_) sink_(line);
        };
    }

    void say_dropped() {
        if (const auto n = limiter_.take_dropped(); n > 0 && sink_)
            sink_(fmt::format("… {} lines were dropped: too many at once", n));
    }

    line_sink sink_;
    stdcopy_parser parser_;
    line_splitter lines_[2];
    line_limiter limiter_;
};

}  // namespace

container_spec single_engine::once_container(const once_spec& spec, std::string network) {
    auto c = walled(spec.limit);
    c.name = new_name(spec.app, spec.purpose);
    c.image = spec.image;
    c.entrypoint = {"/bin/sh", "-c"};
    c.command = {spec.command};
    c.directory = spec.directory;
    c.env = spec.env;
    c.network = std::move(network);
    c.label = own_labels("once", spec.app);
    c.label["gasper.purpose"] = spec.purpose;
    for (const auto& m : spec.mounts)
        c.mounts.push_back({m.from, m.to, m.read_only});
    c.attach_output = true;
    c.log_driver = "none";  // its output goes to us, once
    return c;
}

task<result<int>> single_engine::follow_once(std::string container, line_sink sink, deadline until) {
    auto stream = co_await engine_.attach_container(container, false, until);
    if (!stream) co_return stream.error();
    if (auto ok = co_await engine_.start_container(container, until); !ok) co_return ok.error();
    once_output output(std::move(sink), options_.lines_per_second);
    for (;;) {
        auto piece = co_await (*stream)->read();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        if (auto ok = output.feed(*piece); !ok) co_return ok.error();
    }
    output.finish();
    co_return co_await engine_.wait_container(container, until);
}

// A container that goes when its run is over, however it ended; in the background, nobody waits for that. By name: then
// also one goes whose creation was cut.
class single_engine::once_run {
 public:
    once_run(single_engine& self, std::string name)
        : self_(self), held_(std::make_shared<held>(self.networks_, self.in_flight_, std::move(name))) {}
    once_run(const once_run&) = delete;
    once_run& operator=(const once_run&) = delete;
    ~once_run() { self_.background_.spawn("remove " + held_->guard.name(), remove(self_, held_)); }

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
        auto ok = co_await self.engine_.remove_container(what->guard.name(), deadline::after(seconds(60)));
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
};

task<result<int>> single_engine::run_once(once_spec spec, line_sink sink, deadline until) {
    const std::string of = spec.app_network ? spec.app : "";  // "": the builds'
    auto c = once_container(spec, networks_.network_name(of));
    once_run running(*this, c.name);
    if (!spec.release.empty()) {
        auto app = co_await running.make_app(spec.release);
        if (!app) co_return app.error();
        c.mounts.push_back({*app, "/app", false});
    }
    result<std::string> created = fail(errc::failed, "run_once", "not created");
    for (const bool last : {false, true}) {
        auto network = co_await networks_.ensure(of, until);
        if (!network) co_return network.error();
        if (of.empty()) {
            auto address = running.take_address();
            if (!address) co_return address.error();
            c.address = *address;
        }
        created = co_await engine_.create_container(c, until);
        if (created || last || created.error().kind != errc::not_found) break;
        // The network was removed behind our back; or the image is not there, and then it fails again.
        networks_.forget(of);
    }
    if (!created) co_return created.error();
    const std::string what = spec.purpose + " of " + spec.app;
    co_return co_await with_deadline(follow_once(*created, std::move(sink), until), until, what);
}

}  // namespace gasper::runtime
