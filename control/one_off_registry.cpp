#include "control/one_off_registry.hpp"

namespace gasper::control {

one_off one_off_registry::add(one_off what, const std::string& kind) {
    int number = 1;
    while (running_.contains({what.app, kind + "." + std::to_string(number)}))
        ++number;
    what.name = kind + "." + std::to_string(number);
    what.since = now();
    running_[{what.app, what.name}].what = what;
    return what;
}

void one_off_registry::on_stop(const std::string& app, const std::string& name, std::function<void()> stop) {
    if (const auto at = running_.find({app, name}); at != running_.end()) at->second.stop = std::move(stop);
}

void one_off_registry::set_job(const std::string& app, const std::string& name, job_id job) {
    if (const auto at = running_.find({app, name}); at != running_.end()) at->second.what.job = job;
}

std::vector<one_off> one_off_registry::of(const std::string& app) const {
    std::vector<one_off> found;
    for (const auto& [key, each] : running_)
        if (key.first == app) found.push_back(each.what);
    return found;
}

const one_off* one_off_registry::find(const std::string& app, const std::string& name) const {
    const auto at = running_.find({app, name});
    return at == running_.end() ? nullptr : &at->second.what;
}

bool one_off_registry::stop(const std::string& app, const std::string& name) {
    const auto at = running_.find({app, name});
    if (at == running_.end() || !at->second.stop) return false;
    const auto stop = at->second.stop;  // it may take the entry away
    stop();
    return true;
}

}  // namespace gasper::control
