#include "control/services/door_alarms.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <set>

#include "control/certificates/alarm.hpp"
#include "control/services/service_jobs.hpp"
#include "core/store/audit.hpp"
#include "core/store/certificate_alarms.hpp"
#include "core/store/exposures.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

constexpr const char* failing_action = "certificate.failing";

certificate_look look_of(const seen_door& d) {
    certificate_look look;
    look.fingerprint = runtime::fingerprint_of(d.e.certificate);
    look.valid = runtime::validity_of(d.e.certificate);
    // A port that is another's is no fault of the certificate.
    if (d.opened || d.opened.error().kind == errc::conflict) return look;
    look.refused = d.opened.error().code;
    look.why = d.opened.error().message;
    return look;
}

// Nothing when somebody renewed or unexposed it since the look.
void write_alarm(SQLite::Database& db, const secret_box& box, const exposure& e, const certificate_decision& d) {
    const auto still = store::find_exposure(db, box, e.service);
    if (!still || still->certificate != e.certificate || still->port != e.port) return;
    const auto key = service_job_key(e.service_name);
    store::set_certificate_alarm(db, key, d.alarm);
    std::set<std::string> apps;
    for (const auto& a : store::attachments_of(db, box, e.service))
        apps.insert(a.app_name);
    for (const auto& what : d.say) {
        store::add_audit(db, "gasper", failing_action, key, what);
        for (const auto& app : apps)
            store::add_audit(db, "gasper", failing_action, app, e.service_name + ": " + what);
    }
}

}  // namespace

task<> tell_of_certificates(parts& p, std::vector<seen_door> seen) {
    const auto at = p.clock();
    const auto told = co_await p.db.read([](SQLite::Database& db) { return store::all_certificate_alarms(db); });
    for (const auto& d : seen) {
        const auto before = told.find(service_job_key(d.e.service_name));
        certificate_alarm last;
        if (before != told.end()) last = before->second;
        const auto decided = decide(look_of(d), at, last);
        if (decided.alarm == last) continue;
        co_await p.db.transaction([&](SQLite::Database& db) { write_alarm(db, p.box, d.e, decided); });
    }
}

}  // namespace gasper::control
