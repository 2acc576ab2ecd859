// Who starts what. Jobs and supervision both start instances: what one has under way the other leaves alone until that
// is over, and then looks again, so that none is started twice. Whoever has a hold of an instance waits for no other
// hold. No I/O, of control's executor; it outlives its holds.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "core/base/deadline.hpp"

namespace gasper::control {

class start_book {
    using keys = std::multiset<std::string>;

 public:
    /// As long as it lives nobody else starts that.
    class hold {
     public:
        hold(hold&& other) noexcept : book_(std::exchange(other.book_, nullptr)), at_(other.at_) {}
        hold& operator=(hold&&) = delete;
        ~hold() {
            if (book_) book_->held_.erase(at_);
        }

     private:
        friend start_book;
        hold(start_book& book, std::string key) : book_(&book), at_(book.held_.insert(std::move(key))) {}

        start_book* book_;
        keys::iterator at_;
    };

    /// How soon to look again at what is not free.
    static constexpr std::chrono::milliseconds look_again{10};

    /// `what`: an instance, "web.1", or all of a process type, "web".
    hold take(const std::string& app, const std::string& what) { return {*this, app + "/" + what}; }

    /// Nobody has the instance or its type.
    bool free(const std::string& app, const std::string& process, const std::string& name) const {
        return !held_.contains(app + "/" + process) && !held_.contains(app + "/" + name);
    }

    /// Somebody has an instance of that type.
    bool under_way(const std::string& app, const std::string& process) const {
        const auto prefix = app + "/" + process + ".";
        const auto first = held_.lower_bound(prefix);
        return first != held_.end() && first->starts_with(prefix);
    }

 private:
    keys held_;  // "app/web.1", "app/web"
};

}  // namespace gasper::control
