// Which disks of the machines are nearly full, decided from looks at them. A value without I/O: control/disk.hpp looks.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/node.hpp"

namespace gasper::control {

class disk_watch {
 public:
    /// A disk is low from `percent` of use on, and until it is five points below that.
    explicit disk_watch(int percent) : percent_(percent) {}

    struct crossing {
        bool low{false};  // else it has room again
        std::string node;
        disk_space disk;
    };
    /// Takes a look at all machines. What crossed a line since the last one; a disk that is not seen any more is no
    /// crossing, and is forgotten.
    std::vector<crossing> look(const std::vector<node>& nodes);
    /// It was low when an earlier process looked: no crossing when it still is.
    void was_low(const std::string& node, const std::string& path) { low_.insert({node, path}); }
    bool low(const std::string& node, const std::string& path) const { return low_.contains({node, path}); }

    /// Refuses with "disk_full", as of the last look.
    result<> room_for_build() const;
    /// What is so full that even builds that run must end, in words: half way between the line and all of it. Empty:
    /// nothing.
    std::string overfull() const;

 private:
    int percent_;
    std::set<std::pair<std::string, std::string>> low_;
    std::string fullest_;  // of those that are low, in words
    double most_{0};       // how full that is
};

/// "/var/lib/gasper is 91 % full: 1.8 GiB of 20.0 GiB left".
std::string in_words(const disk_space& d);

}  // namespace gasper::control
