#include "control/services/lifecycle.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstring>
#include <set>

#include "control/services/verbs.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

result<> make_data_directory(const fs::path& at, unsigned uid, unsigned gid) {
    std::error_code ec;
    fs::create_directories(at, ec);
    if (ec) return fail(errc::failed, "service_directory", at.string() + ": " + ec.message());
    fs::permissions(at, fs::perms::owner_all, ec);
    if (::geteuid() == 0 && ::lchown(at.c_str(), uid, gid) != 0)
        return fail(errc::failed, "service_directory", at.string() + ": " + std::strerror(errno));
    return {};
}

config_vars environment_of(const service& s, const runtime::service_plan& plan) {
    config_vars env{{"SERVICE_NAME", s.name},
                    {"SERVICE_VERSION", s.version},
                    {"PLAN_MEMORY_BYTES", std::to_string(plan.limit.memory_bytes)}};
    for (const auto& [name, value] : plan.settings) {
        std::string key = "SETTING_";
        for (const unsigned char c : name)
            key += static_cast<char>(std::toupper(c));
        env[key] = value;
    }
    return env;
}

task<std::vector<std::string>> attached_apps(parts& p, service_id id) {
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, id); });
    std::set<std::string> names;
    for (const auto& a : all)
        names.insert(a.app_name);
    co_return std::vector<std::string>(names.begin(), names.end());
}

task<std::string> last_words(parts& p, std::string container) {
    std::string text;
    auto keep = [&text](const runtime::log_line& l) { text += (text.empty() ? "" : "; ") + l.text; };
    auto read = p.cluster.logs(std::move(container), {.tail = 5}, keep);
    (void)co_await with_deadline(std::move(read), deadline::after(seconds(5)), "reading the log");
    co_return text;
}

}  // namespace

fs::path service_directory(const parts& p, const std::string& name) {
    return p.settings.data / "services" / name;
}

const runtime::service_kind& kind_of(const service& s) {
    const auto* kind = runtime::find_kind(s.kind);
    if (!kind) throw std::runtime_error("there is no kind of service " + s.kind);
    return *kind;
}

task<result<runtime::service_spec>> service_spec_of(parts& p, service s, line_sink progress, deadline until) {
    const auto& kind = kind_of(s);
    const auto* plan = kind.plan(s.plan);
    if (!plan) co_return fail(errc::invalid, "no_plan", kind.title + " has no plan " + s.plan);
    auto image = co_await p.stacks.service_image(kind.recipe(s.version), std::move(progress), until);
    if (!image) co_return image.error();
    runtime::service_spec spec;
    spec.name = s.name;
    spec.kind = s.kind;
    spec.image = *image;
    spec.data = (service_directory(p, s.name) / "data").string();
    spec.env = environment_of(s, *plan);
    spec.limit = plan->limit;
    spec.apps = co_await attached_apps(p, s.id);
    spec.stop_signal = kind.stop_signal;
    spec.stop_timeout = kind.stop_timeout;
    co_return spec;
}

task<result<runtime::observed_service>> start_server(parts& p, runtime::service_spec spec, deadline until) {
    auto made = co_await p.files.run([&spec, uid = p.settings.app_uid, gid = p.settings.app_gid] {
        return make_data_directory(spec.data, uid, gid);
    });
    if (!made) co_return made.error();
    const auto name = spec.name;
    auto started = co_await p.services.start(std::move(spec), until);
    if (!started) co_return started.error();
    const auto patience = std::chrono::ceil<seconds>(until.remaining()).count();
    std::vector<std::string> words{"ready", std::to_string(patience)};
    auto ready = co_await run_verb(p, started->container, std::move(words), "", until.sooner(seconds(patience + 1)));
    if (ready) {
        started->state = instance_state::up;
        co_return *started;
    }
    auto why = co_await last_words(p, started->container);
    (void)co_await p.services.stop(name, seconds(5));
    if (why.empty()) why = ready.error().message;
    co_return fail(errc::failed, "service_not_ready", name + " does not start: " + why);
}

task<result<>> start_service(parts& p, service s, line_sink progress, deadline until) {
    auto spec = co_await service_spec_of(p, s, std::move(progress), until);
    if (!spec) co_return spec.error();
    auto up = co_await start_server(p, std::move(*spec), until.sooner(kind_of(s).start_timeout));
    if (!up) co_return up.error();
    p.service_servers.running[s.name] = *up;
    co_return result<>();
}

task<result<>> stop_service(parts& p, service s) {
    // One that has only just begun may not have learnt to listen to signals yet.
    if (const auto* running = p.service_servers.find(s.name)) {
        std::vector<std::string> words{"ready", "10"};
        (void)co_await run_verb(p, running->container, std::move(words), "", deadline::after(seconds(12)));
    }
    p.service_servers.running.erase(s.name);
    co_return co_await p.services.stop(s.name, kind_of(s).stop_timeout);
}

}  // namespace gasper::control
