#include "core/tables/report.hpp"

#include <nlohmann/json.hpp>

namespace gasper {

namespace {

using nlohmann::json;

constexpr std::size_t longest_name = 128;

json traffic_json(const app_traffic& t) {
    return {{"requests", t.requests},     {"classes", t.by_class},    {"latency", t.latency},
            {"latency_us", t.latency_us}, {"bytes_out", t.bytes_out}, {"in_flight", t.in_flight}};
}

/// Reads a report; the first malformed value sticks.
class reader {
 public:
    explicit reader(const json& line) : line_(line) {}

    std::optional<feed_report> read() {
        feed_report out;
        each("leaving", report_limits::leaving, [&](const std::string& address, const json& n) {
            if (!out.leaving) out.leaving.emplace();
            out.leaving->in_flight[address] = number(n);
        });
        if (line_.contains("leaving") && !out.leaving) out.leaving.emplace();
        if (const auto more = line_.find("leaving_more"); more != line_.end() && out.leaving)
            out.leaving->complete = !more->is_boolean() || !more->get<bool>();
        each("wake", report_limits::apps, [&](const std::string& app, const json&) { out.wake.insert(app); });
        each("idle_ms", report_limits::apps, [&](const std::string& app, const json& n) {
            constexpr std::uint64_t longest = std::uint64_t{1} << 52;
            out.idle[app] = std::chrono::milliseconds(static_cast<std::int64_t>(std::min(number(n), longest)));
        });
        each("traffic", report_limits::apps,
             [&](const std::string& app, const json& t) { out.traffic[app] = read_traffic(t); });
        if (bad_) return std::nullopt;
        return out;
    }

 private:
    template <class F>
    void each(const char* key, std::size_t most, F take) {
        const auto found = line_.find(key);
        if (found == line_.end()) return;
        bad_ = bad_ || !found->is_object() || found->size() > most;
        if (bad_) return;
        for (auto entry = found->begin(); entry != found->end() && !bad_; ++entry) {
            bad_ = entry.key().empty() || entry.key().size() > longest_name;
            if (!bad_) take(entry.key(), entry.value());
        }
    }

    std::uint64_t number(const json& n) {
        const auto* value = n.get_ptr<const json::number_unsigned_t*>();
        bad_ = bad_ || !value;
        return value ? *value : 0;
    }

    std::uint64_t member(const json& of, const char* key) {
        const auto found = of.find(key);
        return found == of.end() ? 0 : number(*found);
    }

    template <std::size_t N>
    void row(const json& of, const char* key, std::array<std::uint64_t, N>& out) {
        const auto found = of.find(key);
        bad_ = bad_ || found == of.end() || !found->is_array() || found->size() != N;
        for (std::size_t i = 0; i < N && !bad_; ++i)
            out[i] = number((*found)[i]);
    }

    app_traffic read_traffic(const json& t) {
        app_traffic out;
        bad_ = bad_ || !t.is_object();
        if (bad_) return out;
        out.requests = member(t, "requests");
        row(t, "classes", out.by_class);
        row(t, "latency", out.latency);
        out.latency_us = member(t, "latency_us");
        out.bytes_out = member(t, "bytes_out");
        out.in_flight = static_cast<std::uint32_t>(member(t, "in_flight"));
        return out;
    }

    const json& line_;
    bool bad_{false};
};

/// Deals the entries of a map out to lines, `report_limits::apps` to each.
class dealer {
 public:
    explicit dealer(const json& head) : head_(head) {}

    template <class Map, class F>
    void deal(const char* key, const Map& entries, F value_of) {
        std::size_t n = 0;
        for (const auto& entry : entries) {
            const auto at = n++ / report_limits::apps;
            if (lines_.size() <= at) lines_.push_back(head_);
            auto [name, value] = value_of(entry);
            lines_[at][key][name] = std::move(value);
        }
    }
    json& first() {
        if (lines_.empty()) lines_.push_back(head_);
        return lines_.front();
    }
    std::vector<std::string> text() const {
        std::vector<std::string> out;
        for (const auto& l : lines_)
            out.push_back(l.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
        return out;
    }

 private:
    const json& head_;
    std::vector<json> lines_;
};

}  // namespace

app_traffic& app_traffic::operator+=(const app_traffic& more) noexcept {
    requests += more.requests;
    for (std::size_t i = 0; i < by_class.size(); ++i)
        by_class[i] += more.by_class[i];
    for (std::size_t i = 0; i < latency.size(); ++i)
        latency[i] += more.latency[i];
    latency_us += more.latency_us;
    bytes_out += more.bytes_out;
    in_flight = more.in_flight;
    return *this;
}

std::vector<std::string> to_lines(const feed_report& report, const json& head) {
    dealer out(head);
    if (report.leaving) {
        auto& line = out.first();
        line["leaving"] = json::object();
        bool complete = report.leaving->complete;
        for (const auto& [address, n] : report.leaving->in_flight) {
            complete = complete && line["leaving"].size() < report_limits::leaving;
            if (complete) line["leaving"][address] = n;
        }
        if (!complete) line["leaving_more"] = true;
    }
    out.deal("wake", report.wake, [](const auto& app) { return std::pair(app, json(true)); });
    out.deal("idle_ms", report.idle, [](const auto& e) { return std::pair(e.first, json(e.second.count())); });
    out.deal("traffic", report.traffic, [](const auto& e) { return std::pair(e.first, traffic_json(e.second)); });
    return out.text();
}

std::optional<feed_report> read_report(const json& line) {
    return reader(line).read();
}

}  // namespace gasper
