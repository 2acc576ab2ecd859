#include "core/backups/retention.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

namespace gasper {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_seconds;

error bad_rule(const std::string& why) {
    return fail(errc::invalid, "backup_keep", "what to keep is written daily=7,weekly=4,monthly=6: " + why);
}

int* field_of(keep_rule& rule, std::string_view name) {
    if (name == "daily") return &rule.daily;
    if (name == "weekly") return &rule.weekly;
    if (name == "monthly") return &rule.monthly;
    return nullptr;
}

std::int64_t day_of(sys_seconds at) {
    return floor<days>(at).time_since_epoch().count();
}
std::int64_t week_of(sys_seconds at) {
    const auto since_monday = day_of(at) + 3;  // 1970-01-01 was a Thursday
    return since_monday >= 0 ? since_monday / 7 : (since_monday - 6) / 7;
}
std::int64_t month_of(sys_seconds at) {
    const std::chrono::year_month_day date(floor<days>(at));
    return static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

}  // namespace

result<keep_rule> parse_keep_rule(std::string_view text) {
    keep_rule rule{0, 0, 0};
    std::set<std::string_view> seen;
    if (text.size() > 100) return bad_rule("it is too long");
    for (bool last = false; !last;) {
        const auto comma = std::min(text.find(','), text.size());
        last = comma == text.size();
        const auto word = text.substr(0, comma);
        text.remove_prefix(last ? comma : comma + 1);
        const auto equals = std::min(word.find('='), word.size());
        auto* field = field_of(rule, word.substr(0, equals));
        if (!field) return bad_rule("\"" + std::string(word) + "\" begins otherwise");
        if (!seen.insert(word.substr(0, equals)).second) return bad_rule(std::string(word) + " comes twice");
        const auto number = equals < word.size() ? word.substr(equals + 1) : std::string_view();
        const auto [end, bad] = std::from_chars(number.data(), number.data() + number.size(), *field);
        if (number.empty() || bad != std::errc() || end != number.data() + number.size() || *field < 0 || *field > 1000)
            return bad_rule("\"" + std::string(word) + "\" needs a number from 0 to 1000");
    }
    if (rule.daily + rule.weekly + rule.monthly == 0) return bad_rule("nothing would be kept");
    return rule;
}

std::string to_string(const keep_rule& rule) {
    return "daily=" + std::to_string(rule.daily) + ",weekly=" + std::to_string(rule.weekly) +
           ",monthly=" + std::to_string(rule.monthly);
}

std::vector<std::size_t> superfluous(const keep_rule& rule, const std::vector<sys_seconds>& taken, sys_seconds now) {
    std::vector<std::size_t> order(taken.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return taken[a] > taken[b]; });
    std::vector<std::size_t> out;
    std::set<std::int64_t> day, week, month;
    const auto first_of = [](std::set<std::int64_t>& seen, std::int64_t value, int most) {
        return seen.size() < static_cast<std::size_t>(most) && seen.insert(value).second;
    };
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto at = taken[order[i]];
        if (at > now) continue;
        // Each rule counts for itself: one backup may be the day's, the week's and the month's.
        const bool daily = first_of(day, day_of(at), rule.daily);
        const bool weekly = first_of(week, week_of(at), rule.weekly);
        const bool monthly = first_of(month, month_of(at), rule.monthly);
        if (i > 0 && !daily && !weekly && !monthly) out.push_back(order[i]);
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace gasper
