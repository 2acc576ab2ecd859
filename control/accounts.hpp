// Users and their SSH keys. All functions run on the control executor; hop there with co_spawn.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/error.hpp"
#include "core/store/database.hpp"

namespace gasper::control {

class accounts {
 public:
    accounts(database& db, blocking_pool& hashing) : db_(db), hashing_(hashing) {}

    /// The owner of a key, by its "SHA256:…" fingerprint; errc::unauthenticated when nobody's.
    task<result<identity>> by_fingerprint(std::string fingerprint);
    /// errc::unauthenticated for a wrong name or password alike, in the same time.
    task<result<identity>> by_password(std::string name, std::string password);
    task<result<identity>> by_id(user_id id);
    /// For the server's own shell, which needs no proof.
    task<result<identity>> by_name(std::string name);

    /// Creates the user, or sets the password of the one there is.
    task<result<identity>> ensure_user(std::string name, std::string password, bool admin);

    /// `line` is one line of an OpenSSH public key file. Refuses other formats, DSA, RSA under 2048 bits, and a
    /// key that somebody has already.
    task<result<ssh_key>> add_key(identity who, std::string name, std::string line);
    task<result<std::vector<ssh_key>>> keys(identity who);
    task<result<>> remove_key(identity who, std::string name_or_fingerprint);

 private:
    database& db_;
    blocking_pool& hashing_;
};

}  // namespace gasper::control
