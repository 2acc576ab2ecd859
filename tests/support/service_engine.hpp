// A Docker Engine that runs databases, as values: its containers and networks, and the users in each server. It
// outlives the control plane under test, which reaches it by a scripted_engine and, for commands in containers, by the
// scripted_cluster. A copy is another engine that begins from the same.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "runtime/cluster.hpp"
#include "tests/support/scripted_engine.hpp"

namespace gasper::test {

class service_engine {
 public:
    struct container {
        std::string id, name, role, service;
        std::map<std::string, std::string> label;
        bool running{false};
        int cpu_shares{0};               // 0: as all
        std::string data;                // host path
        std::string inside;              // the container whose network it has
        std::set<std::string> networks;  // names
    };
    struct network {
        std::string id, subnet;
        std::map<std::string, std::string> label;
    };

    /// What a server that archives has not been relieved of: segments by name.
    struct spool {
        bool on{false}, lost{false};
        std::string run;
        std::map<std::string, std::string> pieces;
    };

    // The script
    std::function<void()> on_call;  // before each call that changes something
    std::function<void(const std::string& user)> on_revoke;
    std::function<void(const std::string& verb, const std::string& service)> on_verb;  // before it is done
    std::set<std::string> held;                                                        // verbs that do not answer
    std::set<std::string> unknown;                         // verbs that its servers do not have
    std::map<std::string, std::string> prints;             // what other verbs print, by verb
    std::function<bool(const std::string& verb)> refuses;  // a verb about archives
    bool dead{false};                                      // whoever calls has ended: nothing reaches it any more

    // What happened
    std::map<std::string, container> containers;                      // by id
    std::map<std::string, network> networks;                          // by name
    std::map<std::string, std::map<std::string, std::string>> users;  // passwords by user, by service
    std::map<std::string, std::map<std::string, int>> tables;         // how many rows, by service
    std::map<std::string, spool> spools;                              // by service
    std::map<std::string, int> begun;                                 // servers, by service

    scripted_engine::answer reply(const scripted_engine::request& r);
    /// `gasper-service <verb> …` in a server's container, which runs.
    std::unique_ptr<runtime::terminal> exec(const std::string& id, const runtime::exec_options& how);
    /// `gasper-service login` on an app's network.
    std::unique_ptr<runtime::terminal> login(const runtime::once_spec& how);

    const container* find(const std::string& role, const std::string& service) const;
    const container* find_running(const std::string& id) const;

 private:
    using answer = scripted_engine::answer;
    struct outcome {
        int status{0};
        std::string output, complaint;
    };
    class verb_terminal;

    answer of_container(const std::string& method, const std::string& name, const std::string& verb);
    answer create(const std::string& name, const std::string& body);
    answer start(container& c);
    void take_data(const container& c);
    answer list() const;
    answer of_network(const std::string& method, const std::string& name, const std::string& verb,
                      const std::string& body);
    answer create_network(const std::string& body);
    container* at(const std::string& id_or_name);
    outcome run(const std::string& service, const std::vector<std::string>& words, const std::string& input);
    outcome run_on_data(const std::string& service, const std::string& verb, const std::string& input);
    outcome archive(spool& of, const std::vector<std::string>& words) const;
    outcome log_in(const std::string& app, const std::string& url) const;

    /// What a server keeps in its directory, by a number in it: it goes where the directory goes.
    struct disk {
        std::map<std::string, std::string> users;
        std::map<std::string, int> tables;
    };
    std::map<int, disk> disks_;
    std::map<std::string, int> disk_of_;  // by service; of the server that was started last

    int made_{0};
};

}  // namespace gasper::test
