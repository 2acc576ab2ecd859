// The engine's client and the cluster on it, as serve and admin both make them.
#pragma once

#include <string>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/log.hpp"
#include "gasper/roles.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/services/service_host.hpp"
#include "runtime/single_engine.hpp"

namespace gasper {

struct engine_settings {
    std::string socket;                     // empty: /var/run/docker.sock
    std::string pool;                       // of subnets; empty: the cluster's default
    std::vector<std::uint16_t> open_ports;  // of this host, that containers may reach
};

struct engine_parts {
    engine_parts(asio::any_io_executor executor, const places& at, const engine_settings& settings,
                 blocking_pool& files, logger& log);

    runtime::engine_client client;
    runtime::single_engine cluster;
    runtime::service_host services;
};

}  // namespace gasper
