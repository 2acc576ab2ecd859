#include <csignal>
#include <cstdio>
#include <exception>

#include "core/base/crypto.hpp"
#include "gasper/config.hpp"
#include "gasper/roles.hpp"
#include "gasper/version.hpp"
#include "receiver/receive_pack_stdio.hpp"

namespace {

constexpr const char* usage = R"(usage: gasper ROLE [OPTIONS]

  serve         the control plane: SSH, builds, releases, API; starts the two below
  router        the HTTP router
  dns           the DNS server
  admin         on the server's own shell: create-admin, add-key, stop
  receive-pack  --stdio DIR: git's receive-pack on standard input and output
  version       print the version

`gasper serve --help-config` lists every setting, `gasper serve --check-config` checks yours.
`gasper ROLE --help` says more about the others.
)";

int serve(int argc, char** argv) {
    const auto loaded = gasper::load_configuration(gasper::configuration_sources::from_process(argc, argv));
    if (loaded.help) {
        std::fputs(gasper::help_configuration().c_str(), stdout);
        return 0;
    }
    for (const auto& line : loaded.warnings)
        std::fprintf(stderr, "warning: %s\n", line.c_str());
    for (const auto& line : loaded.errors)
        std::fprintf(stderr, "%s\n", line.c_str());
    if (!loaded.errors.empty()) return 78;  // EX_CONFIG
    if (loaded.check) {
        std::puts("the configuration is good");
        return 0;
    }
    return gasper::run_serve(loaded.value);
}

int receive_pack(const std::vector<std::string>& arguments) {
    if (arguments.size() == 2 && arguments[0] == "--stdio")
        return gasper::receiver::run_receive_pack_stdio(arguments[1]);
    std::fputs("usage: gasper receive-pack --stdio DIR\n", stderr);
    return 64;  // EX_USAGE
}

int dispatch(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "";
    const std::vector<std::string> arguments(argv + std::min(argc, 2), argv + argc);
    if (role == "serve") return serve(argc, argv);
    if (role == "router") return gasper::run_router(arguments);
    if (role == "dns") return gasper::run_dns(arguments);
    if (role == "admin") return gasper::run_admin(arguments);
    if (role == "receive-pack") return receive_pack(arguments);
    if (role == "version" || role == "--version") {
        std::printf("gasper %s\n", gasper::version);
        return 0;
    }
    const bool asked = role == "help" || role == "--help" || role == "-h";
    std::fputs(usage, asked ? stdout : stderr);
    return asked ? 0 : 64;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        gasper::init_crypto();
        return dispatch(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gasper: %s\n", e.what());
        return 70;  // EX_SOFTWARE
    }
}
