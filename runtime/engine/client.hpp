// The Docker Engine's HTTP API over its Unix socket, as typed calls. Every call comes from the executor the client was
// made on (one handler at a time) and is bounded by its deadline; a call that is cancelled or too late closes its
// connection. Refusals carry the engine's own message; an engine that is not there is errc::unavailable. The API
// version is negotiated at the first call. The client must outlive the streams it gives out.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/jobs/job_log.hpp"
#include "runtime/engine/transport.hpp"
#include "runtime/engine/types.hpp"

namespace gasper::runtime {

struct engine_options {
    std::filesystem::path socket{"/var/run/docker.sock"};
    std::size_t idle_connections{8};
    std::chrono::milliseconds probe{5000};  // for the version question before the first call
};

class engine_client {
 public:
    engine_client(asio::any_io_executor executor, engine_options options, logger& log);
    ~engine_client();
    engine_client(const engine_client&) = delete;
    engine_client& operator=(const engine_client&) = delete;

    asio::any_io_executor executor() const { return executor_; }
    const std::filesystem::path& socket() const { return options_.socket; }

    // The engine itself
    /// Asks anew: the newest API version that both know, at least 1.41. Refuses an engine that is too old or too new.
    task<result<engine_version>> negotiate(deadline until);
    task<result<>> ping(deadline until);
    task<result<engine_info>> info(deadline until);

    // Containers. `id` is an id or a name.
    task<result<std::string>> create_container(container_spec spec, deadline until);
    /// No error when it runs already.
    task<result<>> start_container(std::string id, deadline until);
    task<result<>> stop_container(std::string id, std::chrono::seconds grace, deadline until);
    /// errc::conflict when it does not run.
    task<result<>> kill_container(std::string id, std::string signal, deadline until);
    /// With its anonymous volumes, running or not. No error when it is gone already.
    task<result<>> remove_container(std::string id, deadline until);
    task<result<container_state>> inspect_container(std::string id, deadline until);
    /// All, running or not, that carry all of these labels ("key=value" or "key").
    task<result<std::vector<container_summary>>> list_containers(std::vector<std::string> with_labels, deadline until);
    /// The exit status, when it does not run any more.
    task<result<int>> wait_container(std::string id, deadline until);
    /// Refused when it is so already.
    task<result<>> pause_container(std::string id, deadline until);
    task<result<>> unpause_container(std::string id, deadline until);
    /// What it may use, in bytes; 0: no limit.
    task<result<std::int64_t>> memory_limit(std::string id, deadline until);
    task<result<container_stats>> stats(std::string id, deadline until);
    /// The container's streams. Attach before the start to miss nothing. Multiplexed unless it has a terminal.
    task<result<std::unique_ptr<raw_stream>>> attach_container(std::string id, bool input, deadline until);

    /// Of its terminal.
    task<result<>> resize_container(std::string id, int columns, int rows, deadline until);

    struct log_query {
        int tail{-1};  // -1: all
        bool follow{false};
        std::int64_t since_nanoseconds{0};
    };
    /// Multiplexed lines with timestamps, as the engine sends them.
    task<result<std::unique_ptr<reply_stream>>> container_logs(std::string id, log_query query, deadline until);

    // Commands in a container
    task<result<std::string>> create_exec(std::string container, exec_spec spec, deadline until);
    task<result<std::unique_ptr<raw_stream>>> start_exec(std::string exec, bool terminal, deadline until);
    task<result<>> resize_exec(std::string exec, int columns, int rows, deadline until);
    task<result<exec_state>> inspect_exec(std::string exec, deadline until);

    // Networks
    task<result<std::string>> create_network(network_spec spec, deadline until);
    task<result<network_info>> inspect_network(std::string name, deadline until);
    task<result<std::vector<network_info>>> list_networks(deadline until);
    task<result<>> connect_network(std::string network, std::string container, std::vector<std::string> aliases,
                                   deadline until);
    task<result<>> disconnect_network(std::string network, std::string container, deadline until);
    /// No error when it is gone already.
    task<result<>> remove_network(std::string name, deadline until);

    // Images
    task<result<bool>> image_exists(std::string reference, deadline until);
    /// errc::not_found when the engine has none of that name.
    task<result<image_info>> inspect_image(std::string reference, deadline until);
    task<result<std::vector<image_info>>> list_images(std::vector<std::string> with_labels, deadline until);
    task<result<>> pull_image(std::string reference, line_sink progress, deadline until);
    /// An image from the tar of a root file system. `changes` are Dockerfile instructions ("ENV A=b", "LABEL …").
    task<result<image_info>> import_image(byte_source tar, std::string reference, std::vector<std::string> changes,
                                          deadline until);
    /// The same from a file, read on the client's own thread.
    task<result<image_info>> import_image_file(std::filesystem::path tar, std::string reference,
                                               std::vector<std::string> changes, deadline until);
    /// The image's id. A step that fails is a refusal "image_build_failed" with the builder's message.
    task<result<std::string>> build_image(build_image_spec spec, line_sink progress, deadline until);
    task<result<>> tag_image(std::string reference, std::string new_reference, deadline until);
    /// No error when it is gone already; errc::conflict when a container uses it.
    task<result<>> remove_image(std::string reference, deadline until);
    /// Dangling images with all of these labels; bytes given back.
    task<result<std::int64_t>> prune_images(std::vector<std::string> with_labels, deadline until);

    // Events
    /// Hands over events of these kinds until `until` (then no error) or until the engine cuts the stream.
    task<result<>> events(std::vector<std::string> with_labels, std::vector<std::string> actions,
                          std::int64_t since_nanoseconds, std::function<void(engine_event)> sink, deadline until);

    std::size_t idle_connections() const noexcept { return transport_.idle(); }

 private:
    /// "/v1.41" + rest, once the version is known.
    task<result<std::string>> versioned(std::string rest, deadline until);
    /// The answer to a call, refused unless 2xx (or 304).
    task<result<http_reply>> call(std::string method, std::string rest, std::string body, deadline until);
    task<result<std::unique_ptr<reply_stream>>> open(http_request request, deadline until);
    /// Reads a progress stream to its end; the last "aux" id, or the refusal that the stream carried.
    task<result<std::string>> follow_progress(reply_stream& stream, std::string code, line_sink progress,
                                              deadline until);

    asio::any_io_executor executor_;
    engine_options options_;
    logger& log_;
    transport transport_;
    blocking_pool files_{"engine-files", 1};
    std::string version_;  // empty: not negotiated
};

}  // namespace gasper::runtime
