#include "mongodb/server/budget.hpp"

namespace gasper::mongodb {

budget::share::~share() {
    if (of_) of_->give(bytes_);
}

task<bool> budget::take(share& into, std::size_t bytes, deadline until) {
    asio::steady_timer turn(executor_, until.at());
    const auto me = waiting_.insert(waiting_.end(), {bytes, &turn, false});
    struct leave {
        budget& of;
        std::list<waiter>::iterator me;
        bool taken{false};
        ~leave() {
            const auto unused = me->granted && !taken ? me->bytes : 0;
            of.waiting_.erase(me);
            of.give(unused);  // also: who was behind may go now
        }
    } guard{*this, me};
    grant();
    boost::system::error_code ended;
    if (!me->granted) co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (!me->granted) {
        if (ended == asio::error::operation_aborted) throw boost::system::system_error(ended);
        co_return false;
    }
    into.of_ = this;
    into.bytes_ = bytes;
    guard.taken = true;
    co_return true;
}

void budget::give(std::size_t bytes) {
    left_ += bytes;
    grant();
}

void budget::grant() {
    for (auto& w : waiting_) {
        if (w.granted) continue;
        if (w.bytes > left_) return;  // the first in line keeps its place
        left_ -= w.bytes;
        w.granted = true;
        w.turn->cancel();
    }
}

}  // namespace gasper::mongodb
