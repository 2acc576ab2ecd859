// How long the runtime needs to start, make ready and stop an instance, beside the floor that the engine sets: the same
// container started through the bare client. Interleaved, so that a busy machine slows both. Needs a Docker Engine and
// an image whose shell can serve HTTP (busybox). start_times IMAGE [ROUNDS]
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/blocking.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/single_engine.hpp"
#include "tests/support/run_task.hpp"

using namespace gasper;
using namespace gasper::runtime;
using clock_type = std::chrono::steady_clock;

namespace {

struct times {
    std::map<std::string, std::vector<double>> all;

    void add(const std::string& what, clock_type::time_point since) {
        all[what].push_back(std::chrono::duration<double, std::milli>(clock_type::now() - since).count());
    }
    void print() {
        for (auto& [what, values] : all) {
            std::sort(values.begin(), values.end());
            fmt::print("{:<44} median {:7.1f} ms   least {:7.1f}\n", what, values[values.size() / 2], values.front());
        }
    }
};

class bench {
 public:
    bench(std::string image, std::filesystem::path data)
        : image_(std::move(image)),
          client_(io_.get_executor(), {}, log_),
          engine_(client_, files_, {.data = data}, log_) {
        release_ = data / "release";
        std::filesystem::create_directories(release_);
        std::ofstream(release_ / "index.html") << "Hello\n";
        must(run(engine_.connect(soon())));
    }
    ~bench() {
        must(run(engine_.remove_everything(soon())));
        run(engine_.close(soon()));
    }

    void round(times& t) {
        auto at = clock_type::now();
        auto ahead = must(run(engine_.make_sandbox("bench", soon())));
        t.add("2 sandbox made", at);
        auto second = must(run(engine_.make_sandbox("bench", soon())));
        floor(t, second);

        at = clock_type::now();
        auto i = must(run(engine_.start(spec(), ahead, soon())));
        t.add("3 start in a sandbox made ahead", at);
        must(run(engine_.wait_ready(i, {}, soon())));
        t.add("4 start in a sandbox, until it accepts", at);
        at = clock_type::now();
        must(run(engine_.stop(i, std::chrono::seconds(5))));
        t.add("6 stop and remove all of it", at);

        at = clock_type::now();
        i = must(run(engine_.start(spec(), std::nullopt, soon())));
        must(run(engine_.wait_ready(i, {}, soon())));
        t.add("5 start without one, until it accepts", at);
        must(run(engine_.stop(i, std::chrono::seconds(5))));
        at = clock_type::now();
        once_spec o{.app = "bench", .purpose = "build", .image = image_, .command = "exit 0", .directory = "/"};
        must(run(engine_.run_once(o, {}, soon())));
        t.add("7 run_once of nothing", at);
    }

 private:
    void floor(times& t, const sandbox& in) {
        container_spec bare;
        bare.image = image_;
        bare.entrypoint = {"/bin/sh", "-c"};
        bare.command = {"exec sleep 100"};
        bare.network = "container:" + in.container;
        bare.label = {{"gasper.data", engine_.id()}};
        const auto at = clock_type::now();
        const auto id = must(run(client_.create_container(bare, soon())));
        must(run(client_.start_container(id, soon())));
        t.add("1 floor: bare create + start in a sandbox", at);
        must(run(client_.remove_container(id, soon())));
        must(run(engine_.drop_sandbox(in)));
    }

    instance_spec spec() const {
        instance_spec s;
        s.app = "bench";
        s.release = 1;
        s.name = "web.1";
        s.process = "web";
        s.image = image_;
        s.directory = release_.string();
        s.command = "httpd -f -p $PORT -h /app";
        s.env = {{"PORT", "5000"}, {"PATH", "/bin"}};
        s.port = 5000;
        return s;
    }

    static deadline soon() { return deadline::after(std::chrono::seconds(60)); }
    template <class T>
    T run(task<T> work) {
        return test::run_task(io_, std::move(work), std::chrono::seconds(60));
    }
    template <class T>
    T must(result<T> r) {
        return r.value();
    }

    std::string image_;
    std::filesystem::path release_;
    asio::io_context io_{1};
    logger log_{"bench", log_level::warn};
    blocking_pool files_{"files", 1};
    engine_client client_;
    single_engine engine_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    char name[] = "/tmp/gasper-bench-XXXXXX";
    const std::filesystem::path data = ::mkdtemp(name);
    times t;
    {
        bench b(argv[1], data);
        for (int i = argc > 2 ? std::atoi(argv[2]) : 9; i > 0; --i)
            b.round(t);
    }
    t.print();
    std::filesystem::remove_all(data);
}
