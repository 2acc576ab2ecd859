#include "control/drains/drains.hpp"
#include "control/views/views.hpp"
#include "control/webhooks/webhooks.hpp"

namespace gasper::control {

nlohmann::json as_json(const drain_view& d) {
    return {
        {"id", d.id}, {"url", d.url}, {"state", d.state}, {"dropped", d.dropped}, {"created", to_rfc3339(d.created)}};
}

nlohmann::json as_json(const store::webhook& w) {
    nlohmann::json out{{"id", w.id},
                       {"events", w.actions},
                       {"failures", w.failures},
                       {"last_error", w.last_error},
                       {"created", to_rfc3339(w.created)}};
    if (is_mail(w))
        out["address"] = w.url.substr(webhooks::mail_scheme.size());
    else
        out["url"] = w.url;
    return out;
}

nlohmann::json as_json(const new_webhook& made) {
    auto out = as_json(made.hook);
    if (!is_mail(made.hook)) out["secret"] = made.secret;
    return out;
}

}  // namespace gasper::control
