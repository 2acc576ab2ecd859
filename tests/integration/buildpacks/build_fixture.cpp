#include "tests/integration/buildpacks/build_fixture.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "buildpacks/launch.hpp"

namespace gasper::buildpacks {
namespace fs = std::filesystem;

void build_fixture::SetUp() {
    const char* socket = std::getenv("GASPER_TEST_ENGINE");
    runtime::engine_options options;
    if (socket) options.socket = socket;
    client_ = std::make_unique<runtime::engine_client>(io_.get_executor(), options, log_);
    ASSERT_TRUE(run(client_->ping(soon()))) << "these tests need a Docker Engine at " << options.socket;
    runtime::single_engine_options own;
    own.data = repository_.directory();
    engine_ = std::make_unique<runtime::single_engine>(*client_, files_, own, log_);
    const auto connected = run(engine_->connect(soon()));
    ASSERT_TRUE(connected) << connected.error().message;
    runtime::stack_options images;
    images.cache = repository_.directory() / "stacks";
    stacks_ = std::make_unique<runtime::stacks>(io_.get_executor(), *client_, images, log_);
    builder_ = std::make_unique<builder>(*engine_, *stacks_, files_, builder_options{}, log_);
}

void build_fixture::TearDown() {
    if (!engine_) return;
    EXPECT_TRUE(run(engine_->remove_everything(soon())));
    EXPECT_TRUE(run(engine_->close(soon())));
}

std::map<std::string, std::string> build_fixture::sample(const std::string& name,
                                                         std::map<std::string, std::string> changed) {
    const auto root = fs::path(GASPER_SOURCE_DIR) / "tests/apps" / name;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        changed.emplace(fs::relative(entry.path(), root).string(), std::string(std::istreambuf_iterator<char>(in), {}));
    }
    return changed;
}

build_fixture::outcome build_fixture::build(const std::map<std::string, std::string>& files, config_vars env) {
    build_request request;
    request.app = "sample";
    request.repository = repository_.bare();
    request.commit = repository_.commit(files);
    request.env = std::move(env);
    request.output = repository_.directory() / "releases" / std::to_string(++builds_);
    request.cache = repository_.directory() / "cache";
    std::string output;
    line_sink keep = [&output](std::string_view line) { (output += line) += '\n'; };
    const auto start = std::chrono::steady_clock::now();
    auto made = run(builder_->build(std::move(request), keep, soon()));
    const auto took = std::chrono::steady_clock::now() - start;
    return {std::move(made), output, std::chrono::duration_cast<std::chrono::milliseconds>(took)};
}

std::string build_fixture::answer(const build_result& made, const std::string& path) {
    runtime::instance_spec spec;
    spec.app = "sample";
    spec.release = builds_;
    spec.name = "web.1";
    spec.process = "web";
    spec.image = made.code.image;
    spec.directory = made.code.directory;
    spec.command = made.processes.at("web");
    spec.env = launch_env(made.language, spec.limit);
    spec.env["PORT"] = "5000";
    spec.port = 5000;
    auto instance = run(engine_->start(spec, std::nullopt, soon()));
    if (!instance) return instance.error().message;
    auto ready = run(engine_->wait_ready(*instance, {}, deadline::after(std::chrono::seconds(60))));
    std::string text(4096, '\0');
    if (ready) {
        const auto command = "curl -s -m 10 -w '%{http_code}' http://" + instance->address + ":5000" + path;
        auto* pipe = ::popen(command.c_str(), "r");
        text.resize(::fread(text.data(), 1, text.size(), pipe));
        ::pclose(pipe);
    } else {
        text = ready.error().message;
        auto line = [&text](const runtime::log_line& l) { text += "\n" + l.text; };
        (void)run(engine_->logs(instance->container, {.tail = 30}, line));
    }
    (void)run(engine_->stop(*instance, std::chrono::seconds(5)));
    return text;
}

}  // namespace gasper::buildpacks
