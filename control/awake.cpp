#include "control/awake.hpp"

#include "control/sleep.hpp"
#include "control/supervision.hpp"

namespace gasper::control {

namespace {

using std::chrono::milliseconds;

class awake_terminal final : public runtime::terminal {
 public:
    awake_terminal(std::unique_ptr<runtime::terminal> inner, awake_hold hold)
        : hold_(std::move(hold)), inner_(std::move(inner)) {}

    task<result<chunk>> read() override { return inner_->read(); }
    task<result<>> write(std::string data) override { return inner_->write(std::move(data)); }
    task<result<>> close_input() override { return inner_->close_input(); }
    task<result<>> resize(int columns, int rows) override { return inner_->resize(columns, rows); }
    task<result<int>> exit_status() override { return inner_->exit_status(); }

 private:
    awake_hold hold_;
    std::unique_ptr<runtime::terminal> inner_;
};

bool any_up(const parts& p, const std::string& app) {
    const auto instances = p.running.of(app);
    return std::any_of(instances.begin(), instances.end(), [](const auto& i) { return i.state == instance_state::up; });
}

}  // namespace

awake_hold::awake_hold(parts& p, std::string app) : parts_(&p), app_(std::move(app)) {
    ++parts_->sleep.of(app_).people;
}

awake_hold::~awake_hold() {
    // An app that was destroyed meanwhile has no entry, or a new one.
    if (!parts_ || !parts_->sleep.find(app_)) return;
    auto& e = parts_->sleep.of(app_);
    if (e.people > 0) --e.people;
    e.left = deadline::clock::now();
}

task<awake_hold> keep_awake(parts& p, app_id id, std::string app, std::string why) {
    awake_hold hold(p, app);
    if (!p.sleep.sleeps(app)) co_return hold;
    co_await rouse(p, id, app);
    auto agreed = co_await reconcile(p, id, milliseconds(0));
    if (!agreed) p.log.warn("an app does not wake up", {{"app", app}, {"reason", agreed.error().message}});
    co_await note(p, id, "Woken by " + why);
    co_return hold;
}

task<> wait_risen(parts& p, std::string app) {
    const auto patience = deadline::after(p.settings.start_deadline);
    while (!any_up(p, app) && p.sleep.of(app).rising && !patience.expired())
        co_await sleep_until(deadline::after(milliseconds(10)));
}

std::unique_ptr<runtime::terminal> keep_awake_while(std::unique_ptr<runtime::terminal> open, awake_hold hold) {
    return std::make_unique<awake_terminal>(std::move(open), std::move(hold));
}

}  // namespace gasper::control
