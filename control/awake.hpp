// People in a sleeping app: a shell or a one-off wakes it as a request does, and it does not fall asleep under them.
#pragma once

#include <memory>
#include <string>

#include "control/parts.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

/// While one is there the app does not fall asleep; its idle time counts from the end of the last. Of control's
/// executor; `parts` outlives it.
class awake_hold {
 public:
    awake_hold(parts& p, std::string app);
    awake_hold(awake_hold&& other) noexcept
        : parts_(std::exchange(other.parts_, nullptr)), app_(std::move(other.app_)) {}
    awake_hold& operator=(awake_hold&&) = delete;
    ~awake_hold();

 private:
    parts* parts_;
    std::string app_;
};

/// The app is awake when it returns, as far as it can be: one that was stopped has begun to start. `why` goes to the
/// app's log: "ann (shell)".
task<awake_hold> keep_awake(parts& p, app_id id, std::string app, std::string why);

/// Waits for the first instance of an app that is on its way up, no longer than an instance may take to start.
task<> wait_risen(parts& p, std::string app);

/// The terminal, with the app awake as long as it is there.
std::unique_ptr<runtime::terminal> keep_awake_while(std::unique_ptr<runtime::terminal> open, awake_hold hold);

}  // namespace gasper::control
