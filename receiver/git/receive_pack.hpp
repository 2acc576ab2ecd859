// git receive-pack over one client's streams: advertises the refs, reads the commands, takes the pack into a
// quarantine through `git index-pack --strict`, checks with `git rev-list` that nothing is missing, moves the objects
// in and the refs by compare-and-swap, and reports. A ref that deploys is handed to `deploy`, which moves it itself.
// Runs on the client stream's executor; files and libgit2 on the blocking pool.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/jobs/job_log.hpp"
#include "receiver/client_stream.hpp"
#include "receiver/git/progress.hpp"
#include "receiver/git/push_request.hpp"

namespace gasper::receiver {

struct receive_pack_options {
    std::int64_t max_pack_bytes{1ll << 30};
    push_limits limits;
    std::size_t max_refs{10'000};  // in one repository
    std::chrono::seconds keep_alive{5};
    std::chrono::seconds request_time{900};  // a pre-push hook may run tests
    std::chrono::seconds pack_time{1800};
};

/// Deploys what was pushed and moves the ref, or refuses with one line. Called on the client stream's executor, as is
/// `progress` by it.
using deploy_branch = std::function<task<result<>>(ref_command what, line_sink progress)>;

class receive_pack {
 public:
    /// Without `deploy` every ref is only stored.
    receive_pack(client_stream& client, std::filesystem::path repository, receive_pack_options options,
                 blocking_pool& files, deploy_branch deploy);

    /// The exit status. Refusals of single refs are part of the report, and 0.
    task<int> run();

 private:
    task<result<push_request>> read_request();
    void check(const push_request& request);
    task<bool> work(const push_request& request);
    task<result<>> take_pack(const push_request& request);
    task<> apply(const push_request& request);
    task<> apply_stored(std::vector<std::size_t> which, const push_request& request);
    task<> apply_deploy(std::size_t which, const ref_command& command);
    task<int> send_report(const push_request& request);
    task<int> refuse(error why);
    task<> drain();

    client_stream& client_;
    std::filesystem::path repository_;
    receive_pack_options options_;
    blocking_pool& files_;
    deploy_branch deploy_;
    std::vector<advertised_ref> refs_;  // as advertised
    std::string deploying_ref_;
    std::string early_;  // bytes of the pack that came with the commands
    std::string unpack_{"ok"};
    std::vector<ref_outcome> outcomes_;
    std::unique_ptr<progress> progress_;
};

}  // namespace gasper::receiver
