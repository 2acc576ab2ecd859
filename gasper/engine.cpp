#include "gasper/engine.hpp"

namespace gasper {

namespace {

runtime::engine_options engine_at(const std::string& socket) {
    runtime::engine_options o;
    if (!socket.empty()) o.socket = socket;
    return o;
}

runtime::single_engine_options cluster_at(const places& at, const engine_settings& settings) {
    runtime::single_engine_options o;
    o.data = at.data;
    if (!settings.pool.empty()) o.pool = settings.pool;
    o.open_host_ports = settings.open_ports;
    return o;
}

}  // namespace

engine_parts::engine_parts(asio::any_io_executor executor, const places& at, const engine_settings& settings,
                           blocking_pool& files, logger& log)
    : client(executor, engine_at(settings.socket), log),
      cluster(client, files, cluster_at(at, settings), log),
      services(client, cluster.networks(), {.id = cluster.id()}, log) {}

}  // namespace gasper
