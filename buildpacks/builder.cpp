#include "buildpacks/builder.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "buildpacks/file_tree.hpp"
#include "buildpacks/layers.hpp"
#include "buildpacks/output.hpp"
#include "buildpacks/pack.hpp"
#include "buildpacks/procfile.hpp"
#include "buildpacks/source_tree.hpp"

namespace gasper::buildpacks {
namespace fs = std::filesystem;
namespace {

constexpr file_owner app_user{};
constexpr tree_size largest_release{.bytes = 4ll << 30, .entries = 500'000};

/// What the tree says: read on the files' pool, used on the caller's executor.
struct looked_at {
    source_tree tree;
    std::string language, title;
    bool has_procfile{false};
    process_types declared;
    app_json described;
    build_plan plan;
};

result<const pack*> choose(const std::vector<std::unique_ptr<pack>>& packs, const source_tree& tree,
                           const std::optional<std::string>& named) {
    // static.json says outright what the app is, whatever else is there to build it.
    const auto wanted = named                          ? named
                        : tree.has_file("static.json") ? std::optional<std::string>("static")
                                                       : std::nullopt;
    for (const auto& p : packs) {
        if (wanted ? p->language() == *wanted : p->detect(tree)) return p.get();
    }
    if (wanted) return fail(errc::invalid, "no_buildpack", "there is no buildpack named " + *wanted);
    return fail(
        errc::invalid, "no_buildpack",
        "no buildpack knows this app: it needs a Gemfile or config.ru (Ruby), package.json or server.js (Node.js), "
        "requirements.txt, pyproject.toml or app.py (Python), composer.json or index.php (PHP), go.mod or main.go "
        "(Go), index.html or static.json (static) at the root of the repository");
}

result<app_json> read_app_json(const source_tree& tree) {
    if (!tree.has_file("app.json")) return app_json{};
    const auto text = tree.read("app.json", 64 << 10);
    if (!text) return fail(errc::too_large, "app_json_invalid", "app.json: more than 64 KiB");
    return parse_app_json(*text);
}

result<std::unique_ptr<looked_at>> look(const build_request& request, int max_files) {
    auto tree = source_tree::open(request.repository, request.commit, {.files = max_files});
    if (!tree) return tree.error();
    const auto packs = all_packs();
    const auto chosen = choose(packs, *tree, request.buildpack);
    if (!chosen) return chosen.error();
    process_types declared;
    const bool has_procfile = tree->has_file("Procfile");
    if (has_procfile) {
        const auto text = tree->read("Procfile", 64 << 10);
        if (!text) return fail(errc::too_large, "procfile_invalid", "Procfile: more than 64 KiB");
        auto parsed = parse_procfile(*text);
        if (!parsed) return parsed.error();
        declared = std::move(*parsed);
    }
    auto described = read_app_json(*tree);
    if (!described) return described.error();
    auto plan = (*chosen)->plan(*tree);
    if (!plan) return plan.error();
    return std::make_unique<looked_at>(looked_at{.tree = std::move(*tree),
                                                 .language = std::string((*chosen)->language()),
                                                 .title = std::string((*chosen)->title()),
                                                 .has_procfile = has_procfile,
                                                 .declared = std::move(declared),
                                                 .described = std::move(*described),
                                                 .plan = std::move(*plan)});
}

std::string joined_names(const process_types& types) {
    std::string out;
    for (const auto& [name, command] : types)
        out += (out.empty() ? "" : ", ") + name;
    return out.empty() ? "(none)" : out;
}

/// The Procfile's types, and of the pack's those that it does not name.
process_types discover(const looked_at& app, const build_output& out) {
    out.step("Discovering process types");
    if (app.has_procfile) out.detail("Procfile declares types     -> " + joined_names(app.declared));
    auto all = app.declared;
    process_types added;
    for (const auto& [name, command] : app.plan.defaults) {
        if (all.emplace(name, command).second) added.emplace(name, command);
    }
    if (!added.empty()) out.detail(fmt::format("Default types for buildpack -> {}", joined_names(added)));
    for (const auto& [name, command] : added)
        out.detail(fmt::format("{}: {}", name, command));
    return all;
}

error build_failed(const looked_at& app, int status, const limits& limit) {
    auto why = fmt::format("the {} build ended with status {}", app.title, status);
    if (status == 137)
        why += fmt::format(": killed, perhaps for going over {} MiB of memory", limit.memory_bytes >> 20);
    return fail(errc::failed, "build_failed", why);
}

/// Runs a blocking function that may throw: faults of the disk become refusals that a person can read.
template <class F>
auto guarded(F fn) {
    return [fn = std::move(fn)]() mutable -> decltype(fn()) {
        try {
            return fn();
        } catch (const std::exception& e) {
            return fail(errc::failed, "build_storage",
                        fmt::format("the release directory cannot be made: {}", e.what()));
        }
    };
}

/// One build: the steps of builder::build, with what they share.
class running_build {
 public:
    running_build(runtime::cluster& cluster, runtime::stacks& stacks, blocking_pool& files,
                  const builder_options& options, const build_request& request, line_sink sink, deadline until)
        : cluster_(cluster),
          stacks_(stacks),
          files_(files),
          options_(options),
          request_(request),
          sink_(sink),
          out_(std::move(sink), request.env),
          until_(until) {}

    task<result<build_result>> run();

 private:
    task<result<>> compile(const looked_at& app);
    task<result<>> run_script(const looked_at& app, const std::string& image, bool layer_reused);
    result<> prepare_directories() const;
    result<> check_result() const;

    runtime::cluster& cluster_;
    runtime::stacks& stacks_;
    blocking_pool& files_;
    const builder_options& options_;
    const build_request& request_;
    line_sink sink_;
    build_output out_;
    deadline until_;
};

task<result<build_result>> running_build::run() {
    auto looked = co_await files_.run(guarded([this] { return look(request_, options_.max_tree_files); }));
    if (!looked) {
        out_.failed(looked.error().message);
        co_return looked.error();
    }
    const auto& app = **looked;
    out_.step(app.title + " app detected");
    for (const auto& note : app.plan.notes)
        out_.detail(note);
    auto image = co_await stacks_.run_image(app.language, sink_, until_);
    if (!image) {
        out_.failed(image.error().message);
        co_return image.error();
    }
    auto written = co_await files_.run(guarded([this, &app] {
        fs::create_directories(request_.output.parent_path());
        return write_tree(app.tree, request_.output, options_.max_tree_bytes, app_user);
    }));
    if (written && app.plan.compile) written = co_await compile(app);
    if (!written) {
        out_.failed(written.error().message);
        co_return written.error();
    }
    auto processes = discover(app, out_);
    co_return build_result{.language = app.language,
                           .code = {.directory = request_.output.string(), .image = std::move(*image)},
                           .processes = std::move(processes),
                           .declared = app.described};
}

task<result<>> running_build::compile(const looked_at& app) {
    const auto& step = *app.plan.compile;
    auto image = co_await stacks_.build_image(step.stack, sink_, until_);
    if (!image) co_return image.error();
    const layer_cache layers(request_.cache, app_user);
    const auto key = step.layer ? layer_key(step, *image, request_.env) : std::string();
    bool reused = false;
    if (step.layer) {
        // A script that runs afterwards may write to its files: then they must not be the layer's own.
        const auto how = step.also_with_layer ? copy_by::content : copy_by::link;
        auto found =
            co_await files_.run(guarded([&] { return layers.restore(key, *step.layer, request_.output, how); }));
        if (!found) co_return found.error();
        reused = *found;
        if (reused) out_.step("Dependencies are unchanged: reusing them");
    }
    if (reused && !step.also_with_layer) co_return result<>();
    if (auto ok = co_await run_script(app, *image, reused); !ok) co_return ok.error();
    if (!step.layer || reused) co_return result<>();
    co_return co_await files_.run(guarded([&] { return layers.save(key, *step.layer, request_.output); }));
}

task<result<>> running_build::run_script(const looked_at& app, const std::string& image, bool layer_reused) {
    auto ready = co_await files_.run(guarded([this] { return prepare_directories(); }));
    if (!ready) co_return ready.error();
    const auto& step = *app.plan.compile;
    runtime::once_spec spec{.app = request_.app,
                            .purpose = "build",
                            .image = image,
                            .command = step.script,
                            .directory = "/app",
                            .env = request_.env,
                            .mounts = {},
                            .limit = options_.limit,
                            .background = true};
    for (const auto& [name, value] : step.env)
        spec.env[name] = value;
    if (layer_reused) spec.env["LAYER_REUSED"] = "1";
    spec.env["SOURCE_VERSION"] = request_.commit;
    spec.mounts.push_back({.from = request_.output.string(), .to = "/app"});
    spec.mounts.push_back({.from = (request_.cache / "tools").string(), .to = "/cache"});
    line_sink lines = [this](std::string_view line) { out_.container_line(line); };
    auto status = co_await cluster_.run_once(std::move(spec), std::move(lines), until_);
    if (!status) co_return status.error();
    if (*status != 0) co_return build_failed(app, *status, options_.limit);
    co_return co_await files_.run(guarded([this] { return check_result(); }));
}

result<> running_build::prepare_directories() const {
    make_directory(request_.cache / "tools", app_user);
    return {};
}

result<> running_build::check_result() const {
    const auto size = measure(request_.output, largest_release);
    if (size.bytes > largest_release.bytes || size.entries > largest_release.entries) {
        return fail(errc::too_large, "release_too_large",
                    fmt::format("the build made more than {} GiB or {} files", largest_release.bytes >> 30,
                                largest_release.entries));
    }
    return {};
}

}  // namespace

builder::builder(runtime::cluster& cluster, runtime::stacks& stacks, blocking_pool& files, builder_options options,
                 logger& log)
    : cluster_(cluster), stacks_(stacks), files_(files), options_(options), log_(log) {}

task<result<build_result>> builder::build(build_request request, line_sink out, deadline until) {
    const auto started = std::chrono::steady_clock::now();
    running_build one(cluster_, stacks_, files_, options_, request, std::move(out), until);
    std::exception_ptr fault;  // cancellation, too, leaves nothing behind
    result<build_result> made = fail(errc::cancelled, "cancelled", "the build was cancelled");
    try {
        made = co_await one.run();
    } catch (...) {
        fault = std::current_exception();
    }
    const auto remove_output = [&request] {
        std::error_code ignored;
        return fs::remove_all(request.output, ignored);
    };
    if (fault) {
        remove_output();  // a cancelled coroutine cannot wait for a pool
        std::rethrow_exception(fault);
    }
    if (!made) co_await files_.run(remove_output);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    log_.info("build", {{"app", request.app},
                        {"commit", request.commit},
                        {"ms", took.count()},
                        {"result", made ? std::string("ok") : made.error().code}});
    co_return made;
}

task<result<app_json>> builder::declared(std::filesystem::path repository, std::string commit) {
    co_return co_await files_.run([&]() -> result<app_json> {
        auto tree = source_tree::open(repository, commit, {.files = options_.max_tree_files});
        if (!tree) return tree.error();
        return read_app_json(*tree);
    });
}

}  // namespace gasper::buildpacks
