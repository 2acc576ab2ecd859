#include <fmt/format.h>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/switch.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/model/service_version.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

struct two_versions {
    std::string runs, made;
};

// What the image makes of an empty directory, before any data meets it.
task<result<two_versions>> prove(parts& p, service s, server_beside& beside, job_context& job) {
    const auto until = deadline::after(p.settings.build_deadline);
    auto ready = co_await needs_running(p, s);
    if (!ready) co_return ready.error();
    co_await job.step("image");
    auto image = co_await p.stacks.remake_service_image(kind_of(s).recipe(s.version), s.name, job.sink(), until);
    if (!image) co_return image.error();
    co_await job.step("prove");
    job.say("-----> Starting an empty server of it");
    beside.image = *image;
    auto started = co_await start_beside(p, s, beside, job.sink(), until);
    if (!started) co_return started.error();
    auto made = co_await version_of_server(p, beside.server.container);
    if (!made) co_return made.error();
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return fail(errc::conflict, "service_not_running", s.name + " does not run any more");
    const auto container = running->container;
    auto runs = co_await version_of_server(p, container);
    if (!runs) co_return runs.error();
    if (compare_versions(*made, *runs) < 0)
        co_return fail(errc::conflict, "service_downgrade",
                       fmt::format("{} runs {}, and the packages there are have {}", s.name, *runs, *made));
    two_versions found{.runs = std::move(*runs), .made = std::move(*made)};
    co_return found;
}

// All that takes time but the end of the one and the start of the other was done before.
task<result<>> replace_server(parts& p, service s, std::string image, job_context& job) {
    const held_service held(p.service_servers, s.name);
    const auto patience = patience_for(s);
    co_await wait_for_watchers(p, s.name, deadline::after(patience));
    auto spec = co_await service_spec_of(p, s, job.sink(), deadline::after(p.settings.build_deadline));
    if (!spec) co_return spec.error();
    spec->image = std::move(image);
    const auto began = deadline::clock::now();
    auto stopped = co_await stop_service(p, s);
    if (!stopped) co_return stopped;
    auto up = co_await start_server(p, std::move(*spec), deadline::after(kind_of(s).start_timeout));
    if (!up) {
        job.say("       it does not start: the server before comes back");
        auto back = co_await start_service(p, s, job.sink(), deadline::after(patience));
        if (!back) p.log.error("the server before does not start", {{"service", s.name}});
        co_return up.error();
    }
    p.service_servers.running[s.name] = *up;
    const std::chrono::duration<double> took = deadline::clock::now() - began;
    job.say(fmt::format("       it was away for {:.1f} s", took.count()));
    co_return result<>();
}

task<result<>> take_on(parts& p, service s, two_versions v, std::string image, job_context& job) {
    const auto& kind = kind_of(s);
    result<> done;
    if (v.made != v.runs) {
        co_await job.step("replace");
        job.say(fmt::format("-----> Replacing {} {} by {}", kind.title, v.runs, v.made));
        done = co_await replace_server(p, s, std::move(image), job);
        if (!done) co_return done;
    } else {
        job.say(fmt::format("       {} {} is the newest there is, and runs already", kind.title, v.runs));
    }
    done = co_await p.stacks.adopt_service_image(kind.recipe(s.version), s.name, deadline::after(seconds(60)));
    if (done) co_await job.step(committed_step);
    co_return done;
}

}  // namespace

task<result<>> run_renewal(parts& p, service s, job_context& job) {
    job.say(fmt::format("-----> Upgrading {} within {} {}", s.name, kind_of(s).title, s.version));
    auto beside = plan_beside(p, s.name);
    const claimed_beside claim(p.service_servers, beside);
    auto work = prove(p, s, beside, job);
    auto proved = co_await job.guard(std::move(work));
    if (proved) job.commit();
    co_await clear_beside(p, beside);
    result<> done = proved ? result<>() : result<>(proved.error());
    if (proved) done = co_await take_on(p, s, std::move(*proved), beside.image, job);
    co_await p.stacks.drop_service_image(kind_of(s).recipe(s.version), s.name, deadline::after(seconds(60)));
    co_return done;
}

}  // namespace gasper::control
