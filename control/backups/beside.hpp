// A throw-away server beside a service, with data of its own: where a backup proves itself, and where a restore happens
// before it takes the service's place. For control/backups.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "control/backups/contents.hpp"
#include "control/parts.hpp"
#include "control/services/verbs.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

struct server_beside {
    std::string name;            // "blue.beside-1a2b3c4d": no service has a name like it
    std::filesystem::path data;  // data/services/blue/beside-1a2b3c4d
    runtime::observed_service server;
    std::string image{};  // another than the kind's; empty: that
    bool proof{false};    // thrown away, whatever it shows
};

/// A name and a directory; nothing is there yet.
server_beside plan_beside(const parts& p, const std::string& service);
/// Starts it: empty, of the service's kind, version and plan, in no app's network.
task<result<>> start_beside(parts& p, service s, server_beside& beside, line_sink progress, deadline until);
/// Restores a dump into it. `input` refuses: so does this.
task<result<>> restore_beside(parts& p, const server_beside& beside, verb_input input, deadline until);
/// Users are not part of a dump: those of the service's attachments are made in this server as they are, and those that
/// are on their way in or out (held_way).
task<result<>> give_users(parts& p, service s, std::string container);
/// The same in the server that serves now, and no other users: apps were attached, detached and given new ones
/// meanwhile.
task<> agree_on_users(parts& p, service s, job_context& job);
/// What is in a server of the service's kind, by the verb `contents`; nothing when the kind has none.
task<result<contents>> count_contents(parts& p, service s, std::string container);
/// Ends it in good order, so that its data can be used. The server stays, stopped.
task<result<>> stop_beside(parts& p, const service& s, const server_beside& beside);
/// The same, and the server goes.
task<result<>> end_beside(parts& p, const service& s, const server_beside& beside);
/// The server goes, and its data stays. No error when it is not there.
task<> clear_server_beside(parts& p, const server_beside& beside);
/// Server and data go. No error when they are not there.
task<> clear_beside(parts& p, const server_beside& beside);

/// While it lives nobody else removes what is there of it.
class claimed_beside {
 public:
    claimed_beside(service_board& board, const server_beside& beside) : board_(board), name_(beside.name) {
        board_.beside.insert(name_);
    }
    claimed_beside(const claimed_beside&) = delete;
    claimed_beside& operator=(const claimed_beside&) = delete;
    ~claimed_beside() { board_.beside.erase(name_); }

 private:
    service_board& board_;
    std::string name_;
};

/// Is this how plan_beside() names a directory?
bool is_beside(std::string_view directory);
/// Swaps two directories of one parent in one step: whoever looks sees one or the other. On refusal they are as before.
result<> exchange_directories(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace gasper::control
