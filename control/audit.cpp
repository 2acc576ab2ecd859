#include "control/audit.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/parts.hpp"
#include "control/platform.hpp"

namespace gasper::control {

task<> record(parts& p, std::string user, std::string action, std::string app, std::string detail) {
    co_await p.db.transaction([&](SQLite::Database& db) { store::add_audit(db, user, action, app, detail); });
}

task<result<std::vector<store::audit_entry>>> audit::list(identity who, query what) {
    if (!what.app.empty() && !who.admin) {
        auto found = co_await platform_.apps().authorize(who, what.app);
        if (!found) co_return found.error();
    }
    store::audit_query q{.app = what.app, .of = {}, .before = what.before, .most = what.most};
    if (!who.admin) q.of = who.id;
    co_return co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::find_audit(db, q); });
}

}  // namespace gasper::control
