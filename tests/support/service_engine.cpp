#include "tests/support/service_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/deadline.hpp"

namespace gasper::test {

namespace {

using nlohmann::json;

scripted_engine::answer no_content() {
    return scripted_engine::raw({"HTTP/1.1 204 No Content\r\n\r\n"});
}

scripted_engine::answer refused(int status, const std::string& why) {
    return scripted_engine::json(status, json{{"message", why}}.dump());
}

// "/v1.47/containers/a%2Eb/start?t=1" → "containers", "a.b", "start"
std::vector<std::string> path_of(const std::string& target) {
    std::vector<std::string> parts(1);
    const auto path = target.substr(0, target.find('?'));
    for (std::size_t i = path.find('/', 1) + 1; i < path.size(); ++i) {
        if (path[i] == '/') {
            parts.emplace_back();
        } else if (path[i] == '%') {
            parts.back() += static_cast<char>(std::stoi(path.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            parts.back() += path[i];
        }
    }
    parts.resize(std::max<std::size_t>(parts.size(), 3));
    return parts;
}

std::string query_of(const std::string& target, const std::string& key) {
    const auto from = target.find(key + "=");
    if (from == target.npos) return {};
    const auto begin = from + key.size() + 1;
    return target.substr(begin, target.find('&', begin) - begin);
}

std::string label_in(const std::map<std::string, std::string>& labels, const std::string& key) {
    const auto found = labels.find(key);
    return found == labels.end() ? "" : found->second;
}

}  // namespace

/// A command that answers when its input has ended.
class service_engine::verb_terminal final : public runtime::terminal {
 public:
    using command = std::function<outcome(const std::string& input)>;
    explicit verb_terminal(command act, std::function<bool()> held = {})
        : act_(std::move(act)), held_(std::move(held)) {}

    task<result<chunk>> read() override {
        while (!done_ || (held_ && held_()))
            co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
        chunk next;
        next.error = done_->output.empty();
        next.data = std::exchange(next.error ? done_->complaint : done_->output, {});
        co_return next;
    }
    task<result<>> write(std::string data) override {
        input_ += data;
        co_return result<>();
    }
    task<result<>> close_input() override {
        if (!done_) done_ = act_(input_);
        co_return result<>();
    }
    task<result<>> resize(int, int) override { co_return result<>(); }
    task<result<int>> exit_status() override { co_return done_->status; }

 private:
    command act_;
    std::function<bool()> held_;
    std::string input_;
    std::optional<outcome> done_;
};

service_engine::container* service_engine::at(const std::string& id_or_name) {
    for (auto& [id, c] : containers)
        if (id == id_or_name || c.name == id_or_name) return &c;
    return nullptr;
}

const service_engine::container* service_engine::find(const std::string& role, const std::string& service) const {
    for (const auto& [id, c] : containers)
        if (c.role == role && c.service == service) return &c;
    return nullptr;
}

const service_engine::container* service_engine::find_running(const std::string& id) const {
    const auto found = containers.find(id);
    return found != containers.end() && found->second.running ? &found->second : nullptr;
}

scripted_engine::answer service_engine::reply(const scripted_engine::request& r) {
    const bool changes = r.method != "GET";
    if (changes && on_call) on_call();
    if (dead) return scripted_engine::raw({}, true);
    const auto path = path_of(r.target);
    if (path[0] == "info") return scripted_engine::json(200, R"({"InitBinary":"docker-init"})");
    if (path[0] == "images") return scripted_engine::json(200, R"({"Id":"sha256:1"})");
    if (path[0] == "networks") return of_network(r.method, path[1], path[2], r.body);
    if (path[1] == "json") return list();
    if (path[1] == "create") return create(query_of(r.target, "name"), r.body);
    return of_container(r.method, path[1], path[2]);
}

scripted_engine::answer service_engine::create(const std::string& name, const std::string& body) {
    if (at(name)) return refused(409, "the name " + name + " is in use");
    const auto said = json::parse(body);
    container c{.id = "s" + std::to_string(++made_), .name = name};
    c.label = said.at("Labels").get<std::map<std::string, std::string>>();
    c.role = label_in(c.label, "gasper.role");
    c.service = label_in(c.label, "gasper.service");
    const auto& host = said.at("HostConfig");
    c.cpu_shares = host.value("CpuShares", 0);
    for (const auto& m : host.at("Mounts"))
        c.data = m.at("Source");
    const auto mode = host.at("NetworkMode").get<std::string>();
    const std::string shared = "container:";
    if (mode.starts_with(shared)) {
        c.inside = mode.substr(shared.size());
        if (!at(c.inside)) return refused(404, "no such container: " + c.inside);
    } else {
        if (!networks.contains(mode)) return refused(404, "network " + mode + " not found");
        c.networks.insert(mode);
    }
    containers[c.id] = c;
    return scripted_engine::json(201, json{{"Id", c.id}}.dump());
}

// An empty directory is a new disk: nothing is in it.
void service_engine::take_data(const container& c) {
    const auto file = std::filesystem::path(c.data) / "disk";
    for (const auto& [service, before] : disk_of_)
        disks_[before] = {users[service], tables[service]};
    int number = 0;
    if (!(std::ifstream(file) >> number)) std::ofstream(file) << (number = ++made_);
    std::erase_if(disk_of_, [number](const auto& d) { return d.second == number; });
    disk_of_[c.service] = number;
    users[c.service] = disks_[number].users;
    tables[c.service] = disks_[number].tables;
}

scripted_engine::answer service_engine::start(container& c) {
    const auto* holder = c.inside.empty() ? nullptr : at(c.inside);
    if (!c.inside.empty() && !(holder && holder->running)) return refused(409, "cannot join network");
    c.running = true;
    if (c.data.empty()) return no_content();
    take_data(c);
    ++begun[c.service];
    return no_content();
}

scripted_engine::answer service_engine::list() const {
    auto all = json::array();
    for (const auto& [id, c] : containers)
        all.push_back({{"Id", id},
                       {"Names", {"/" + c.name}},
                       {"State", c.running ? "running" : "exited"},
                       {"Created", 1},
                       {"Labels", c.label}});
    return scripted_engine::json(200, all.dump());
}

scripted_engine::answer service_engine::of_container(const std::string& method, const std::string& name,
                                                     const std::string& verb) {
    auto* c = at(name);
    if (!c) return refused(404, "no such container: " + name);
    if (method == "DELETE") {
        containers.erase(c->id);
        return no_content();
    }
    if (verb == "start") return start(*c);
    if (verb == "stop") {
        c->running = false;
        return no_content();
    }
    auto joined = json::object();
    for (const auto& n : c->networks)
        joined[n] = {{"IPAddress", "10.213.0.2"}};
    const json state{{"Status", c->running ? "running" : "exited"}, {"Running", c->running}, {"ExitCode", 0}};
    return scripted_engine::json(200, json{{"Id", c->id},
                                           {"Name", "/" + c->name},
                                           {"State", state},
                                           {"Config", {{"Labels", c->label}}},
                                           {"NetworkSettings", {{"Networks", joined}}}}
                                          .dump());
}

scripted_engine::answer service_engine::create_network(const std::string& body) {
    const auto said = json::parse(body);
    const auto name = said.at("Name").get<std::string>();
    if (networks.contains(name)) return refused(409, "network " + name + " exists");
    network n{.id = "n" + std::to_string(++made_), .subnet = said.at("IPAM").at("Config").at(0).at("Subnet")};
    n.label = said.at("Labels").get<std::map<std::string, std::string>>();
    networks[name] = n;
    return scripted_engine::json(201, json{{"Id", n.id}}.dump());
}

scripted_engine::answer service_engine::of_network(const std::string& method, const std::string& name,
                                                   const std::string& verb, const std::string& body) {
    if (name == "create") return create_network(body);
    auto all = json::array();
    for (const auto& [called, n] : networks)
        all.push_back({{"Id", n.id},
                       {"Name", called},
                       {"Labels", n.label},
                       {"IPAM", {{"Config", json::array({{{"Subnet", n.subnet}}})}}}});
    if (name.empty()) return scripted_engine::json(200, all.dump());
    const auto found = std::find_if(networks.begin(), networks.end(),
                                    [&](const auto& n) { return n.first == name || n.second.id == name; });
    if (found == networks.end()) return refused(404, "network " + name + " not found");
    const auto& called = found->first;
    if (method == "DELETE") {
        const bool used = std::any_of(containers.begin(), containers.end(),
                                      [&](const auto& c) { return c.second.networks.contains(called); });
        if (used) return refused(403, "network " + called + " has active endpoints");
        networks.erase(found);
        return no_content();
    }
    auto* c = at(json::parse(body).at("Container").get<std::string>());
    if (!c) return refused(404, "no such container");
    const bool connect = verb == "connect";
    if (connect && c->networks.contains(called)) return refused(403, "endpoint already exists in network " + called);
    if (!connect && !c->networks.contains(called)) return refused(404, "it is not connected to " + called);
    if (connect)
        c->networks.insert(called);
    else
        c->networks.erase(called);
    return scripted_engine::json(200, "");
}

// A dump is a line "NAME NUMBER" per table.
service_engine::outcome service_engine::run_on_data(const std::string& service, const std::string& verb,
                                                    const std::string& input) {
    auto& rows = tables[service];
    outcome o;
    if (verb == "dump")
        for (const auto& [name, number] : rows)
            o.output += fmt::format("{} {}\n", name, number);
    if (verb == "contents")
        for (const auto& [name, number] : rows)
            o.output += fmt::format("{} {}\n", number, name);
    if (verb != "restore") return o;
    rows.clear();
    std::istringstream lines(input);
    std::string name;
    for (int number = 0; lines >> name >> number;)
        rows[name] = number;
    return o;
}

// Segments are of 16 MiB by their names' numbers, and tell until as many seconds.
service_engine::outcome service_engine::archive(spool& of, const std::vector<std::string>& words) const {
    const auto& verb = words.at(1);
    if (refuses && refuses(verb)) return {1, "", "it is refused here"};
    if (verb == "archive-on") of = {.on = true, .lost = false, .run = words.at(2), .pieces = {}};
    if (verb == "archive-off") of = {};
    if (verb == "archive-read") {
        const auto found = of.pieces.find(words.at(2));
        return found == of.pieces.end() ? outcome{1, "", "no such segment"} : outcome{0, found->second, ""};
    }
    if (verb == "archive-remove")
        for (std::size_t i = 2; i < words.size(); ++i)
            of.pieces.erase(words[i]);
    if (verb != "archive-list") return {};
    if (!of.on) return {0, "off\n", ""};
    outcome o{0, (of.lost ? "lost " : "on ") + of.run + "\n", ""};
    for (const auto& [name, content] : of.pieces) {
        const auto number = std::stoll(name.substr(16), nullptr, 16);
        o.output += fmt::format("{} {} {} {}\n", name, number, content.size(), number * 1000);
    }
    return o;
}

service_engine::outcome service_engine::run(const std::string& service, const std::vector<std::string>& words,
                                            const std::string& input) {
    if (dead) return {1, "", "it is dead"};
    auto& known = users[service];
    const auto& verb = words.at(1);
    if (on_verb) on_verb(verb, service);
    if (unknown.contains(verb)) return {2, "", "no such verb: " + verb};
    if (verb == "ready") return {};
    if (verb == "version") return {0, "1.2.3\n", ""};
    if (verb == "dump" || verb == "restore" || verb == "contents") return run_on_data(service, verb, input);
    if (verb.starts_with("archive-")) return archive(spools[service], words);
    if (verb == "grant") {
        known[words.at(2)] = input.substr(0, input.find('\n'));
        return {};
    }
    if (verb == "revoke") {
        if (on_revoke) on_revoke(words.at(2));
        known.erase(words.at(2));
        return {};
    }
    if (const auto said = prints.find(verb); said != prints.end()) return {0, said->second, ""};
    outcome o;
    if (verb == "users")
        for (const auto& [user, password] : known)
            o.output += user + "\n";
    else
        o = {2, "", "there is no verb " + verb};
    return o;
}

std::unique_ptr<runtime::terminal> service_engine::exec(const std::string& id, const runtime::exec_options& how) {
    const auto& verb = how.command.at(1);
    if ((verb == "grant" || verb == "revoke" || verb == "restore") && on_call) on_call();
    if (dead) throw boost::system::system_error(asio::error::operation_aborted);
    auto act = [this, service = containers.at(id).service, words = how.command](const std::string& input) {
        return run(service, words, input);
    };
    return std::make_unique<verb_terminal>(std::move(act), [this, verb] { return held.contains(verb); });
}

// "redis://user:password@blue.db.internal:6379/0"
service_engine::outcome service_engine::log_in(const std::string& app, const std::string& url) const {
    const auto user_at = url.find("://") + 3, password_at = url.find(':', user_at) + 1, host_at = url.find('@') + 1;
    const auto user = url.substr(user_at, password_at - 1 - user_at);
    const auto password = url.substr(password_at, host_at - 1 - password_at);
    const auto service = url.substr(host_at, url.find('.', host_at) - host_at);
    const auto* server = find("service", service);
    const auto* holder = find("service-sandbox", service);
    if (!server || !server->running || !holder || !holder->networks.contains("gasper-test-" + app))
        return {1, "", service + " is not reached from " + app};
    const auto known = users.find(service);
    const bool valid = known != users.end() && label_in(known->second, user) == password && !password.empty();
    return valid ? outcome{} : outcome{1, "", "no such login"};
}

std::unique_ptr<runtime::terminal> service_engine::login(const runtime::once_spec& how) {
    if (on_call) on_call();
    if (dead) throw boost::system::system_error(asio::error::operation_aborted);
    auto act = [this, app = how.app](const std::string& input) { return log_in(app, input); };
    return std::make_unique<verb_terminal>(std::move(act));
}

}  // namespace gasper::test
