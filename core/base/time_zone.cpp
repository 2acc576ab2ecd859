#include "core/base/time_zone.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/base/zone_rule.hpp"

namespace gasper {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t most_bytes = 64 << 10;
constexpr std::size_t most_transitions = 2000;
constexpr int last_year = 2100;
constexpr seconds longest_offset{26 * 3600};

error bad(const std::string& why) {
    return fail(errc::invalid, "time_zone_invalid", "the time zone's file " + why);
}

}  // namespace

/// A cursor over the file; the first read beyond its end makes every later one fail.
class tzif_reader {
 public:
    explicit tzif_reader(std::string_view data) : rest_(data) {}
    result<time_zone> run();

 private:
    struct header {
        int version{1};
        std::uint32_t utc_flags, wall_flags, leaps, times, types, letters;
    };
    header read_header();
    void skip_block(const header& h, std::size_t time_size);
    result<> read_block(const header& h);
    void append_rule(const zone_rule& rule);

    std::string_view take(std::size_t n) {
        if (n > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto piece = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return piece;
    }
    std::int64_t number(std::size_t bytes) {
        const auto piece = take(bytes);
        std::uint64_t n = !piece.empty() && static_cast<signed char>(piece[0]) < 0 ? ~std::uint64_t{0} : 0;
        for (const char c : piece)
            n = n << 8 | static_cast<unsigned char>(c);
        return static_cast<std::int64_t>(n);
    }

    std::string_view rest_;
    bool failed_{false};
    time_zone zone_;
};

tzif_reader::header tzif_reader::read_header() {
    header h{};
    if (take(4) != "TZif") failed_ = true;
    const auto version = take(1);
    h.version = version.empty() || version[0] == '\0' ? 1 : version[0] - '0';
    take(15);
    for (auto* n : {&h.utc_flags, &h.wall_flags, &h.leaps, &h.times, &h.types, &h.letters})
        *n = static_cast<std::uint32_t>(number(4));
    if (h.times > most_transitions || h.types > 256 || h.letters > 10'000 || h.leaps > 1000 || h.utc_flags > 256 ||
        h.wall_flags > 256)
        failed_ = true;
    return h;
}

void tzif_reader::skip_block(const header& h, std::size_t time_size) {
    take(h.times * time_size + h.times + h.types * 6 + h.letters + h.leaps * (time_size + 4) + h.wall_flags +
         h.utc_flags);
}

result<> tzif_reader::read_block(const header& h) {
    std::vector<std::int64_t> times, kinds, offsets;
    for (std::uint32_t i = 0; i < h.times; ++i)
        times.push_back(number(8));
    for (std::uint32_t i = 0; i < h.times; ++i)
        kinds.push_back(number(1) & 0xff);
    for (std::uint32_t i = 0; i < h.types; ++i) {
        offsets.push_back(number(4));
        take(2);  // whether it is summer time, and its abbreviation
    }
    take(h.letters + h.leaps * 12 + h.wall_flags + h.utc_flags);
    if (failed_ || offsets.empty()) return bad("is cut off");
    for (const auto o : offsets)
        if (seconds(std::abs(o)) > longest_offset) return bad("has an offset of more than a day");
    zone_.before_ = seconds(offsets.front());
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (static_cast<std::size_t>(kinds[i]) >= offsets.size()) return bad("names a type that it does not have");
        if (i > 0 && times[i] <= times[i - 1]) return bad("is not in the order of time");
        // Before the year 1 or after the year 9999 nothing is planned; the arithmetic stays within its bounds.
        if (std::abs(times[i]) > 62'135'596'800 * 4) continue;
        zone_.transitions_.push_back(
            {sys_seconds(seconds(times[i])), seconds(offsets[static_cast<std::size_t>(kinds[i])])});
    }
    return {};
}

void tzif_reader::append_rule(const zone_rule& rule) {
    auto& all = zone_.transitions_;
    using std::chrono::year;
    year from(1970);
    if (!all.empty()) from = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(all.back().at)).year();
    if (!rule.summer) {
        if (all.empty()) zone_.before_ = rule.standard;
        return;
    }
    for (auto y = std::max(from, year(1900)); y <= year(last_year); ++y) {
        std::array<time_zone::transition, 2> pair{
            {{rule.summer_begins(y), rule.summer->offset}, {rule.summer_ends(y), rule.standard}}};
        if (pair[1].at < pair[0].at) std::swap(pair[0], pair[1]);
        for (const auto& t : pair)
            if (all.empty() || t.at > all.back().at) all.push_back(t);
    }
}

result<time_zone> tzif_reader::run() {
    const auto first = read_header();
    if (failed_) return bad("is not a TZif file, or too large");
    if (first.version < 2) return bad("is of version 1: install a newer tzdata");
    skip_block(first, 4);
    const auto h = read_header();
    if (failed_) return bad("is cut off");
    if (auto ok = read_block(h); !ok) return ok.error();
    const auto begin = rest_.find('\n');
    const auto end = begin == rest_.npos ? rest_.npos : rest_.find('\n', begin + 1);
    if (end == rest_.npos) return bad("has no footer");
    const auto footer = rest_.substr(begin + 1, end - begin - 1);
    if (footer.empty()) return std::move(zone_);
    auto rule = parse_zone_rule(footer);
    if (!rule) return rule.error();
    append_rule(*rule);
    return std::move(zone_);
}

result<time_zone> time_zone::parse(std::string_view tzif) {
    if (tzif.size() > most_bytes) return bad("has more than 64 KiB");
    return tzif_reader(tzif).run();
}

seconds time_zone::offset_at(sys_seconds at) const {
    const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), at,
                                        [](sys_seconds t, const transition& x) { return t < x.at; });
    return after == transitions_.begin() ? before_ : std::prev(after)->offset;
}

time_zone::moments time_zone::find(local_seconds local) const {
    // As if it were UTC: the moment itself is within a day and two hours of that.
    const sys_seconds near(local.time_since_epoch());
    auto at = std::lower_bound(transitions_.begin(), transitions_.end(), near - longest_offset,
                               [](const transition& x, sys_seconds t) { return x.at < t; });
    auto offset = at == transitions_.begin() ? before_ : std::prev(at)->offset;
    std::optional<moments> found;
    std::optional<sys_seconds> begun;  // this offset's beginning; none: long ago
    for (;; ++at) {
        const bool last = at == transitions_.end() || at->at > near + longest_offset;
        const auto here = near - offset;
        if ((!begun || here >= *begun) && (last || here < at->at)) {
            if (!found) found = moments{here, here};
            found->last = here;
        }
        if (last) break;
        const bool skipped = here >= at->at && near - at->offset < at->at;
        if (skipped && !found) found = moments{at->at, at->at};
        begun = at->at;
        offset = at->offset;
    }
    return found.value_or(moments{near - offset, near - offset});
}

result<time_zone> load_time_zone(const std::string& name, const std::filesystem::path& database) {
    const auto unknown = fail(errc::invalid, "time_zone_unknown",
                              "there is no time zone '" + name.substr(0, 64) + "'; name one as Europe/Berlin, or UTC");
    const bool plain = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
               c == '+' || c == '-';
    });
    if (!plain || name.front() == '/' || name.back() == '/') return unknown;
    if (name == "UTC" || name == "Etc/UTC") return time_zone();
    std::error_code ec;
    if (!std::filesystem::is_regular_file(database / name, ec)) return unknown;
    std::ifstream file(database / name, std::ios::binary);
    std::string data(most_bytes + 1, '\0');
    file.read(data.data(), static_cast<std::streamsize>(data.size()));
    data.resize(static_cast<std::size_t>(file.gcount()));
    return time_zone::parse(data);
}

}  // namespace gasper
