// Sleep without an end: the processes of an instance get no turn until they are thawed.
#include "runtime/engine/client.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

namespace {

constexpr auto patience = std::chrono::seconds(10);

}  // namespace

// The engine refuses what is so already, with different words from version to version: look instead of reading them.
task<result<>> single_engine::freeze(observed_instance instance) {
    const auto until = deadline::after(patience);
    auto done = co_await engine_.pause_container(instance.container, until);
    if (done) co_return done;
    auto now = co_await engine_.inspect_container(instance.container, until);
    if (now && now->status == "paused") co_return result<>();
    co_return done;
}

task<result<>> single_engine::thaw(observed_instance instance) {
    const auto until = deadline::after(patience);
    auto done = co_await engine_.unpause_container(instance.container, until);
    if (done) co_return done;
    auto now = co_await engine_.inspect_container(instance.container, until);
    if (now && now->status == "running") co_return result<>();
    co_return done;
}

}  // namespace gasper::runtime
