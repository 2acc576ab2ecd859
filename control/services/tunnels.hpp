// Tunnels that people have open to databases (ssh -L): each ends when the right to it does. Belongs to the control
// executor; whoever keeps a tunnel's place in the book may let it go on any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

struct parts;

struct open_tunnel {
    identity who;
    app_id app;
    std::string service;
    std::function<void()> end;  // called on the control executor, may be more than once; must not wait
};

class tunnel_book {
 public:
    /// It is in the book until the last copy of what is returned is gone.
    std::shared_ptr<const open_tunnel> add(open_tunnel t);
    std::vector<std::shared_ptr<const open_tunnel>> all();
    /// Whoever may still use this service comes back by a new one.
    void end_all(const std::string& service);

 private:
    std::vector<std::weak_ptr<const open_tunnel>> open_;
};

/// Ends those whose app is not attached any more, or is no longer its person's to use.
task<> end_lost_tunnels(parts& p);

}  // namespace gasper::control
