#include <SQLiteCpp/SQLiteCpp.h>

#include <map>

#include "control/archives/collecting.hpp"
#include "control/backups/places.hpp"
#include "core/store/archives.hpp"

namespace gasper::control {

namespace {

using std::chrono::minutes;

/// Places by name, each made once.
class known_places {
 public:
    explicit known_places(parts& p) : p_(p) {}

    task<result<>> remove(std::string place, std::string object) {
        if (!places_.contains(place)) {
            auto made = co_await backup_place_of(p_, place);
            if (!made) co_return made.error();
            places_[place] = std::move(*made);
        }
        co_return co_await places_[place]->remove(std::move(object), deadline::after(minutes(5)));
    }

 private:
    parts& p_;
    std::map<std::string, std::shared_ptr<backup_place>> places_;
};

// What is there goes before what says so: a cut leaves a row of nothing, which goes the next time. Bases go first: what
// covers nothing any more promises nothing.
task<result<>> remove_from_places(parts& p, const archive_contents& gone) {
    known_places places(p);
    for (const auto& b : gone.bases) {
        auto removed = co_await places.remove(b.place, b.object);
        if (!removed) co_return removed;
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_archive_base(db, b.id); });
    }
    for (const auto& s : gone.segments) {
        auto removed = co_await places.remove(s.place, s.object);
        if (!removed) co_return removed;
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_archive_segment(db, s); });
    }
    co_return result<>();
}

}  // namespace

task<> retire_archive(parts& p, archive_id id) {
    const auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_archive(db, id); });
    if (!a) co_return;
    const bool goes_on = a->on && a->service;
    auto all = co_await contents_of(p, id);
    const auto gone = not_needed(all, goes_on ? a->run : std::string(), old_now(p) - std::chrono::days(a->keep));
    auto removed = co_await remove_from_places(p, gone);
    if (!removed) {
        p.log.warn("what is old of an archive stays",
                   {{"service", a->service_name}, {"reason", removed.error().message}});
        co_return;
    }
    const bool empty = gone.bases.size() == all.bases.size() && gone.segments.size() == all.segments.size();
    if (!empty || goes_on || (a->service && !a->run.empty())) co_return;
    co_await p.db.transaction([id](SQLite::Database& db) { store::remove_archive(db, id); });
}

task<> retire_archives(parts& p) {
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_archives(db); });
    for (const auto& a : all)
        co_await retire_archive(p, a.id);
}

}  // namespace gasper::control
