// For single_engine's own sources.
#pragma once

#include "runtime/single_engine.hpp"

namespace gasper::runtime {

/// A container name that is being worked on: sweep() leaves it alone.
class single_engine::in_flight {
 public:
    in_flight(std::set<std::string>& names, std::string name) : names_(names), name_(std::move(name)) {
        names_.insert(name_);
    }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;
    ~in_flight() { names_.erase(name_); }
    const std::string& name() const noexcept { return name_; }

 private:
    std::set<std::string>& names_;
    std::string name_;
};

/// What has to go again: any of them may be empty.
struct single_engine::leftover {
    std::string container;
    std::string sandbox;
    std::string directory;
};

}  // namespace gasper::runtime
