// Databases as attachable services: create, attach, detach, destroy. What a command, a request and a click share. All
// functions run on the control executor. Long work is a job of key "service:<name>", or of the app's when it makes a
// release.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/archives/archives.hpp"
#include "control/identity.hpp"
#include "control/services/service_stats.hpp"
#include "control/services/tunnels.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/service.hpp"
#include "core/model/upgrade.hpp"
#include "runtime/services/kind.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

class platform;

struct service_view {
    service info;
    std::string title;    // "PostgreSQL"
    std::string state;    // "creating", "up", "starting", "stopped", "restarting", "upgrading", "down"
    std::string address;  // from this host; empty: it does not run
    std::string host;     // from attached apps
    std::uint16_t port{0};
    limits limit;
    std::int64_t memory_bytes{0};           // in use; 0: not known
    std::int64_t disk_bytes{0};             // what its files take; 0: nobody looked yet
    std::int64_t disk_limit_bytes{0};       // of its plan: watched, not enforced
    std::optional<service_stats> stats;     // of one that runs; in a list from the last ask_figures(), if any
    std::optional<sys_time> backed_up;      // when the newest verified backup was taken
    std::optional<archive_view> archive;    // none: nothing was ever archived of it, or a list
    std::vector<attachment> attachments;    // without passwords
    std::optional<upgrade> kept;            // data of the version before, until that is confirmed or brought back
    std::optional<exposure> exposed;        // without password and key; none: nobody outside reaches it
    std::optional<sys_time> exposed_until;  // when the certificate ends that is shown there
};

struct new_service {
    std::string kind, name;
    std::string plan, version;  // empty: the kind's default
};

struct new_attachment {
    std::string service, app;
    std::string alias;  // "BLUE" for BLUE_URL; empty: the kind's own variable
    service_rights rights{service_rights::read_write};
};

struct console_request {
    std::string service;
    bool terminal{false};
    int columns{80}, rows{24};
    std::string term{"xterm-256color"};
};

struct opened_console {
    // No aggregate: those are destroyed twice when they pass through a co_await expression (docs/adr/0004).
    opened_console() = default;
    opened_console(std::string w, std::unique_ptr<runtime::terminal> t) : what(std::move(w)), streams(std::move(t)) {}

    std::string what;  // "psql"
    std::unique_ptr<runtime::terminal> streams;
};

/// Where a database is reached from this machine.
struct way_in {
    way_in() = default;  // no aggregate, as above
    way_in(std::string a, std::uint16_t p, std::shared_ptr<const open_tunnel> r)
        : address(std::move(a)), port(p), right(std::move(r)) {}

    std::string address;
    std::uint16_t port{0};
    std::shared_ptr<const open_tunnel> right;  // kept as long as the way is used
};

class services {
 public:
    explicit services(platform& p) : platform_(p) {}

    /// A server of its own, ready when the job ends.
    task<result<job_id>> create(identity who, new_service wanted);
    /// Its row alone, not made yet: for a job that starts and fills it. Errors: as create()'s.
    task<result<service>> add(identity who, new_service wanted);
    task<result<std::vector<service_view>>> list(identity who);
    task<result<service_view>> info(identity who, std::string name);
    /// Lets the servers say what list() shows of them the next time; at most once a minute.
    void ask_figures();
    /// The longest first. errc::invalid when its kind keeps no such list, errc::conflict when it does not run.
    task<result<std::vector<slow_statement>>> slow(identity who, std::string name);
    /// With all that is in it. `confirm` must equal the name. errc::conflict while an app is attached.
    task<result<job_id>> destroy(identity who, std::string name, std::string confirm);

    /// "start", "stop" or "restart": a stopped server stays so until it is started.
    task<result<job_id>> order(identity who, std::string name, std::string what);

    /// A release with the variable, by a job of the app. Whoever may use both may attach.
    task<result<job_id>> attach(identity who, new_attachment wanted);
    /// A release without it; then its user is taken away. `variable` is needed when the app has several.
    task<result<job_id>> detach(identity who, std::string name, std::string app, std::string variable);

    /// A new user in the place of an attachment's, as a release; the old one is valid until no instance has it.
    task<result<job_id>> rotate(identity who, std::string name, std::string app, std::string variable);

    /// A release in which this attachment has the kind's own variable; the one that had it gets another
    /// (own_variable).
    task<result<job_id>> promote(identity who, std::string name, std::string app, std::string variable);

    /// The kind's own console in the server's container, as its administrator.
    task<result<opened_console>> open_console(identity who, console_request wanted);

    /// The database "NAME" or "NAME.db.internal", on its port, that is attached to the app, for who may use the app.
    /// `end`: when that is not so any longer; see open_tunnel.
    task<result<way_in>> find_way(identity who, std::string app, std::string host, int port, std::function<void()> end);

    /// May `who` use this service (owner or admin)? errc::not_found when not.
    task<result<service>> authorize(identity who, std::string name);

 private:
    task<result<service_view>> view_of(service s);
    task<result<attachment>> find_attached(identity who, std::string name, std::string app, std::string variable);

    platform& platform_;
};

}  // namespace gasper::control
