#include "core/base/rounds.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>

#include "core/base/deadline.hpp"

namespace gasper {

task<> repeat(logger& log, std::string name, std::chrono::milliseconds pause, std::function<task<>()> turn) {
    for (;;) {
        std::string fault;
        try {
            auto work = turn();
            co_await std::move(work);
        } catch (const boost::system::system_error& e) {
            if (e.code() == asio::error::operation_aborted) throw;
            fault = e.what();
        } catch (const std::exception& e) {
            fault = e.what();
        }
        if (!fault.empty()) log.error("a round failed", {{"task", name}, {"reason", fault}});
        const auto least = std::chrono::milliseconds(fault.empty() ? 0 : 1000);
        co_await sleep_until(deadline::after(std::max(pause, least)));
    }
}

}  // namespace gasper
