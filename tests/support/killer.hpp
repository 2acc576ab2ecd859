// The end of a control plane at a chosen moment, as a kill -9 would be: nothing after it reaches the store or an
// engine.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <string>

#include "tests/support/control_world.hpp"

namespace gasper::test {

/// The moment at which a process ends.
struct moment {
    enum class what { commit, after_commit, call } at;
    int number;  // of such, from the job's beginning on
    std::string text() const {
        const char* names[] = {"in place of commit ", "after commit ", "before call "};
        return names[static_cast<int>(at)] + std::to_string(number);
    }
};

/// Ends a world at a moment. It outlives the world.
class killer {
 public:
    killer(scripted_cluster& cluster, service_engine& databases, moment when)
        : cluster_(cluster), databases_(databases), when_(when) {}
    void watch(control_world& world) {
        world.store([this](SQLite::Database& db) { sqlite3_commit_hook(db.getHandle(), &killer::hear_commit, this); });
        world.ends_when([this] { return killed(); });
        cluster_.on_call = databases_.on_call = [this] { hear_call(); };
        counting_ = true;
    }
    /// What is left of the world may unwind; it reaches nothing.
    void bury(control_world& world) {
        world.ends_when({});
        cluster_.dead = databases_.dead = killed_;
    }
    ~killer() {
        cluster_.on_call = databases_.on_call = {};
        cluster_.dead = databases_.dead = false;
    }
    bool killed() const { return killed_; }

 private:
    static int hear_commit(void* self) { return static_cast<killer*>(self)->commit() ? 0 : 1; }
    bool commit() {
        if (!counting_) return true;
        if (killed_) return false;
        ++commits_;
        if (when_.at == moment::what::call || commits_ != when_.number) return true;
        killed_ = true;
        return when_.at == moment::what::after_commit;
    }
    void hear_call() {
        if (!killed_ && when_.at == moment::what::call && ++calls_ == when_.number) killed_ = true;
        cluster_.dead = databases_.dead = killed_;
    }

    scripted_cluster& cluster_;
    service_engine& databases_;
    moment when_;
    std::atomic<bool> counting_{false}, killed_{false};
    int commits_{0}, calls_{0};
};

}  // namespace gasper::test
