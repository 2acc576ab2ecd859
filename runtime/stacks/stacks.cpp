#include "runtime/stacks/stacks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <list>
#include <optional>
#include <sstream>
#include <vector>

#include "core/base/blocking.hpp"
#include "core/base/child_process.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/services/kind.hpp"
#include "runtime/stacks/claims.hpp"
#include "runtime/stacks/recipe.hpp"

namespace gasper::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t shown_of_failure = 12;  // lines of a tool's output

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string host_suite() {
    std::istringstream lines(content_of("/etc/os-release"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("VERSION_CODENAME=")) return line.substr(line.find('=') + 1);
    }
    return {};
}

stack_options completed(stack_options options) {
    if (options.suite.empty()) options.suite = host_suite();
    return options;
}

/// What the images depend on beside their recipes.
std::string world(const stack_options& options) {
    std::string out = options.suite + "\n" + options.mirror + "\n";
    std::error_code ignored;
    std::vector<fs::path> certificates;
    for (const auto& entry : fs::directory_iterator("/usr/local/share/ca-certificates", ignored))
        certificates.push_back(entry.path());
    std::sort(certificates.begin(), certificates.end());
    for (const auto& file : certificates)
        out += content_of(file);
    return out;
}

/// How RUN steps reach the outside, as this process does.
config_vars passed_arguments() {
    config_vars out;
    for (const auto* name :
         {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NPM_CONFIG_REGISTRY"}) {
        if (const auto* value = std::getenv(name); value && *value) out[name] = value;
    }
    return out;
}

std::string last_lines(const std::string& text) {
    std::deque<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.empty()) continue;
        lines.push_back(line);
        if (lines.size() > shown_of_failure) lines.pop_front();
    }
    std::string out;
    for (const auto& line : lines)
        out += (out.empty() ? "" : "\n") + line;
    return out;
}

long seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
}

/// One image being made by its first caller; the others wait for that one's result.
struct making {
    explicit making(asio::any_io_executor executor) : ended(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer ended;
    std::optional<result<std::string>> outcome;  // none at the end: the maker was cancelled
    std::list<line_sink> listeners;
    void say(std::string_view line) const {
        for (const auto& listener : listeners)
            listener(line);
    }
};

}  // namespace

struct stacks::state {
    state(asio::any_io_executor e, engine_client& c, stack_options o, logger& l)
        : executor(std::move(e)), engine(c), options(completed(std::move(o))), log(l), circumstances(world(options)) {}

    task<result<std::string>> configured(std::string reference, line_sink progress, deadline until);
    task<result<std::string>> ensure(std::string name, line_sink progress, deadline until);
    task<result<std::string>> make_shared(std::string name, std::string reference, line_sink progress, deadline until);
    task<result<std::string>> make(std::string name, std::string reference, making& m, deadline until);
    task<result<>> ensure_parents(std::string name, line_sink say, deadline until);
    task<> claim(std::string reference, deadline until);
    task<result<std::size_t>> collect(std::set<std::string> keep, deadline until);
    task<result<>> make_base(std::string name, std::string reference, deadline until);
    task<result<>> make_by_dockerfile(std::string name, std::string reference, bool anew, deadline until);
    std::string remade_reference(const std::string& name, const std::string& whom) const;
    task<result<std::string>> pull_anew(std::string reference, line_sink progress, deadline until);
    task<result<std::string>> remake(std::string name, std::string whom, line_sink progress, deadline until);
    task<result<>> adopt(std::string name, std::string whom, deadline until);

    asio::any_io_executor executor;
    engine_client& engine;
    stack_options options;
    logger& log;
    std::string circumstances;
    std::set<std::string> claimed;
    blocking_pool files{"stacks", 1};
    std::map<std::string, std::shared_ptr<making>> running;
};

task<result<std::string>> stacks::state::configured(std::string reference, line_sink progress, deadline until) {
    auto there = co_await engine.image_exists(reference, until);
    if (!there) co_return there.error();
    if (*there) co_return reference;
    if (progress) progress("-----> Pulling the stack image " + reference);
    auto pulled = co_await engine.pull_image(reference, {}, until);
    if (!pulled) {
        co_return fail(errc::unavailable, "stack_failed",
                       fmt::format("the configured stack image {} is not there and cannot be pulled: {}", reference,
                                   pulled.error().message));
    }
    co_return reference;
}

task<result<std::string>> stacks::state::ensure(std::string name, line_sink progress, deadline until) {
    if (const auto named = options.images.find(name); named != options.images.end()) {
        co_return co_await configured(named->second, std::move(progress), until);
    }
    if (recipe(name).empty()) co_return fail(errc::not_found, "no_stack", "there is no stack named " + name);
    const auto reference = image_reference(name, circumstances);
    auto there = co_await engine.image_exists(reference, until);
    if (!there) co_return there.error();
    if (!*there) {
        auto made = co_await make_shared(std::move(name), reference, std::move(progress), until);
        if (!made) co_return made;
        claimed.erase(reference);
    }
    co_await claim(reference, until);
    co_return reference;
}

task<result<std::string>> stacks::state::make_shared(std::string name, std::string reference, line_sink progress,
                                                     deadline until) {
    const auto heard = [&progress](making& m) {
        return m.listeners.insert(
            m.listeners.end(), progress ? progress : [](std::string_view) {});
    };
    while (running.contains(name)) {
        const auto m = running.at(name);
        if (progress) progress(fmt::format("-----> Waiting for the stack image \"{}\", which is being made", name));
        const auto me = heard(*m);
        struct leave {
            making& of;
            std::list<line_sink>::iterator at;
            ~leave() { of.listeners.erase(at); }
        } const at_end{*m, me};
        boost::system::error_code ignored;
        const bool ended =
            co_await finishes_before(m->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored)), until);
        if (!ended) co_return fail(errc::deadline, "deadline", "making the stack image " + name + " takes too long");
        if (m->outcome) co_return *m->outcome;
    }
    const auto m = std::make_shared<making>(executor);
    heard(*m);
    running.emplace(name, m);
    // However this ends, also by cancellation, the others go on.
    struct end {
        state& of;
        const std::string& name;
        making& m;
        ~end() {
            of.running.erase(name);
            m.ended.cancel();
        }
    } const at_end{*this, name, *m};
    auto outcome = co_await make(name, std::move(reference), *m, until);
    m->outcome = outcome;
    co_return outcome;
}

task<result<>> stacks::state::ensure_parents(std::string name, line_sink say, deadline until) {
    for (const auto& file : recipe(name)) {
        if (file.path != "Dockerfile") continue;
        for (auto& parent : parents_of(file.content)) {
            if (auto ok = co_await ensure(parent, say, until); !ok) co_return ok.error();
        }
    }
    co_return result<>();
}

task<result<std::string>> stacks::state::make(std::string name, std::string reference, making& m, deadline until) {
    line_sink say = [&m](std::string_view line) { m.say(line); };
    const auto start = std::chrono::steady_clock::now();
    auto parents = co_await ensure_parents(name, say, until);
    if (!parents) co_return parents.error();
    m.say(fmt::format("-----> Making the stack image \"{}\" (once)...", name));
    const auto began = std::chrono::steady_clock::now();
    result<> made;
    if (suite_of(name, options.suite)) {
        made = co_await make_base(name, reference, until);
    } else {
        made = co_await make_by_dockerfile(name, reference, false, until);
    }
    log.info("stack_image", {{"name", name},
                             {"image", reference},
                             {"seconds", seconds_since(start)},
                             {"result", made ? std::string("ok") : made.error().code}});
    if (!made) {
        co_return fail(made.error().kind, "stack_failed",
                       fmt::format("the stack image \"{}\" cannot be made: {}", name, made.error().message));
    }
    m.say(fmt::format("       done in {} s", seconds_since(began)));
    co_return reference;
}

task<result<>> stacks::state::make_base(std::string name, std::string reference, deadline until) {
    const auto tar = options.cache / fmt::format("base-{}.tar", reference.substr(reference.rfind(':') + 1));
    const auto script = std::string(recipe("base").front().content);
    co_await files.run([&] { return fs::create_directories(options.cache); });
    struct remove_file {
        const fs::path& file;
        ~remove_file() {
            std::error_code ignored;
            fs::remove(file, ignored);
        }
    } const at_end{tar};
    child_options child{.argv = {"sh", "-c", script, "make-base", tar.string(), *suite_of(name, options.suite)},
                        .env = {},
                        .directory = "/",
                        .output_file = {}};
    if (!options.mirror.empty()) child.argv.push_back(options.mirror);
    auto done = co_await run_child(std::move(child), {}, until);
    if (!done) co_return done.error();
    if (done->status != 0) co_return fail(errc::failed, "stack_failed", last_lines(done->output + done->error));
    std::vector<std::string> changes{"ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                     "ENV LANG=C.UTF-8",
                                     "ENV HOME=/app",
                                     "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
                                     "WORKDIR /app",
                                     "USER app",
                                     "LABEL gasper.stack=" + name};
    auto imported = co_await engine.import_image_file(tar, std::move(reference), std::move(changes), until);
    if (!imported) co_return imported.error();
    co_return result<>();
}

task<result<>> stacks::state::make_by_dockerfile(std::string name, std::string reference, bool anew, deadline until) {
    std::string dockerfile;
    for (const auto& file : recipe(name)) {
        if (file.path != "Dockerfile") continue;
        dockerfile = resolved(file.content, [&](const std::string& parent) {
            const auto named = options.images.find(parent);
            return named != options.images.end() ? named->second : image_reference(parent, circumstances);
        });
    }
    build_image_spec spec{.tag = std::move(reference),
                          .tar = build_context(name, dockerfile),
                          .arguments = passed_arguments(),
                          .label = {{"gasper.stack", name}},
                          .network = {},
                          .no_cache = anew};
    std::string output;
    line_sink keep = [&output](std::string_view line) {
        if (output.size() < (1 << 20)) (output += line) += '\n';
    };
    auto built = co_await engine.build_image(std::move(spec), std::move(keep), until);
    if (!built) co_return fail(built.error().kind, "stack_failed", built.error().message + "\n" + last_lines(output));
    co_return result<>();
}

std::string stacks::state::remade_reference(const std::string& name, const std::string& whom) const {
    return remade_of(options.owner, whom, image_reference(name, circumstances));
}

// Where no registry has it, an admin replaces it by hand: what is there is the newest then.
task<result<std::string>> stacks::state::pull_anew(std::string reference, line_sink progress, deadline until) {
    if (progress) progress("-----> Pulling the stack image " + reference);
    auto pulled = co_await engine.pull_image(reference, {}, until);
    if (!pulled && progress) progress("       it cannot be pulled, what is there is used: " + pulled.error().message);
    co_return co_await configured(std::move(reference), std::move(progress), until);
}

task<result<std::string>> stacks::state::remake(std::string name, std::string whom, line_sink progress,
                                                deadline until) {
    if (const auto named = options.images.find(name); named != options.images.end())
        co_return co_await pull_anew(named->second, std::move(progress), until);
    auto parents = co_await ensure_parents(name, progress, until);
    if (!parents) co_return parents.error();
    auto reference = remade_reference(name, whom);
    if (progress) progress(fmt::format("-----> Making the stack image \"{}\" of the packages of today...", name));
    auto made = co_await make_by_dockerfile(name, reference, true, until);
    if (!made) {
        co_return fail(made.error().kind, "stack_failed",
                       fmt::format("the stack image \"{}\" cannot be made: {}", name, made.error().message));
    }
    co_return reference;
}

task<result<>> stacks::state::adopt(std::string name, std::string whom, deadline until) {
    if (options.images.contains(name)) co_return result<>();
    const auto reference = image_reference(name, circumstances);
    auto taken = co_await engine.tag_image(remade_reference(name, whom), reference, until);
    if (!taken) co_return taken;
    claimed.erase(reference);
    co_await claim(reference, until);
    co_return result<>();
}

// Without its mark the image is used all the same: only another Gasper might remove it.
task<> stacks::state::claim(std::string reference, deadline until) {
    if (options.owner.empty() || claimed.contains(reference)) co_return;
    auto marked = co_await engine.tag_image(reference, claim_of(options.owner, reference), until);
    if (marked)
        claimed.insert(reference);
    else
        log.warn("a stack image is not marked", {{"image", reference}, {"reason", marked.error().message}});
}

task<result<std::size_t>> stacks::state::collect(std::set<std::string> keep, deadline until) {
    std::size_t gone = 0;
    if (options.owner.empty()) co_return gone;
    std::vector<std::string> with(1, "gasper.stack");
    auto there = co_await engine.list_images(std::move(with), until);
    if (!there) co_return there.error();
    for (const auto& file : recipe_files())
        keep.insert(image_reference(file.path.substr(0, file.path.find('/')), circumstances));
    for (const auto& kind : all_kinds())
        for (const auto& version : kind.versions)
            keep.insert(image_reference(kind.recipe(version), circumstances));
    for (const auto& image : images_without_tags(*there, now() - std::chrono::hours(1)))
        (void)co_await engine.remove_image(image, until);
    for (const auto& image : images_to_drop(options.owner, *there, keep)) {
        // The mark last: an image that a container has, or that others are made from, is tried again next time.
        if (!image.reference.empty()) (void)co_await engine.remove_image(image.reference, until);
        auto dropped = co_await engine.remove_image(image.claim, until);
        if (!dropped) continue;
        claimed.erase(image.reference);
        log.info("an old stack image is given up", {{"image", image.claim}});
        ++gone;
    }
    co_return gone;
}

stacks::stacks(asio::any_io_executor executor, engine_client& engine, stack_options options, logger& log)
    : state_(std::make_unique<state>(std::move(executor), engine, std::move(options), log)) {}

stacks::~stacks() = default;

task<result<std::string>> stacks::run_image(std::string language, line_sink progress, deadline until) {
    co_return co_await state_->ensure(std::move(language), std::move(progress), until);
}

task<result<std::string>> stacks::build_image(std::string language, line_sink progress, deadline until) {
    co_return co_await state_->ensure(language + "-build", std::move(progress), until);
}

task<result<std::size_t>> stacks::collect(std::set<std::string> in_use, deadline until) {
    co_return co_await state_->collect(std::move(in_use), until);
}

task<result<std::string>> stacks::service_image(std::string recipe, line_sink progress, deadline until) {
    co_return co_await state_->ensure(std::move(recipe), std::move(progress), until);
}

task<result<std::string>> stacks::remake_service_image(std::string recipe, std::string whom, line_sink progress,
                                                       deadline until) {
    co_return co_await state_->remake(std::move(recipe), std::move(whom), std::move(progress), until);
}

task<result<>> stacks::adopt_service_image(std::string recipe, std::string whom, deadline until) {
    co_return co_await state_->adopt(std::move(recipe), std::move(whom), until);
}

task<> stacks::drop_service_image(std::string recipe, std::string whom, deadline until) {
    if (state_->options.images.contains(recipe)) co_return;
    const auto reference = state_->remade_reference(recipe, whom);
    auto gone = co_await state_->engine.remove_image(reference, until);
    if (!gone) state_->log.warn("an image is left", {{"image", reference}, {"reason", gone.error().message}});
}

}  // namespace gasper::runtime
