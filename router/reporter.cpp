#include "router/reporter.hpp"

namespace gasper::router {

void reporter::leaving(const std::vector<std::shared_ptr<upstream>>& gone,
                       std::shared_ptr<const std::atomic<unsigned>> workers_behind) {
    for (const auto& u : gone)
        leaving_.push_back({u, workers_behind});
}

leaving_instances reporter::gather_leaving() {
    leaving_instances now;
    std::erase_if(leaving_, [&now](const leaving_instance& l) {
        // In this order: a worker that is behind may take one more request, one that is not takes none.
        const bool behind = l.workers_behind->load() != 0;
        const auto n = std::max<std::uint64_t>(l.instance->outstanding.load(), behind ? 1 : 0);
        if (n != 0) now.in_flight[l.instance->address_text()] += n;
        return n == 0;
    });
    return now;
}

feed_report reporter::next_report(bool anew) {
    feed_report out;
    auto now = gather_leaving();
    if (anew || now != said_leaving_) out.leaving = now;
    said_leaving_ = std::move(now);
    return out;
}

clock::time_point reporter::next_due() const {
    return leaving_.empty() ? clock::time_point::max() : clock::now() + leaving_interval;
}

}  // namespace gasper::router
