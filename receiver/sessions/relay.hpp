// Text from control's executor to a door's: control calls the sink where it runs, the door hears it where it runs,
// in order, until the relay is gone; what comes later is dropped.
#pragma once

#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"

namespace gasper::receiver {

class relay {
 public:
    using listener = std::function<void(std::string_view)>;

    relay(asio::any_io_executor here, listener to)
        : here_(std::move(here)), listener_(std::make_shared<listener>(std::move(to))) {}
    ~relay() { *listener_ = nullptr; }
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;

    /// May be called on any thread, one call at a time, also when the relay is gone.
    listener sink() const {
        return [here = here_, to = listener_](std::string_view text) {
            asio::post(here, [to, copy = std::string(text)] {
                if (*to) (*to)(copy);
            });
        };
    }

 private:
    asio::any_io_executor here_;
    std::shared_ptr<listener> listener_;
};

}  // namespace gasper::receiver
