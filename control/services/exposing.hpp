// Services that are reached from outside this host (docs/adr/0014): what a command, a request and a click share. All
// functions run on the control executor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

class platform;
struct parts;

struct new_exposure {
    std::string service;
    std::int64_t port{0};
    std::string allowed;                   // "192.0.2.0/24,2001:db8::/32"
    bool anyone{false};                    // networks as wide as all addresses are meant
    std::optional<service_rights> rights;  // none: as before, or rw
};

struct exposure_view {
    exposure info;                        // without password and key
    std::string host;                     // of the URL
    std::string url;                      // only when it was exposed just now: nobody sees it again
    std::string fingerprint;              // of the certificate, SHA-256
    std::optional<sys_time> valid_until;  // of the certificate; none: it cannot be read
    std::string note;                     // how this kind is reached, where that is not as one knows it
    bool open{false};                     // the port is heard
    std::size_t connections{0};
};

class exposures {
 public:
    explicit exposures(platform& p) : platform_(p) {}

    /// Of one that is exposed already it changes port and networks, and cuts what is open; user, password and
    /// certificate stay. Errors: invalid (port, networks, kind), conflict (the port is taken, the server does not run).
    task<result<exposure_view>> expose(identity who, new_exposure wanted);
    /// Port, user and certificate are gone.
    task<result<>> unexpose(identity who, std::string name);
    /// A new certificate in the place of the one that clients pin, shown at once; what is connected is cut. Port,
    /// networks and user stay. Errors: not_found, conflict (it changed meanwhile, the port is taken: nothing changed).
    task<result<exposure_view>> renew(identity who, std::string name);
    /// not_found when it is not exposed.
    task<result<exposure_view>> show(identity who, std::string name);

 private:
    task<result<exposure>> make_new(identity who, service s, new_exposure wanted, std::string allowed);
    task<result<exposure>> change(identity who, exposure there, new_exposure wanted, std::string allowed);
    exposure_view view_of(exposure e);

    platform& platform_;
};

/// There is a door for each exposure in the store but of those that are walled off, and no other, and no tunnel whose
/// right has ended.
task<> look_at_doors(parts& p);
/// The same as long as the process lives, at its beginning at once.
task<> keep_doors(parts& p);

}  // namespace gasper::control
