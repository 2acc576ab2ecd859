#include "tests/support/control_world.hpp"

#include <boost/asio/co_spawn.hpp>

#include "runtime/services/kind.hpp"

namespace gasper::test {

control_world::control_world(std::filesystem::path data, scripted_cluster& cluster,
                             const std::function<void(control::options&)>& adjust, service_engine* databases)
    : data_(std::move(data)), cluster_(cluster), daemon_(databases ? std::make_unique<scripted_engine>(io_) : nullptr) {
    cluster_.services = databases;
    if (databases) {
        daemon_->speaks("1.47");
        daemon_->otherwise([databases](const scripted_engine::request& r) { return databases->reply(r); });
    }
    settings_.data = data_;
    settings_.drain = std::chrono::seconds(0);
    settings_.start_deadline = std::chrono::seconds(5);
    if (adjust) adjust(settings_);
    platform_ = std::make_unique<control::platform>(
        std::unique_ptr<control::parts>(new control::parts{.executor = io_.get_executor(),
                                                           .settings = settings_,
                                                           .log = log_,
                                                           .db = db_,
                                                           .box = box_,
                                                           .files = files_,
                                                           .hashing = hashing_,
                                                           .cluster = cluster_,
                                                           .services = services_,
                                                           .stacks = stacks_,
                                                           .builder = builder_,
                                                           .tables = tables_,
                                                           .jobs = jobs_,
                                                           .background = background_}));
    scope_.spawn("tables", tables_.run());
    const auto ann = settle(db_.read([](SQLite::Database& db) { return store::find_user(db, "ann"); }));
    if (ann)
        who_ = {ann->user.id, "ann", ann->user.admin};
    else
        who_ = settle(platform_->accounts().ensure_user("ann", "password", true)).value();
    router_ = std::make_unique<scripted_router>(io_.get_executor(), data_ / "feed.sock");
}

// Of all kinds and versions: there already.
runtime::stack_options control_world::service_images() {
    runtime::stack_options o;
    for (const auto& kind : runtime::all_kinds())
        for (const auto& version : kind.versions)
            o.images[kind.recipe(version)] = kind.name;
    return o;
}

control_world::~control_world() {
    (void)settle(jobs_.stop(deadline::after(std::chrono::seconds(5))));
    (void)settle(background_.stop(deadline::after(std::chrono::seconds(5))));
    (void)settle(router_->stop());
    (void)settle(scope_.stop(deadline::after(std::chrono::seconds(5))));
    until([this] { return settling_ == 0; });
    daemon_.reset();
}

void control_world::run(task<> work) {
    std::optional<std::exception_ptr> ended;
    ++settling_;
    // What does not end in time may end after this function.
    auto told = std::make_shared<std::optional<std::exception_ptr>*>(&ended);
    asio::co_spawn(io_, std::move(work), [this, told](std::exception_ptr fault) {
        --settling_;
        if (*told) (*told)->emplace(std::move(fault));
    });
    const bool done = until([&] { return ended.has_value(); });
    *told = nullptr;
    if (!done) throw std::runtime_error("the coroutine did not end in time");
    if (*ended) std::rethrow_exception(*ended);
}

bool control_world::until(const std::function<bool()>& condition) {
    const auto limit = deadline::after(std::chrono::seconds(10));
    io_.restart();
    while (!condition()) {
        if (limit.expired() || (ended_ && ended_())) return false;
        io_.run_one_for(std::chrono::milliseconds(5));
        if (io_.stopped()) io_.restart();
    }
    return true;
}

job_state control_world::finish(job_id id) {
    job j;
    until([&] {
        j = settle(jobs_.info(id)).value();
        return j.state != job_state::waiting && j.state != job_state::running;
    });
    return j.state;
}

release control_world::deployed(const std::string& name, const std::string& commit) {
    return settle(db_.transaction([&](SQLite::Database& db) {
        auto a = store::find_app(db, name);
        const auto id = a ? a->id : store::add_app(db, name, who_.id);
        auto r = store::add_release(db, box_,
                                    {.app = id,
                                     .commit = commit,
                                     .description = "Deploy",
                                     .user = "ann",
                                     .code = {"", "stack"},
                                     .processes = {{"web", "serve"}}});
        store::make_current(db, r, "static", {{"web", 1}});
        return r;
    }));
}

std::vector<std::string> control_world::routed(const std::string& app) {
    std::vector<std::string> addresses;
    for (const auto& r : tables_.current()->routes)
        if (r.app == app)
            for (const auto& i : r.instances)
                addresses.push_back(i.address);
    return addresses;
}

}  // namespace gasper::test
