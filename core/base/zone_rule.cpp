#include "core/base/zone_rule.hpp"

#include <algorithm>

namespace gasper {

namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

/// Takes what a TZ string is made of; after the first thing that is wrong every answer is nothing.
class rule_cursor {
 public:
    explicit rule_cursor(std::string_view text) : rest_(text) {}

    bool failed() const noexcept { return failed_; }
    bool done() const noexcept { return rest_.empty(); }
    bool next_is(char c) const noexcept { return !rest_.empty() && rest_.front() == c; }
    bool take(char c) {
        if (!next_is(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void need(char c) { failed_ |= !take(c); }

    void name() {
        if (take('<')) {
            const auto end = rest_.find('>');
            failed_ |= end == rest_.npos;
            rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
            return;
        }
        const auto end = std::min(rest_.find_first_of("+-0123456789,"), rest_.size());
        failed_ |= end < 3;
        rest_.remove_prefix(end);
    }

    int number(int least, int most) {
        int n = 0, digits = 0;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && digits < 4) {
            n = n * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
            ++digits;
        }
        failed_ |= digits == 0 || n < least || n > most;
        return n;
    }

    /// [+-]hh[:mm[:ss]], up to a week of hours.
    seconds time() {
        const bool negative = take('-');
        if (!negative) take('+');
        int s = number(0, 167) * 3600;
        if (take(':')) {
            s += number(0, 59) * 60;
            if (take(':')) s += number(0, 59);
        }
        return seconds(negative ? -s : s);
    }

    zone_rule::change change() {
        using kind = zone_rule::change::kind;
        zone_rule::change c;
        if (take('M')) {
            c.month = number(1, 12);
            need('.');
            c.week = number(1, 5);
            need('.');
            c.weekday = number(0, 6);
        } else {
            c.how = take('J') ? kind::julian : kind::zero_based;
            c.day = number(c.how == kind::julian ? 1 : 0, 365);
        }
        if (take('/')) c.time = time();
        return c;
    }

 private:
    std::string_view rest_;
    bool failed_{false};
};

}  // namespace

sys_days zone_rule::change::day_in(std::chrono::year y) const {
    const sys_days first = y / 1 / 1;
    if (how == kind::zero_based) return first + days(day);
    if (how == kind::julian) return first + days(day - 1 + (y.is_leap() && day >= 60 ? 1 : 0));
    const auto in = y / std::chrono::month(static_cast<unsigned>(month));
    const std::chrono::weekday on(static_cast<unsigned>(weekday));
    if (week == 5) return in / on[std::chrono::last];
    return in / on[static_cast<unsigned>(week)];
}

sys_seconds zone_rule::summer_begins(std::chrono::year y) const {
    return sys_seconds(summer->begins.day_in(y)) + summer->begins.time - standard;
}

sys_seconds zone_rule::summer_ends(std::chrono::year y) const {
    return sys_seconds(summer->ends.day_in(y)) + summer->ends.time - summer->offset;
}

result<zone_rule> parse_zone_rule(std::string_view text) {
    const auto bad = fail(errc::invalid, "time_zone_invalid", "the time zone's rule cannot be read");
    if (text.size() > 128) return bad;
    rule_cursor at(text);
    zone_rule rule;
    at.name();
    rule.standard = -at.time();  // POSIX counts west of Greenwich
    if (!at.failed() && !at.done()) {
        at.name();
        zone_rule::summer_time summer{rule.standard + seconds(3600), {}, {}};
        if (!at.next_is(',')) summer.offset = -at.time();
        at.need(',');
        summer.begins = at.change();
        at.need(',');
        summer.ends = at.change();
        rule.summer = summer;
    }
    if (at.failed() || !at.done()) return bad;
    return rule;
}

}  // namespace gasper
