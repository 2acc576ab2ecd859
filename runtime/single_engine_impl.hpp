// For single_engine's own sources.
#pragma once

#include <charconv>

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

/// What a label of ours says; 0 when there is none.
template <class Number = int>
Number number_in(const std::string& label) {
    Number n{};
    std::from_chars(label.data(), label.data() + label.size(), n);
    return n;
}

/// A writable /app, the container that has it, and how much it may hold; 0: as much as it likes.
struct single_engine::layer {
    std::string directory;  // its name below instances()
    std::string container;
    std::int64_t limit{0};
};

}  // namespace gasper::runtime
