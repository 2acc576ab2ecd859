#include "control/archives/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace gasper::control {

namespace {

// The segments of a base, in order, up to the first gap.
struct segment_chain {
    std::vector<archive_segment> segments;
    std::optional<std::int64_t> missing;  // the number that is not there, although later ones are
    bool whole{false};                    // it reaches the base's last
    sys_time until{};
};

segment_chain chain_of(const archive_contents& all, const archive_base& base) {
    segment_chain c;
    auto next = base.first;
    for (const auto& s : all.segments) {
        if (s.run != base.run || s.number < base.first) continue;
        if (s.number != next) {
            c.missing = next;
            break;
        }
        ++next;
        c.until = std::max(c.until, s.until);
        c.segments.push_back(s);
    }
    c.whole = next > base.last;
    return c;
}

bool is_proved(const archive_base& b) {
    return b.verified.has_value();
}

error gap_in(const archive_base& base, std::int64_t missing) {
    return fail(errc::not_found, "archive_gap",
                fmt::format("segment {} of the log, which follows the base backup of {}, is missing in the archive",
                            missing, to_rfc3339(base.begins)));
}

error not_covered(const archive_contents& all, sys_time at) {
    return fail(errc::not_found, "not_covered",
                fmt::format("{} is not covered; what is: {}", to_rfc3339(at), to_string(covered_by(all))));
}

// All that are needed for the moment, and the one behind: a commit of just then may stand there.
std::vector<archive_segment> up_to(std::vector<archive_segment> segments, sys_time at) {
    const auto later =
        std::find_if(segments.begin(), segments.end(), [at](const archive_segment& s) { return s.until > at; });
    if (segments.end() - later > 2) segments.erase(later + 2, segments.end());
    return segments;
}

std::map<std::string, sys_time> ends_of_runs(const archive_contents& all) {
    std::map<std::string, sys_time> ends;
    for (const auto& s : all.segments)
        ends[s.run] = std::max(ends[s.run], s.until);
    return ends;
}

// Of each run, the number of the first segment that one of these bases needs.
std::map<std::string, std::int64_t> first_needed(const std::vector<archive_base>& bases) {
    std::map<std::string, std::int64_t> first;
    for (const auto& b : bases) {
        const auto [at, added] = first.emplace(b.run, b.first);
        if (!added) at->second = std::min(at->second, b.first);
    }
    return first;
}

bool is_newest_of_its_run(const std::vector<archive_base>& bases, const archive_base& b, sys_time until) {
    return std::none_of(bases.begin(), bases.end(), [&](const archive_base& other) {
        return is_proved(other) && other.run == b.run && other.begins <= until && other.begins > b.begins;
    });
}

}  // namespace

std::vector<coverage> covered_by(const archive_contents& all) {
    std::vector<coverage> spans;
    for (const auto& base : all.bases) {
        if (!is_proved(base)) continue;
        const auto chain = chain_of(all, base);
        if (!chain.whole) continue;
        const coverage span{base.begins, std::max(base.begins, chain.until)};
        if (!spans.empty() && spans.back().until >= span.from)
            spans.back().until = std::max(spans.back().until, span.until);
        else
            spans.push_back(span);
    }
    return spans;
}

std::string to_string(const std::vector<coverage>& covered) {
    std::string text;
    for (const auto& span : covered)
        text += (text.empty() ? "" : ", and ") + to_rfc3339(span.from) + " to " + to_rfc3339(span.until);
    return text.empty() ? "nothing" : text;
}

result<recovery_plan> plan_recovery(const archive_contents& all, sys_time at) {
    std::optional<error> gap;
    for (auto base = all.bases.rbegin(); base != all.bases.rend(); ++base) {
        if (!is_proved(*base) || base->begins > at) continue;
        auto chain = chain_of(all, *base);
        if (chain.whole && std::max(chain.until, base->begins) >= at)
            return recovery_plan{*base, up_to(std::move(chain.segments), at)};
        if (chain.missing && !gap) gap = gap_in(*base, *chain.missing);
    }
    if (gap) return *gap;
    return not_covered(all, at);
}

result<recovery_plan> plan_proof(const archive_contents& all, const archive_base& base) {
    auto chain = chain_of(all, base);
    if (!chain.whole) return gap_in(base, base.first + static_cast<std::int64_t>(chain.segments.size()));
    chain.segments.resize(static_cast<std::size_t>(base.last - base.first + 1));
    return recovery_plan{base, std::move(chain.segments)};
}

archive_contents not_needed(const archive_contents& all, const std::string& run, sys_time since) {
    const auto ends = ends_of_runs(all);
    archive_contents gone;
    std::vector<archive_base> kept;
    bool proved = false;
    for (const auto& b : all.bases) {
        if (!is_proved(b)) continue;
        const auto end = ends.find(b.run);
        const bool goes_on = b.run == run;
        const bool reaches = goes_on || (end != ends.end() && end->second >= since);
        const bool needed = b.begins > since || (reaches && is_newest_of_its_run(all.bases, b, since));
        (needed ? kept : gone.bases).push_back(b);
        proved = proved || goes_on;
    }
    const auto first = first_needed(kept);
    for (const auto& s : all.segments) {
        const auto from = first.find(s.run);
        const bool pending = s.run == run && !proved;
        const bool needed = from != first.end() && s.number >= from->second;
        if (!pending && !needed) gone.segments.push_back(s);
    }
    return gone;
}

}  // namespace gasper::control
