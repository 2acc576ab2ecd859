#include "control/webhooks/webhooks.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/mail/mailer.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "core/model/mail_address.hpp"

namespace gasper::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t most_at_once = 16;
constexpr auto patience = std::chrono::hours(24);

milliseconds back_off(int failures) {
    return std::min<milliseconds>(seconds(1) * (1 << std::clamp(failures - 1, 0, 9)), std::chrono::minutes(5));
}

template <class F>
void each_pattern(const std::string& actions, F&& take) {
    for (std::size_t at = 0; at <= actions.size();) {
        const auto end = std::min(actions.find(',', at), actions.size());
        take(actions.substr(at, end - at));
        at = end + 1;
    }
}

bool is_action_letter(char c) {
    return (c >= 'a' && c <= 'z') || c == '.' || c == '_';
}

result<> check_address(const std::string& url) {
    if (!url.starts_with(webhooks::mail_scheme)) {
        const auto address = parse_web_address(url);
        return address ? result<>() : address.error();
    }
    if (is_mail_address(std::string_view(url).substr(webhooks::mail_scheme.size()))) return {};
    return fail(errc::invalid, "mail_address", "that is no mail address, such as ann@example.org");
}

// What a person reads.
mail_message mail_of(const store::webhook& w, const store::audit_entry& e, const std::string& domain,
                     const std::string& from) {
    const auto what = e.action + (e.app.empty() ? "" : " of " + e.app);
    std::string text = what + "\n\n";
    if (!e.detail.empty()) text += e.detail + "\n\n";
    text += "By:   " + e.user + "\nAt:   " + to_rfc3339(e.at) + "\n\n-- \nGasper at " + domain +
            " sends this because of\n" + "notifications:add " + w.app_name + ". To end it: notifications:remove " +
            w.app_name + " " + std::to_string(w.id) + "\n";
    return {.from = from,
            .to = w.url.substr(webhooks::mail_scheme.size()),
            .subject = "[gasper] " + what,
            .text = std::move(text),
            .id = "event-" + std::to_string(e.id) + "." + std::to_string(w.id),
            .at = e.at};
}

bool is_stale(parts& p, const store::audit_entry& e) {
    return old_now(p) - e.at > patience;
}

void give_up(parts& p, store::webhook& w, const store::audit_entry& e) {
    p.log.warn("an event was not delivered",
               {{"webhook", w.id}, {"app", w.app_name}, {"event", e.id}, {"reason", w.last_error}});
    w.last_error = "given up: " + w.last_error;
}

result<> check_actions(const std::string& actions) {
    bool good = actions.size() <= 500;
    each_pattern(actions, [&](const std::string& pattern) {
        const auto plain = pattern.substr(0, pattern.find('*'));
        const bool star_ends = plain.size() + 1 >= pattern.size();
        good = good && !pattern.empty() && star_ends && std::all_of(plain.begin(), plain.end(), is_action_letter);
    });
    if (good) return {};
    return fail(errc::invalid, "webhook_events",
                "events are names like deploy.failed or deploy.*, separated by commas");
}

}  // namespace

webhooks::webhooks(platform& p)
    : platform_(p), mailer_(std::make_unique<mailer>(p.shared().settings.smtp_url, p.shared().settings.domain)) {}
webhooks::~webhooks() = default;

bool is_mail(const store::webhook& w) {
    return w.url.starts_with(webhooks::mail_scheme);
}

bool wants_action(const std::string& actions, const std::string& action) {
    bool wanted = false;
    each_pattern(actions, [&](const std::string& pattern) {
        wanted = wanted || pattern == action ||
                 (pattern.ends_with('*') && action.starts_with(pattern.substr(0, pattern.size() - 1)));
    });
    return wanted;
}

task<result<new_webhook>> webhooks::add(identity who, std::string app, std::string url, std::string actions) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    if (auto good = check_address(url); !good) co_return good.error();
    if (url.starts_with(mail_scheme) && platform_.shared().settings.smtp_url.empty())
        co_return fail(errc::conflict, "mail_unset", "this server sends no mail: its configuration has no smtp_url");
    if (actions.empty()) actions = usual_actions;
    if (auto good = check_actions(actions); !good) co_return good.error();
    auto& p = platform_.shared();
    new_webhook made{.hook = {.app = found->id,
                              .app_name = found->name,
                              .url = url,
                              .actions = actions,
                              .anywhere = who.admin,
                              .created = now()},
                     .secret = random_hex(32)};
    made.hook.secret = p.box.seal(made.secret);
    auto added = co_await p.db.transaction([&](SQLite::Database& db) -> result<std::int64_t> {
        if (store::webhooks_of(db, found->id).size() >= most_of_app)
            return fail(errc::conflict, "too_many_webhooks",
                        "an app has at most " + std::to_string(most_of_app) + " webhooks; remove one first");
        store::add_audit(db, who.name, "webhook.added", found->name, actions);
        return store::add_webhook(db, made.hook);
    });
    if (!added) co_return added.error();
    made.hook.id = *added;
    co_return made;
}

task<result<std::vector<store::webhook>>> webhooks::list(identity who, std::string app) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    co_return co_await platform_.shared().db.read(
        [&](SQLite::Database& db) { return store::webhooks_of(db, found->id); });
}

task<result<>> webhooks::remove(identity who, std::string app, std::int64_t id) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    const bool removed = co_await platform_.shared().db.transaction([&](SQLite::Database& db) {
        if (!store::remove_webhook(db, found->id, id)) return false;
        store::add_audit(db, who.name, "webhook.removed", found->name, "webhook " + std::to_string(id));
        return true;
    });
    if (removed) co_return result<>();
    co_return fail(errc::not_found, "webhook_not_found", app + " has no webhook " + std::to_string(id));
}

task<> webhooks::run() {
    for (;;) {
        co_await start_due();
        co_await sleep_until(deadline::after(seconds(1)));
    }
}

task<> webhooks::start_due() {
    auto& p = platform_.shared();
    const auto newest = co_await p.db.read([](SQLite::Database& db) { return store::newest_audit(db); });
    // Nothing new, and nobody behind: the usual second.
    if (newest == seen_ && next_try_.empty() && busy_.empty()) co_return;
    seen_ = newest;
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_webhooks(db); });
    std::erase_if(next_try_, [&](const auto& tried) {
        return std::none_of(all.begin(), all.end(), [&](const auto& w) { return w.id == tried.first; });
    });
    for (const auto& w : all) {
        if (w.position >= newest || busy_.contains(w.id) || busy_.size() >= most_at_once) continue;
        if (const auto at = next_try_.find(w.id); at != next_try_.end() && at->second > clock::now()) continue;
        busy_.insert(w.id);
        p.background.spawn("webhook", deliver(w));
    }
}

task<> webhooks::deliver(store::webhook w) {
    struct release_at_end {
        std::set<std::int64_t>& busy;
        std::int64_t id;
        ~release_at_end() { busy.erase(id); }
    } const at_end{busy_, w.id};
    auto& p = platform_.shared();
    const auto entries =
        co_await p.db.read([&](SQLite::Database& db) { return store::audit_after(db, w.position, 100); });
    auto last = outcome::dealt_with;
    for (const auto& e : entries) {
        // What is no app's, a full disk, is for admins.
        const bool concerned = e.app == w.app_name || (e.app.empty() && w.anywhere);
        // With one that was given up go all that are as old: each has had its day.
        const bool goes_too = last == outcome::gave_up && is_stale(p, e);
        if (concerned && wants_action(w.actions, e.action) && !goes_too) {
            last = co_await deliver_one(w, e);
            if (last == outcome::later) break;
        }
        w.position = e.id;
    }
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_delivery(db, w); });
    if (last != outcome::later) next_try_.erase(w.id);
    seen_ = -1;  // there may be more
}

task<webhooks::outcome> webhooks::deliver_one(store::webhook& w, const store::audit_entry& e) {
    auto& p = platform_.shared();
    auto sent = co_await send(w, e);
    if (sent) {
        w.failures = 0;
        w.failing_since = {};
        w.last_error.clear();
        co_return outcome::dealt_with;
    }
    const auto at = old_now(p);
    if (w.failures++ == 0) w.failing_since = at;
    w.last_error = sent.error().message;
    if (sent.error().code == "mail_rejected") {
        give_up(p, w, e);
        w.failures = 0;
        co_return outcome::dealt_with;
    }
    // It goes on failing: the next one that was given its day begins no new one.
    if (at - w.failing_since > patience && is_stale(p, e)) {
        give_up(p, w, e);
        co_return outcome::gave_up;
    }
    // Not all at the same moment, after their common server was away.
    const auto pause = back_off(w.failures);
    next_try_[w.id] = clock::now() + pause + pause * static_cast<int>((w.id * 37 + w.failures * 11) % 20) / 100;
    co_return outcome::later;
}

task<result<>> webhooks::send(const store::webhook& w, const store::audit_entry& e) {
    if (is_mail(w)) {
        const auto& s = platform_.shared().settings;
        const auto from = s.smtp_from.empty() ? "gasper@" + s.domain : s.smtp_from;
        auto mail = mail_of(w, e, s.domain, from);
        co_return co_await mailer_->send(std::move(mail), deadline::after(seconds(60)));
    }
    auto address = parse_web_address(w.url);
    if (!address) co_return address.error();
    auto secret = platform_.shared().box.unseal(w.secret);
    if (!secret) co_return secret.error();
    const nlohmann::json event{{"id", e.id},         {"at", to_rfc3339(e.at)}, {"user", e.user},
                               {"action", e.action}, {"app", e.app},           {"detail", e.detail}};
    auto body = event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::map<std::string, std::string> fields{{"X-Gasper-Event", e.action},
                                              {"X-Gasper-Delivery", std::to_string(e.id)},
                                              {"X-Gasper-Signature", signature_of(*secret, body)}};
    auto status = co_await poster_.post(std::move(*address), std::move(fields), std::move(body), w.anywhere,
                                        deadline::after(seconds(10)));
    if (!status) co_return status.error();
    if (*status >= 200 && *status < 300) co_return result<>();
    co_return fail(errc::failed, "webhook_refused", "the server answered " + std::to_string(*status));
}

}  // namespace gasper::control
