#include "control/services/figures.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <nlohmann/json.hpp>

#include "control/services/verbs.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

struct known_services {
    std::vector<service> all;
    std::map<service_id, sys_time> backed_up;
};

class figures_round {
 public:
    explicit figures_round(service_board& board) : board_(board) {}
    figures_round(const figures_round&) = delete;
    figures_round& operator=(const figures_round&) = delete;
    ~figures_round() { board_.asking_figures = false; }

 private:
    service_board& board_;
};

// One after the other: they share a machine with what they serve.
task<> ask_servers(parts& p) {
    auto& board = p.service_servers;
    const figures_round round(board);
    const auto asked = board.running;
    for (const auto& server : asked) {
        auto container = server.second.container;
        auto stats = co_await read_stats(p, std::move(container));
        if (stats)
            board.figures[server.first] = std::move(*stats);
        else
            board.figures.erase(server.first);
    }
    std::erase_if(board.figures, [&board](const auto& f) { return !board.find(f.first); });
}

task<std::map<std::string, std::int64_t>> memory_of(parts& p) {
    std::vector<std::string> containers;
    for (const auto& server : p.service_servers.running)
        containers.push_back(server.second.container);
    std::map<std::string, std::int64_t> memory;
    if (containers.empty()) co_return memory;
    auto used = co_await p.cluster.measure(std::move(containers));
    if (!used) co_return memory;
    for (const auto& u : *used)
        memory[u.container] = static_cast<std::int64_t>(u.memory_bytes);
    co_return memory;
}

}  // namespace

void ask_figures(parts& p) {
    auto& board = p.service_servers;
    const auto at = deadline::clock::now();
    if (board.asking_figures || board.running.empty() || at - board.figures_at < figures_age) return;
    board.asking_figures = true;
    board.figures_at = at;
    p.background.spawn("figures of databases", ask_servers(p));
}

task<std::optional<service_stats>> read_stats(parts& p, std::string container) {
    const auto until = deadline::after(std::chrono::seconds(5));
    std::vector<std::string> stats_words{"stats"}, version_words{"version"};
    auto text = co_await run_verb(p, container, std::move(stats_words), "", until);
    auto version = co_await run_verb(p, container, std::move(version_words), "", until);
    if (!text || !version) co_return std::nullopt;
    const auto v = nlohmann::json::parse(*text, nullptr, false);
    if (!v.is_object()) co_return std::nullopt;
    service_stats s{.version = version->substr(0, version->find('\n')),
                    .size_bytes = v.value("size_bytes", std::int64_t{0}),
                    .connections = v.value("connections", std::int64_t{0}),
                    .max_connections = v.value("max_connections", std::int64_t{0}),
                    .slow_queries = v.value("slow_queries", std::int64_t{0})};
    if (v.contains("hit_ratio") && v["hit_ratio"].is_number()) s.hit_ratio = v["hit_ratio"].get<double>();
    co_return s;
}

task<std::vector<service_now>> services_now(parts& p) {
    ask_figures(p);
    const auto known = co_await p.db.read([](SQLite::Database& db) {
        return known_services{.all = store::all_services(db), .backed_up = store::newest_verified(db)};
    });
    const auto memory = co_await memory_of(p);
    const auto& board = p.service_servers;
    std::vector<service_now> now;
    for (const auto& s : known.all) {
        const auto* server = board.find(s.name);
        service_now n{.name = s.name, .kind = s.kind, .up = server != nullptr};
        if (server && memory.contains(server->container)) n.memory_bytes = memory.at(server->container);
        if (const auto at = board.figures.find(s.name); server && at != board.figures.end()) n.stats = at->second;
        if (const auto at = board.disks.find(s.name); at != board.disks.end()) n.disk = at->second;
        if (const auto at = known.backed_up.find(s.id); at != known.backed_up.end()) n.backed_up = at->second;
        now.push_back(std::move(n));
    }
    co_return now;
}

}  // namespace gasper::control
