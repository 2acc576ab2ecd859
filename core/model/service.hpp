// Databases and who uses them, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper {

using service_id = id<struct service_tag>;
using attachment_id = id<struct attachment_tag>;

/// A database: a server of its own in a container, its data in a directory that outlives it.
struct service {
    service_id id;
    std::string name;     // as an app's
    std::string kind;     // a folder of runtime/services/kinds: "postgres"
    std::string version;  // one of the kind's: "15"
    std::string plan;     // one of the kind's: "small"
    user_id owner;
    bool made{false};     // its first start succeeded: until then nobody has anything in it
    bool stopped{false};  // by services:stop
    sys_time created{};
};

enum class service_rights { read_write, read_only };
constexpr std::string_view to_string(service_rights r) noexcept {
    return r == service_rights::read_only ? "ro" : "rw";
}
std::optional<service_rights> service_rights_of(std::string_view text) noexcept;

/// An app's way into a service: a user of its own there, and the variable that says how.
struct attachment {
    attachment_id id;
    service_id service;
    std::string service_name;
    gasper::app_id app;
    std::string app_name;
    std::string variable;  // "DATABASE_URL", "BLUE_URL"
    std::string user;      // "u_1a2b3c4d5e6f"
    std::string password;  // plain here, sealed in the store; never logged
    service_rights rights{service_rights::read_write};
    bool active{false};  // a release has it; else its job is under way
    sys_time created{};
};

/// A service that is reached from outside this host: by one port, for some networks, with a user that no app has.
struct exposure {
    service_id service;
    std::string service_name;
    std::uint16_t port{0};
    std::string allowed;  // networks, as runtime::allow_list::text() has them
    std::string user;     // as an attachment's
    std::string password;
    service_rights rights{service_rights::read_write};
    std::string certificate;  // PEM, what clients pin
    std::string key;          // PEM; plain here as the password, sealed in the store
    sys_time created{};
};

/// As check_app_name, for services.
result<> check_service_name(const std::string& name);

/// The variable that `--as BLUE` stands for: BLUE_URL. 1 … 60 of A-Z, 0-9 and '_', beginning with a letter.
result<std::string> attachment_variable(const std::string& alias);

/// What an attachment of this service is called when its kind's own variable is another's: ORDERS_URL, or ORDERS_2_URL
/// when that is taken.
std::string own_variable(const std::string& service, const std::set<std::string>& taken);

}  // namespace gasper
