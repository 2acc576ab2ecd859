// Tells other programs what happened to an app: each webhook follows the audit from where it was made, and gets the
// entries that it asked for, one after the other, as signed JSON by POST. One that fails is tried again after 1 s, 2 s
// … 5 min, for a day; then it is passed over, with all that are as old. So is at once a mail that its server refuses
// for good. At least once, over restarts too. On the control executor.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "control/webhooks/poster.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/store/audit.hpp"
#include "core/store/webhooks.hpp"

namespace gasper::control {

class mailer;
class platform;

struct new_webhook {
    store::webhook hook;
    std::string secret;  // shown once
};

/// It sends mail, and has no secret.
bool is_mail(const store::webhook& w);

/// "deploy.failed", "deploy.*", "*", separated by commas.
bool wants_action(const std::string& actions, const std::string& action);

class webhooks {
 public:
    static constexpr std::size_t most_of_app = 10;
    static constexpr std::string_view mail_scheme = "mailto:";  // an address that begins so gets mail instead
    static constexpr const char* usual_actions =
        "deploy.failed,deploy.succeeded,app.crashed,disk.low,certificate.failing";

    explicit webhooks(platform& p);
    ~webhooks();

    /// `actions` empty: the usual ones. Refuses a bad address and an eleventh webhook.
    task<result<new_webhook>> add(identity who, std::string app, std::string url, std::string actions);
    task<result<std::vector<store::webhook>>> list(identity who, std::string app);
    task<result<>> remove(identity who, std::string app, std::int64_t id);

    /// Delivers until cancelled.
    task<> run();

 private:
    using clock = deadline::clock;
    /// dealt_with: it arrived, or never will; gave_up: its address has been failing for too long.
    enum class outcome { dealt_with, gave_up, later };

    task<> start_due();
    task<> deliver(store::webhook w);
    task<outcome> deliver_one(store::webhook& w, const store::audit_entry& e);
    task<result<>> send(const store::webhook& w, const store::audit_entry& e);

    platform& platform_;
    poster poster_;
    std::unique_ptr<mailer> mailer_;
    std::set<std::int64_t> busy_;
    std::map<std::int64_t, clock::time_point> next_try_;
    std::int64_t seen_{-1};  // the audit's newest entry, when all had it
};

}  // namespace gasper::control
