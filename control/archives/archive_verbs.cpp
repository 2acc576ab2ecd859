#include "control/archives/archive_verbs.hpp"

#include <algorithm>
#include <sstream>

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr std::int64_t largest_segment = 1ll << 30;
constexpr std::int64_t most_spooled = 1ll << 30;
constexpr std::size_t names_at_once = 100;

bool is_of(const std::string& text, std::string_view letters, std::size_t most) {
    return !text.empty() && text.size() <= most && text.find_first_not_of(letters) == text.npos;
}

error strange_spool() {
    return fail(errc::failed, "archive_spool", "the server says of its archive what is not understood");
}

// Of a server whose image does not know the verb, or that was started without archiving.
error not_yet(error e) {
    if (e.kind != errc::invalid) return e;
    return fail(errc::conflict, "archive_restart",
                "the server was started before it could archive; start it anew once: services:restart");
}

}  // namespace

result<spool_state> parse_spool(const std::string& text) {
    std::istringstream lines(text);
    std::string line, word;
    spool_state state;
    if (!std::getline(lines, line)) return strange_spool();
    std::istringstream head(line);
    head >> word >> state.run;
    if (word == "off") return spool_state{};
    state.on = true;
    state.lost = word == "lost";
    if ((word != "on" && word != "lost") || !is_of(state.run, "0123456789abcdef", 32)) return strange_spool();
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        spooled_piece piece;
        std::int64_t until = 0;
        const bool read = !!(words >> piece.name >> piece.number >> piece.size >> until);
        if (!read || !is_of(piece.name, "0123456789ABCDEF", 40) || piece.number < 0 || until < 0 || piece.size <= 0 ||
            piece.size > largest_segment)
            return strange_spool();
        if (!state.pieces.empty() && state.pieces.back().number >= piece.number) return strange_spool();
        piece.until = sys_time(std::chrono::milliseconds(until));
        state.pieces.push_back(std::move(piece));
    }
    return state;
}

result<std::pair<std::int64_t, std::int64_t>> parse_facts(const std::string& text) {
    std::istringstream words(text);
    std::pair<std::int64_t, std::int64_t> ends;
    if (!(words >> ends.first >> ends.second) || ends.first < 0 || ends.second < ends.first) return strange_spool();
    return ends;
}

task<result<spool_state>> read_spool(parts& p, std::string container) {
    std::vector<std::string> words{"archive-list"};
    auto text = co_await run_verb(p, std::move(container), std::move(words), "", deadline::after(seconds(30)));
    if (!text) co_return not_yet(text.error());
    co_return parse_spool(*text);
}

task<result<>> begin_spooling(parts& p, std::string container, std::string run, std::int64_t limit) {
    std::vector<std::string> words{"archive-on", std::move(run), std::to_string(limit / 1024)};
    auto begun = co_await run_verb(p, std::move(container), std::move(words), "", deadline::after(seconds(60)));
    if (!begun) co_return not_yet(begun.error());
    co_return result<>();
}

task<result<>> end_spooling(parts& p, std::string container) {
    std::vector<std::string> words{"archive-off"};
    auto ended = co_await run_verb(p, std::move(container), std::move(words), "", deadline::after(seconds(60)));
    if (!ended) co_return ended.error();
    co_return result<>();
}

task<result<>> flush_spool(parts& p, std::string container) {
    std::vector<std::string> words{"archive-flush"};
    auto flushed = co_await run_verb(p, std::move(container), std::move(words), "", deadline::after(seconds(90)));
    if (!flushed) co_return flushed.error();
    co_return result<>();
}

task<result<>> remove_spooled(parts& p, std::string container, std::vector<std::string> names) {
    for (std::size_t at = 0; at < names.size(); at += names_at_once) {
        std::vector<std::string> words{"archive-remove"};
        const auto end = std::min(names.size(), at + names_at_once);
        words.insert(words.end(), names.begin() + static_cast<std::ptrdiff_t>(at),
                     names.begin() + static_cast<std::ptrdiff_t>(end));
        auto removed = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
        if (!removed) co_return removed.error();
    }
    co_return result<>();
}

std::int64_t spool_limit(std::int64_t disk_bytes) {
    return disk_bytes > 0 ? std::min(most_spooled, disk_bytes / 4) : most_spooled;
}

}  // namespace gasper::control
