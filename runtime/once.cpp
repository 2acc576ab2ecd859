#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/engine/lines.hpp"
#include "runtime/engine/stdcopy.hpp"
#include "runtime/once_run.hpp"

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

container_spec single_engine::once_container(const once_spec& spec) {
    auto c = walled(spec.limit);
    if (spec.background) c.cpu_shares = background_cpu_shares;
    c.name = new_name(spec.app, spec.purpose);
    c.image = spec.image;
    c.entrypoint = {"/bin/sh", "-c"};
    c.command = {spec.command};
    c.directory = spec.directory;
    c.env = spec.env;
    c.network = networks_.network_name(spec.app_network ? spec.app : "");  // "": the builds'
    c.label = own_labels("once", spec.app);
    c.label["gasper.purpose"] = spec.purpose;
    for (const auto& m : spec.mounts)
        c.mounts.push_back({m.from, m.to, m.read_only});
    c.attach_output = true;
    c.log_driver = "none";  // its output goes to us, once
    if (spec.release.empty()) return c;
    if (spec.limit.disk_bytes > 0) c.label["gasper.disk"] = std::to_string(spec.limit.disk_bytes);
    close_root(c);
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

task<result<std::string>> single_engine::create_once(const once_spec& spec, container_spec& c, once_run& running,
                                                     deadline until) {
    const std::string of = spec.app_network ? spec.app : "";  // "": the builds'
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
    co_return created;
}

task<result<int>> single_engine::run_once(once_spec spec, line_sink sink, deadline until) {
    auto c = once_container(spec);
    once_run running(*this, c.name);
    auto created = co_await create_once(spec, c, running, until);
    if (!created) co_return created.error();
    const counted_run counted(*this, c.name, *created, spec.limit.disk_bytes);
    const std::string what = spec.purpose + " of " + spec.app;
    auto status = co_await with_deadline(follow_once(*created, std::move(sink), until), until, what);
    co_return counted.outcome(std::move(status));
}

}  // namespace gasper::runtime
