// An app's way into a service: its user, its network, its variable. For control's own sources.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "control/parts.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// "u_" and 12 hex digits, and a password of 32.
void give_credentials(attachment& a);
std::string url_of(const service& s, const attachment& a);

/// While it lives nobody takes this way for a lost one, and a server that takes another's place has its user: it is
/// being opened, or instances still have it.
class held_way {
 public:
    held_way(service_board& board, const attachment& a)
        : board_(board), at_(board.held_ways.insert(board.held_ways.end(), a)) {}
    held_way(const held_way&) = delete;
    held_way& operator=(const held_way&) = delete;
    ~held_way() { board_.held_ways.erase(at_); }

 private:
    service_board& board_;
    std::list<attachment>::iterator at_;
};

/// Errors: conflict "service_upgrading" while nobody may write into the service: its data is being copied.
result<> check_not_walled(const parts& p, const std::string& service);

/// The user exists, the app's network reaches the service, and one can log in from there. A second time it is as the
/// first.
task<result<>> open_way(parts& p, service s, attachment a, deadline until);
/// The user is gone, and the network when no other attachment needs it. A server that does not run is asked when it
/// does.
task<> close_way(parts& p, service s, attachment a);
/// The same when no instance of a release before `version` is left; until then it is held.
task<> close_when_drained(parts& p, service s, attachment a, int version, std::shared_ptr<held_way> held);

/// Ways that no attachment has are closed: what a job left that was cut. Not those that are held.
task<> close_lost_ways(parts& p, service s);
/// The same for all that run, once the instances that are on their way out now are gone.
task<> close_all_lost_ways(parts& p);

/// Config vars of an older release: what its attachments gave it goes, what today's give comes.
task<> renew_variables(parts& p, app_id id, release_id from, config_vars& vars);

}  // namespace gasper::control
