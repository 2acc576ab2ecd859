#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/services/figures.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/services.hpp"
#include "control/services/verbs.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t most_statements = 50;
constexpr double most_figure = 1e15;

double figure_in(const nlohmann::json& from, const char* name) {
    const auto at = from.find(name);
    return at != from.end() && at->is_number() ? std::clamp(at->get<double>(), 0.0, most_figure) : 0.0;
}

// What an image of one's own prints is not trusted either.
std::vector<slow_statement> statements_in(const std::string& text) {
    std::vector<slow_statement> all;
    const auto said = nlohmann::json::parse(text, nullptr, false);
    if (!said.is_array()) return all;
    for (const auto& one : said) {
        if (!one.is_object() || !one.contains("query") || !one["query"].is_string()) continue;
        if (all.size() == most_statements) break;
        all.push_back({.text = one["query"].get<std::string>(),
                       .calls = static_cast<std::int64_t>(figure_in(one, "calls")),
                       .longest_ms = figure_in(one, "longest_ms"),
                       .mean_ms = figure_in(one, "mean_ms")});
    }
    return all;
}

}  // namespace

void services::ask_figures() {
    control::ask_figures(platform_.shared());
}

task<result<std::vector<slow_statement>>> services::slow(identity who, std::string name) {
    auto s = co_await authorize(who, name);
    if (!s) co_return s.error();
    const auto& kind = kind_of(*s);
    if (!kind.has("slow"))
        co_return fail(errc::invalid, "no_slow_statements", kind.title + " keeps no list of slow statements");
    auto& p = platform_.shared();
    const auto* running = p.service_servers.find(name);
    if (!running)
        co_return fail(errc::conflict, "service_not_running", name + " does not run; see services:info " + name);
    const auto container = running->container;
    std::vector<std::string> words{"slow"};
    auto text = co_await run_verb(p, container, std::move(words), "", deadline::after(std::chrono::seconds(10)));
    if (!text && text.error().message == "no such verb: slow")
        co_return fail(
            errc::conflict, "no_slow_statements",
            name + " was started before its kind kept a list of slow statements; start it anew once: services:restart");
    if (!text) co_return text.error();
    co_return statements_in(*text);
}

}  // namespace gasper::control
