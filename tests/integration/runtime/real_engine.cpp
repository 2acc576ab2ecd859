#include "tests/integration/runtime/real_engine.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/base/crypto.hpp"
#include "runtime/sandbox/pause_image.hpp"

namespace gasper::runtime {

namespace {

std::string busybox() {
    std::ifstream file("/bin/busybox", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void real_engine_test::SetUp() {
    const char* socket = std::getenv("GASPER_TEST_ENGINE");
    engine_options options;
    if (socket) options.socket = socket;
    client_ = std::make_unique<engine_client>(io_.get_executor(), options, log_);
    ASSERT_TRUE(run(client_->ping(soon()))) << "these tests need a Docker Engine at " << options.socket;
    const auto program = busybox();
    ASSERT_FALSE(program.empty()) << "these tests need the package busybox-static";
    image_ = "gasper/test-busybox:" + sha256_hex(program).substr(0, 12);
    if (!*run(client_->image_exists(image_, soon()))) {
        auto tar = std::make_shared<std::string>(tar_of("bin/sh", program, 0755));
        auto piece = [](std::shared_ptr<std::string> from) -> task<result<std::string>> {
            co_return std::exchange(*from, {});
        };
        byte_source source = [tar, piece] { return piece(tar); };
        auto made = run(client_->import_image(source, image_, {"LABEL gasper.test=1"}, soon()));
        ASSERT_TRUE(made) << made.error().message;
    }
    char name[] = "/tmp/gasper-runtime-XXXXXX";
    data_ = ::mkdtemp(name);
    std::filesystem::create_directories(data_ / "release");
    std::ofstream(data_ / "release" / "hello.txt") << "Hello\n";
    engine_ = another({.data = data_});
    auto connected = run(engine_->connect(soon()));
    ASSERT_TRUE(connected) << connected.error().message;
}

void real_engine_test::TearDown() {
    if (engine_) {
        auto removed = run(engine_->remove_everything(soon()));
        EXPECT_TRUE(removed) << removed.error().message;
        EXPECT_TRUE(run(engine_->close(soon())));
    }
    if (!data_.empty()) std::filesystem::remove_all(data_);
}

std::unique_ptr<single_engine> real_engine_test::another(single_engine_options options) {
    options.settle = std::chrono::milliseconds(200);
    return std::make_unique<single_engine>(*client_, files_, std::move(options), log_);
}

instance_spec real_engine_test::spec(const std::string& app, const std::string& command, std::uint16_t port) {
    instance_spec s;
    s.app = app;
    s.release = 1;
    s.name = "web.1";
    s.process = "web";
    s.image = image_;
    s.directory = (data_ / "release").string();
    s.command = command;
    s.env = {{"PORT", std::to_string(port)}, {"PATH", "/bin"}};
    s.limit.memory_bytes = 64 << 20;
    s.port = port;
    return s;
}

once_spec real_engine_test::once(const std::string& command) {
    once_spec s;
    s.app = "hello";
    s.purpose = "build";
    s.image = image_;
    s.command = command;
    s.directory = "/";
    s.env = {{"PATH", "/bin"}};
    return s;
}

}  // namespace gasper::runtime
