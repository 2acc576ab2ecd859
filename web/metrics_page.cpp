#include "web/metrics_page.hpp"

#include <boost/system/system_error.hpp>

#include "control/metrics/metrics.hpp"

namespace gasper::web {

namespace {

response plain(int status, std::string text) {
    response out;
    out.status = status;
    out.fields.set("Content-Type", status == 200 ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
    out.body = std::move(text);
    return out;
}

}  // namespace

task<response> metrics_page::handle(request r) {
    if (r.target.substr(0, r.target.find('?')) != "/metrics") co_return plain(404, "see /metrics\n");
    if (r.verb != method::get && r.verb != method::head) {
        auto out = plain(405, "read it with GET\n");
        out.fields.set("Allow", "GET, HEAD");
        co_return out;
    }
    std::string fault;
    try {
        co_return plain(200, co_await metrics_.exposition());
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    log_.error("the metrics cannot be shown", {{"reason", fault}});
    co_return plain(500, "the metrics cannot be shown now\n");
}

}  // namespace gasper::web
