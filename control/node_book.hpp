// What people said of the machines, as control knows it while it runs; the store keeps it over a restart. A value with
// no I/O, of control's executor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/node.hpp"
#include "core/store/nodes.hpp"

namespace gasper::control {

class node_book {
 public:
    void load(std::map<std::string, store::node_settings> said) { said_ = std::move(said); }
    void set(const std::string& name, store::node_settings said) {
        said_[name] = std::move(said);
        ++changes_;
    }
    store::node_settings of(const std::string& name) const {
        const auto at = said_.find(name);
        return at == said_.end() ? store::node_settings{} : at->second;
    }

    /// What the cluster says of its nodes, with what people said of them.
    std::vector<node> applied_to(std::vector<node> nodes) const {
        for (auto& n : nodes) {
            const auto said = of(n.name);
            if (said.draining && n.state == node_state::active) n.state = node_state::draining;
            for (const auto& [name, value] : said.labels)
                n.labels[name] = value;
        }
        return nodes;
    }

    /// Grows with every change: what found no room may look again.
    std::uint64_t changes() const noexcept { return changes_; }

 private:
    std::map<std::string, store::node_settings> said_;
    std::uint64_t changes_{0};
};

}  // namespace gasper::control
