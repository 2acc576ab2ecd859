#include "control/services/verbs.hpp"

#include "core/base/join.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t most_output = 1 << 20;
constexpr std::size_t most_complaint = 4096;  // the end of its standard error

// Its own refusal ends the verb; a verb that reads no further has its reason on standard error.
task<> feed(runtime::terminal& to, verb_input& input) {
    for (;;) {
        auto piece = co_await input();
        if (!piece) throw refusal(piece.error());
        if (piece->empty()) break;
        auto written = co_await to.write(std::move(*piece));
        if (!written) co_return;
    }
    (void)co_await to.close_input();
}

task<> drain(runtime::terminal& from, verb_output& output, std::string& complaint) {
    for (;;) {
        auto piece = co_await from.read();
        if (!piece) throw refusal(piece.error());
        if (piece->data.empty()) co_return;
        if (piece->error) {
            complaint += piece->data;
            if (complaint.size() > most_complaint) complaint.erase(0, complaint.size() - most_complaint);
            continue;
        }
        if (!output) continue;
        auto taken = co_await output(std::move(piece->data));
        if (!taken) throw refusal(taken.error());
    }
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of(" \t\r\n");
    if (end == text.npos) return {};
    const auto begin = text.find_last_of('\n', end);
    return text.substr(begin == text.npos ? 0 : begin + 1, end - (begin == text.npos ? 0 : begin + 1) + 1);
}

error refusal_of(const std::string& verb, int status, const std::string& complaint) {
    auto why = last_line(complaint);
    if (why.empty()) why = verb + " ended with status " + std::to_string(status);
    return status == 2 ? fail(errc::invalid, "service_refused", why) : fail(errc::failed, "service_failed", why);
}

task<result<>> converse(runtime::terminal& with, std::string verb, verb_input& input, verb_output& output) {
    std::string complaint;
    try {
        co_await run_both(feed(with, input), drain(with, output, complaint));
    } catch (const refusal& r) {
        co_return r.reason();
    }
    auto status = co_await with.exit_status();
    if (!status) co_return status.error();
    if (*status != 0) co_return refusal_of(verb, *status, complaint);
    co_return result<>();
}

}  // namespace

task<result<>> stream_verb(parts& p, std::string container, std::vector<std::string> words, verb_input input,
                           verb_output output, deadline until) {
    const auto verb = words.front();
    runtime::exec_options how;
    how.command = {"gasper-service"};
    how.command.insert(how.command.end(), words.begin(), words.end());
    auto opened = co_await p.cluster.exec(std::move(container), std::move(how));
    if (!opened) co_return opened.error();
    if (!input) {
        input = []() -> task<result<std::string>> { co_return std::string(); };
    }
    co_return co_await with_deadline(converse(**opened, verb, input, output), until, verb);
}

task<result<std::string>> run_verb(parts& p, std::string container, std::vector<std::string> words, std::string input,
                                   deadline until) {
    auto kept = std::make_shared<std::string>();
    auto left = std::make_shared<std::string>(std::move(input));
    auto take = [](std::shared_ptr<std::string> from) -> task<result<std::string>> {
        co_return std::exchange(*from, {});
    };
    auto keep = [](std::shared_ptr<std::string> in, std::string piece) -> task<result<>> {
        if (in->size() + piece.size() > most_output)
            co_return fail(errc::too_large, "too_large", "the answer is too long");
        *in += piece;
        co_return result<>();
    };
    verb_input from = [left, take] { return take(left); };
    verb_output to = [kept, keep](std::string piece) { return keep(kept, std::move(piece)); };
    auto done = co_await stream_verb(p, std::move(container), std::move(words), std::move(from), std::move(to), until);
    if (!done) co_return done.error();
    co_return std::move(*kept);
}

}  // namespace gasper::control
