#include "mongodb/server/cursors.hpp"

namespace gasper::mongodb {

std::vector<std::int64_t> cursor_store::open(std::int64_t id, std::string user, std::string space,
                                             std::string continuation, clock::time_point now) {
    close(id);
    bytes_ += continuation.size();
    by_age_.push_back(id);
    cursors_[id] = {std::move(user), std::move(space), std::move(continuation), now, std::prev(by_age_.end()), false};
    std::vector<std::int64_t> gone;
    for (auto at = by_age_.begin();
         at != std::prev(by_age_.end()) && (cursors_.size() > options_.most || bytes_ > options_.most_bytes);) {
        const auto oldest = *at++;
        if (cursors_.at(oldest).busy) continue;
        close(oldest);
        gone.push_back(oldest);
    }
    return gone;
}

answer<std::string> cursor_store::use(std::int64_t id, const std::string& user, const std::string& space) {
    const auto found = cursors_.find(id);
    // Another user's cursor looks like none.
    if (found == cursors_.end() || found->second.user != user) {
        return command_error{cursor_not_found, "cursor id " + std::to_string(id) + " not found"};
    }
    if (found->second.space != space) {
        return command_error{unauthorized, "Requested getMore on namespace '" + space +
                                               "', but cursor belongs to a different namespace " + found->second.space};
    }
    if (found->second.busy)
        return command_error{cursor_in_use, "cursor id " + std::to_string(id) + " is already in use"};
    found->second.busy = true;
    return found->second.continuation;
}

void cursor_store::touch(cursor& c, clock::time_point now) {
    c.busy = false;
    c.used = now;
    by_age_.splice(by_age_.end(), by_age_, c.age);
}

void cursor_store::advance(std::int64_t id, std::string continuation, clock::time_point now) {
    const auto found = cursors_.find(id);
    if (found == cursors_.end()) return;  // killed meanwhile
    bytes_ = bytes_ - found->second.continuation.size() + continuation.size();
    found->second.continuation = std::move(continuation);
    touch(found->second, now);
}

void cursor_store::release(std::int64_t id, clock::time_point now) {
    if (const auto found = cursors_.find(id); found != cursors_.end()) touch(found->second, now);
}

void cursor_store::close(std::int64_t id) {
    const auto found = cursors_.find(id);
    if (found == cursors_.end()) return;
    bytes_ -= found->second.continuation.size();
    by_age_.erase(found->second.age);
    cursors_.erase(found);
}

bool cursor_store::kill(std::int64_t id, const std::string& user) {
    const auto found = cursors_.find(id);
    if (found == cursors_.end() || found->second.user != user) return false;
    close(id);
    return true;
}

std::vector<std::int64_t> cursor_store::expire(clock::time_point now) {
    std::vector<std::int64_t> gone;
    for (auto at = by_age_.begin(); at != by_age_.end();) {
        const auto id = *at++;
        const auto& c = cursors_.at(id);
        if (now - c.used < options_.idle_time) break;
        if (c.busy) continue;
        close(id);
        gone.push_back(id);
    }
    return gone;
}

}  // namespace gasper::mongodb
