#include "control/metrics/store.hpp"

#include <algorithm>

#include "control/metrics/series_file.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".series";
constexpr std::string_view requests_file = "requests";  // no instance has this name: theirs have a dot

std::string file_name(const std::string& instance) {
    std::string name = instance.empty() ? std::string(requests_file) : instance.substr(0, 128);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '/' || c == '\0'; }, '_');
    return name + std::string(ending);
}

std::span<const merge> rules_of(const std::string& instance) {
    return instance.empty() ? request_rules() : instance_rules();
}

}  // namespace

fs::path metrics_store::file_of(const std::string& app, const std::string& instance) const {
    return directory_ / app / file_name(instance);
}

task<> metrics_store::write(std::vector<sample> batch) {
    const auto work = [&] { write_now(batch); };
    co_await thread_.run(work);
}

task<app_series> metrics_store::read(std::string app, span_of_time when, std::int64_t now) {
    const auto work = [&] { return read_now(app, when, now); };
    auto found = co_await thread_.run(work);
    co_return found;
}

task<> metrics_store::keep_only(std::set<std::string> apps) {
    const auto work = [&] { keep_now(apps); };
    co_await thread_.run(work);
}

std::size_t metrics_store::count_files() const {
    std::error_code ignored;
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_, ignored))
        count += entry.path().extension() == ending;
    return count;
}

void metrics_store::write_now(const std::vector<sample>& batch) {
    std::error_code ignored;
    if (!std::exchange(counted_, true)) files_ = count_files();
    bool refused = false;
    for (const auto& s : batch) {
        const auto file = file_of(s.app, s.instance);
        if (!fs::exists(file, ignored)) {
            if (files_ >= most_files_) {
                refused = true;
                continue;
            }
            fs::create_directories(file.parent_path(), ignored);
            ++files_;
        }
        if (!series_file(file, rules_of(s.instance)).add(s.at, s.values)) refused = true;
    }
    if (refused && !complained_)
        log_.warn("some metrics are not kept", {{"files", files_}, {"most", most_files_}, {"in", directory_.string()}});
    complained_ = refused;
}

app_series metrics_store::read_now(const std::string& app, span_of_time when, std::int64_t now) const {
    app_series found;
    found.requests = series_file(file_of(app, ""), request_rules()).read(when.from, when.to, when.step, now);
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory_ / app, ignored)) {
        const auto name = entry.path().stem().string();
        if (entry.path().extension() != ending || name == requests_file) continue;
        auto points = series_file(entry.path(), instance_rules()).read(when.from, when.to, when.step, now);
        if (!points.empty()) found.instances[name] = std::move(points);
    }
    return found;
}

// How much later than it is the wall clock may be, by which the files are dated.
std::chrono::nanoseconds metrics_store::ahead() {
    const auto wall = std::chrono::system_clock::now();
    return wall - aging_.at(wall);
}

void metrics_store::keep_now(const std::set<std::string>& apps) {
    std::error_code ignored;
    const auto longest = std::chrono::seconds(resolutions.back().step * resolutions.back().kept) + ahead();
    for (const auto& app : fs::directory_iterator(directory_, ignored)) {
        if (!apps.contains(app.path().filename())) {
            fs::remove_all(app.path(), ignored);
            continue;
        }
        for (const auto& file : fs::directory_iterator(app.path(), ignored))
            if (fs::file_time_type::clock::now() - file.last_write_time(ignored) > longest)
                fs::remove(file.path(), ignored);
    }
    files_ = count_files();
    counted_ = true;
}

}  // namespace gasper::control
