#include "control/services/tunnels.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/parts.hpp"
#include "core/store/accounts.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

bool has_tunnel_right(SQLite::Database& db, const secret_box& box, const open_tunnel& t) {
    const auto a = store::find_app(db, t.app);
    const auto u = store::find_user(db, t.who.id);
    if (!a || !u || !(u->user.admin || a->owner == t.who.id)) return false;
    const auto attached = store::attachments_of(db, box, t.app);
    return std::any_of(attached.begin(), attached.end(),
                       [&](const attachment& one) { return one.active && one.service_name == t.service; });
}

}  // namespace

std::shared_ptr<const open_tunnel> tunnel_book::add(open_tunnel t) {
    std::erase_if(open_, [](const auto& one) { return one.expired(); });
    auto made = std::make_shared<const open_tunnel>(std::move(t));
    open_.push_back(made);
    return made;
}

std::vector<std::shared_ptr<const open_tunnel>> tunnel_book::all() {
    std::vector<std::shared_ptr<const open_tunnel>> there;
    for (const auto& one : open_)
        if (auto t = one.lock()) there.push_back(std::move(t));
    return there;
}

void tunnel_book::end_all(const std::string& service) {
    for (const auto& t : all())
        if (t->service == service) t->end();
}

task<> end_lost_tunnels(parts& p) {
    auto lost = p.tunnels.all();
    if (lost.empty()) co_return;
    co_await p.db.read([&](SQLite::Database& db) {
        std::erase_if(lost, [&](const auto& t) { return has_tunnel_right(db, p.box, *t); });
    });
    for (const auto& t : lost)
        t->end();
}

}  // namespace gasper::control
