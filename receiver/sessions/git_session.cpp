#include "core/model/job.hpp"
#include "receiver/git/git_command.hpp"
#include "receiver/git/receive_pack.hpp"
#include "receiver/git/upload_pack.hpp"
#include "receiver/sessions/relay.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"

namespace gasper::receiver {

namespace {

class counted {
 public:
    explicit counted(int& n) : n_(n) { ++n_; }
    ~counted() { --n_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

 private:
    int& n_;
};

task<result<std::string>> open_for_push(control::platform& platform, control::identity who, std::string app) {
    auto repository = co_await platform.deploys().repository_for_push(who, app);
    if (repository) platform.deploys().expect_push(app);
    co_return repository;
}

task<result<>> deploy_and_follow(control::platform& platform, control::identity who, control::push what,
                                 line_sink sink) {
    auto id = co_await platform.deploys().deploy(who, std::move(what));
    if (!id) co_return id.error();
    auto ended = co_await platform.streams().follow_job(who, *id, 0, std::move(sink));
    if (!ended) co_return ended.error();
    if (ended->state != job_state::succeeded)
        co_return fail(errc::failed, "deploy_failed", ended->reason.empty() ? "deploy failed" : ended->reason);
    co_return result<>{};
}

task<int> refuse(channel& client, std::string message) {
    co_await client.write_error("fatal: " + std::move(message) + "\n");
    co_return 128;
}

}  // namespace

task<int> sessions::git(channel& client, session_request request) {
    if (!request.command) {
        const std::string end = request.terminal ? "\r\n" : "\n";
        co_await client.write("Hello " + request.who.name + ". Your key works." + end +
                              "User git only pushes, fetches and clones: git push ssh://git@HOST:PORT/NAME.git main" +
                              end);
        co_return 0;
    }
    auto parsed = parse_git_command(*request.command);
    if (!parsed) co_return co_await refuse(client, parsed.error().message);
    if (parsed->what == git_command::service::upload_pack)
        co_return co_await fetch(client, std::move(request), parsed->app);
    co_return co_await push(client, request.who, parsed->app);
}

task<int> sessions::push(channel& client, control::identity who, std::string app) {
    if (pushes_ >= options_.max_pushes) co_return co_await refuse(client, "too many pushes at once, try again soon");
    counted one(pushes_);
    auto opening = open_for_push(platform_, who, app);
    auto repository = co_await hop(control_, std::move(opening));
    if (!repository) co_return co_await refuse(client, repository.error().message);
    receive_pack_options options;
    options.max_pack_bytes = options_.max_pack_bytes;
    auto deploys = [this, who, app](ref_command c, line_sink progress) {
        control::push what{app, c.ref, c.old_oid, c.new_oid};
        return deploy(who, std::move(what), std::move(progress));
    };
    receive_pack service(client, *repository, options, files_, deploys);
    co_return co_await service.run();
}

task<result<>> sessions::deploy(control::identity who, control::push what, line_sink progress) {
    relay lines(co_await asio::this_coro::executor, std::move(progress));
    auto work = deploy_and_follow(platform_, std::move(who), std::move(what), lines.sink());
    co_return co_await hop(control_, std::move(work));
}

task<int> sessions::fetch(channel& client, session_request request, std::string app) {
    if (fetches_ >= options_.max_fetches) co_return co_await refuse(client, "too many fetches at once, try again soon");
    counted one(fetches_);
    auto opening = platform_.deploys().repository_for_fetch(request.who, std::move(app));
    auto repository = co_await hop(control_, std::move(opening));
    if (!repository) co_return co_await refuse(client, repository.error().message);
    const auto until = deadline::after(std::chrono::hours(1));
    co_return co_await run_upload_pack(client, *repository, request.git_protocol, until);
}

}  // namespace gasper::receiver
