#include "core/base/cron_expression.hpp"

#include <array>
#include <charconv>
#include <span>
#include <string>
#include <vector>

namespace gasper {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{{{"@yearly", "0 0 1 1 *"},
                                                                               {"@annually", "0 0 1 1 *"},
                                                                               {"@monthly", "0 0 1 * *"},
                                                                               {"@weekly", "0 0 * * 0"},
                                                                               {"@daily", "0 0 * * *"},
                                                                               {"@midnight", "0 0 * * *"},
                                                                               {"@hourly", "0 * * * *"}}};

struct field {
    const char* name;
    int least, most;
    std::span<const std::string_view> names{};
    int first_name{0};  // what the first of them is
};

error wrong(const std::string& what) {
    return fail(
        errc::invalid, "schedule_invalid",
        "the schedule " + what + "; it is MINUTE HOUR DAY MONTH WEEKDAY, such as '30 2 * * mon-fri', or @daily");
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != b[i]) return false;
    return true;
}

// A number or a name of the field; none: neither, or out of its range.
std::optional<int> value_of(const field& f, std::string_view text) {
    for (std::size_t i = 0; i < f.names.size(); ++i)
        if (same(text, f.names[i])) return f.first_name + static_cast<int>(i);
    int n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || ec != std::errc() || end != text.data() + text.size() || n < f.least || n > f.most)
        return std::nullopt;
    return n;
}

struct stretch {
    int from, to, step{1};
};

// "*", "5", "1-5", each with "/2"; a single value with a step goes on to the field's end.
std::optional<stretch> stretch_of(const field& f, std::string_view text) {
    stretch s{f.least, f.most};
    const auto slash = text.find('/');
    if (slash != text.npos) {
        const auto step = text.substr(slash + 1);
        const auto [end, ec] = std::from_chars(step.data(), step.data() + step.size(), s.step);
        if (step.empty() || ec != std::errc() || end != step.data() + step.size() || s.step < 1 || s.step > 1000)
            return std::nullopt;
        text = text.substr(0, slash);
    }
    if (text == "*") return s;
    const auto dash = text.find('-');
    const auto from = value_of(f, text.substr(0, dash));
    if (!from) return std::nullopt;
    s.from = *from;
    if (dash == text.npos) {
        if (slash == text.npos) s.to = *from;
        return s;
    }
    const auto to = value_of(f, text.substr(dash + 1));
    if (!to || *to < *from) return std::nullopt;
    s.to = *to;
    return s;
}

template <std::size_t N>
result<> read_field(const field& f, std::string_view text, std::bitset<N>& into) {
    for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        const auto s = stretch_of(f, text.substr(at, comma - at));
        if (!s) return wrong("has a " + std::string(f.name) + " '" + std::string(text) + "' that is not one");
        for (int n = s->from; n <= s->to; n += s->step)
            into.set(static_cast<std::size_t>(n) % N);
        at = comma + 1;
    }
    return {};
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != text.npos && words.size() <= 6;) {
        const auto end = std::min(text.find_first_of(" \t", at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

}  // namespace

result<cron_expression> cron_expression::parse(std::string_view text) {
    if (text.size() > 256) return wrong("has more than 256 bytes");
    auto words = words_of(text);
    if (words.size() == 1)
        for (const auto& [name, meant] : macros)
            if (same(words[0], name)) words = words_of(meant);
    if (words.size() != 5) return wrong("does not have five fields");
    cron_expression e;
    if (auto ok = read_field({"minute", 0, 59}, words[0], e.minutes_); !ok) return ok.error();
    if (auto ok = read_field({"hour", 0, 23}, words[1], e.hours_); !ok) return ok.error();
    if (auto ok = read_field({"day", 1, 31}, words[2], e.days_); !ok) return ok.error();
    if (auto ok = read_field({"month", 1, 12, month_names, 1}, words[3], e.months_); !ok) return ok.error();
    if (auto ok = read_field({"weekday", 0, 7, weekday_names, 0}, words[4], e.weekdays_); !ok) return ok.error();
    e.any_day_ = words[2].starts_with('*');
    e.any_weekday_ = words[4].starts_with('*');
    if (!e.ever()) return wrong("names a day that no month has");
    return e;
}

// 30 February and the like. A weekday alone always comes.
bool cron_expression::ever() const {
    if (!any_weekday_) return true;
    constexpr std::array longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (std::size_t month = 1; month <= 12; ++month)
        for (std::size_t day = 1; months_[month] && day <= static_cast<std::size_t>(longest[month]); ++day)
            if (days_[day]) return true;
    return false;
}

bool cron_expression::day_matches(sys_days day) const {
    const std::chrono::year_month_day date(day);
    if (!months_[static_cast<unsigned>(date.month())]) return false;
    const bool by_day = days_[static_cast<unsigned>(date.day())];
    const bool by_weekday = weekdays_[std::chrono::weekday(day).c_encoding()];
    if (any_day_ || any_weekday_) return by_day && by_weekday;
    return by_day || by_weekday;
}

// Over the whole day: times that come twice are not in the order of the clock's hands.
std::optional<sys_seconds> cron_expression::first_of_day(sys_days day, sys_seconds after, const time_zone& in) const {
    std::optional<sys_seconds> first;
    const auto consider = [&](sys_seconds at) {
        if (at > after && (!first || at < *first)) first = at;
    };
    for (int h = 0; h < 24; ++h)
        for (int m = 0; hours_[static_cast<std::size_t>(h)] && m < 60; ++m) {
            if (!minutes_[static_cast<std::size_t>(m)]) continue;
            const auto when = in.find(local_seconds((day + hours(h) + minutes(m)).time_since_epoch()));
            consider(when.first);
            if (hours_.all()) consider(when.last);
        }
    return first;
}

std::optional<sys_seconds> cron_expression::next(sys_seconds after, const time_zone& in) const {
    // A day before: a zone may have put its clock back over midnight.
    const auto today = std::chrono::floor<days>(after + in.offset_at(after));
    for (auto day = today - days(1); day < today + days(9 * 366); day += days(1)) {
        if (!day_matches(day)) continue;
        if (const auto at = first_of_day(day, after, in)) return at;
    }
    return std::nullopt;
}

}  // namespace gasper
