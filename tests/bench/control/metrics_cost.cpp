// What measuring 200 instances of 100 apps costs: every round reads as many control groups and network counters, writes
// as many series, and Prometheus reads the page once. The groups read are this program's own, again and again: a read
// costs the same whose group it is. Processor time of all threads. metrics_cost [INSTANCES] [ROUNDS]
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "control/metrics/exposition.hpp"
#include "control/metrics/series_file.hpp"
#include "control/metrics/store.hpp"
#include "runtime/host/cgroup.hpp"
#include "tests/support/run_task.hpp"

using namespace gasper;
using namespace gasper::control;

namespace {

double milliseconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

class bench {
 public:
    bench(int instances, std::filesystem::path directory)
        : instances_(instances), directory_(std::move(directory)), store_(directory_, log_) {}
    ~bench() { std::filesystem::remove_all(directory_); }

    void run(int rounds) {
        const auto group = runtime::find_cgroup(::getpid());
        if (!group) throw std::runtime_error("this machine's control groups cannot be read");
        double reading = 0, writing = 0, showing = 0;
        std::size_t page = 0;
        for (int r = 0; r < rounds; ++r) {
            auto at = milliseconds();
            exposed e = read_all(*group);
            reading += milliseconds() - at;
            at = milliseconds();
            auto batch = samples(r);
            test::run_task(io_, store_.write(std::move(batch)), std::chrono::seconds(60));
            writing += milliseconds() - at;
            at = milliseconds();
            page = to_prometheus(e).size();
            showing += milliseconds() - at;
        }
        const double round = (reading + writing + showing) / rounds;
        fmt::print("a round of {} instances: {:.2f} ms (reading {:.2f}, writing {:.2f}, the page of {} KiB {:.2f})\n",
                   instances_, round, reading / rounds, writing / rounds, page >> 10, showing / rounds);
        fmt::print("every ten seconds that is {:.3f} % of a core\n", round / 10'000 * 100);
        fmt::print("on disk, when full: {:.1f} MB\n",
                   static_cast<double>(instances_ * series_bytes(instance_columns.size()) +
                                       instances_ / 2 * series_bytes(request_columns)) /
                       1e6);
    }

 private:
    exposed read_all(const runtime::container_cgroup& group) {
        exposed e;
        for (int i = 0; i < instances_; ++i) {
            const auto u = runtime::read_usage(group).value();
            e.instances.push_back({.app = fmt::format("app{}", i / 2),
                                   .name = fmt::format("web.{}", i % 2 + 1),
                                   .state = "up",
                                   .usage = {"", u.cpu_ns, u.memory_bytes, u.received, u.sent}});
            if (i % 2 == 0) e.requests[e.instances.back().app] = {.requests = 1};
        }
        e.process = look_at_process();
        return e;
    }

    std::vector<sample> samples(int round) const {
        std::vector<sample> batch;
        const std::int64_t at = 1'700'000'000 + round * 10;
        for (int i = 0; i < instances_; ++i) {
            const auto app = fmt::format("app{}", i / 2);
            batch.push_back({app, fmt::format("web.{}", i % 2 + 1), at, {10, 0.5, 1e9, 1e8, 1e3, 1e4, 0}});
            if (i % 2 == 0) batch.push_back({app, "", at, std::vector<double>(request_columns, 1)});
        }
        return batch;
    }

    int instances_;
    std::filesystem::path directory_;
    logger log_{"bench", log_level::error};
    asio::io_context io_{1};
    metrics_store store_;
};

}  // namespace

int main(int argc, char** argv) {
    const int instances = argc > 1 ? std::atoi(argv[1]) : 200;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 100;
    const auto directory = std::filesystem::temp_directory_path() / fmt::format("gasper-metrics-{}", ::getpid());
    bench(instances, directory).run(rounds);
}
