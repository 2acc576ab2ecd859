#include "control/metrics/exposition.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace gasper::control {

namespace {

// Label values: backslash, quote and line end are escaped.
std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

class page {
 public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    }
    void value(const std::string& labels, double number, std::string_view suffix = "") {
        text_ += fmt::format("{}{}{} {}\n", name_, suffix, labels, number);
    }
    std::string take() { return std::move(text_); }

 private:
    std::string name_, text_;
};

std::string labels_of(const instance_now& i) {
    return fmt::format("{{app=\"{}\",instance=\"{}\"}}", escaped(i.app), escaped(i.name));
}

template <class F>
void each_instance(page& out, const exposed& e, std::string_view name, std::string_view type, std::string_view help,
                   F&& number) {
    out.family(name, type, help);
    for (const auto& i : e.instances)
        out.value(labels_of(i), static_cast<double>(number(i)));
}

void instances(page& out, const exposed& e) {
    each_instance(out, e, "gasper_instance_up", "gauge", "1 when the instance is up.",
                  [](const auto& i) { return i.state == "up"; });
    each_instance(out, e, "gasper_instance_cpu_seconds_total", "counter", "Processor time of the instance's container.",
                  [](const auto& i) { return static_cast<double>(i.usage.cpu_ns) / 1e9; });
    each_instance(out, e, "gasper_instance_memory_bytes", "gauge", "Memory in use, without reclaimable page cache.",
                  [](const auto& i) { return i.usage.memory_bytes; });
    each_instance(out, e, "gasper_instance_network_receive_bytes_total", "counter", "Bytes received.",
                  [](const auto& i) { return i.usage.received; });
    each_instance(out, e, "gasper_instance_network_transmit_bytes_total", "counter", "Bytes sent.",
                  [](const auto& i) { return i.usage.sent; });
    each_instance(out, e, "gasper_instance_restarts_total", "counter",
                  "Restarts within one release, since the control plane started.",
                  [](const auto& i) { return i.restarts; });
}

void requests(page& out, const exposed& e) {
    out.family("gasper_app_requests_total", "counter",
               "Requests by class of status; none: the client left before an answer.");
    for (const auto& [app, traffic] : e.requests)
        for (std::size_t c = 0; c < traffic.by_class.size(); ++c)
            out.value(
                fmt::format("{{app=\"{}\",class=\"{}\"}}", escaped(app), c == 0 ? "none" : fmt::format("{}xx", c)),
                static_cast<double>(traffic.by_class[c]));
    out.family("gasper_app_response_bytes_total", "counter", "Bytes sent to clients.");
    for (const auto& [app, traffic] : e.requests)
        out.value(fmt::format("{{app=\"{}\"}}", escaped(app)), static_cast<double>(traffic.bytes_out));
    out.family("gasper_app_request_duration_seconds", "histogram", "From the request's head to the answer's end.");
    for (const auto& [app, traffic] : e.requests) {
        std::uint64_t below = 0;
        for (std::size_t b = 0; b < traffic.latency.size(); ++b) {
            below += traffic.latency[b];
            const auto bound = b < latency_bounds_ms.size() ? fmt::format("{:g}", latency_bounds_ms[b] / 1e3) : "+Inf";
            out.value(fmt::format("{{app=\"{}\",le=\"{}\"}}", escaped(app), bound), static_cast<double>(below),
                      "_bucket");
        }
        const auto label = fmt::format("{{app=\"{}\"}}", escaped(app));
        out.value(label, static_cast<double>(traffic.latency_us) / 1e6, "_sum");
        out.value(label, static_cast<double>(below), "_count");
    }
}

void machines(page& out, const exposed& e) {
    const auto each = [&](std::string_view name, std::string_view help, auto number) {
        out.family(name, "gauge", help);
        for (const auto& n : e.nodes)
            out.value(fmt::format("{{node=\"{}\"}}", escaped(n.name)), static_cast<double>(number(n)));
    };
    each("gasper_node_memory_bytes", "Memory of the machine.", [](const node& n) { return n.capacity.memory_bytes; });
    each("gasper_node_memory_used_bytes", "Memory in use, by anything.",
         [](const node& n) { return n.measured.memory_bytes; });
    each("gasper_node_cpus", "Processors of the machine.", [](const node& n) { return n.capacity.cpus; });
    each("gasper_node_cpus_used", "Processors in use, by anything.", [](const node& n) { return n.measured.cpus; });
    const auto each_disk = [&](std::string_view name, std::string_view help, auto number) {
        out.family(name, "gauge", help);
        for (const auto& n : e.nodes)
            for (const auto& d : n.disks)
                out.value(fmt::format("{{node=\"{}\",path=\"{}\"}}", escaped(n.name), escaped(d.path)),
                          static_cast<double>(number(d)));
    };
    each_disk("gasper_node_disk_bytes", "Size of a disk that Gasper or the engine writes to.",
              [](const disk_space& d) { return d.total_bytes; });
    each_disk("gasper_node_disk_free_bytes", "Free on it.", [](const disk_space& d) { return d.free_bytes; });
}

template <class F>
void each_service(page& out, const exposed& e, std::string_view name, std::string_view help, F&& number) {
    out.family(name, "gauge", help);
    for (const auto& s : e.services)
        if (const std::optional<double> n = number(s))
            out.value(fmt::format("{{service=\"{}\",kind=\"{}\"}}", escaped(s.name), escaped(s.kind)), *n);
}

std::optional<double> number_of(const std::optional<std::int64_t>& n) {
    if (!n) return std::nullopt;
    return static_cast<double>(*n);
}

void databases(page& out, const exposed& e) {
    const auto said = [&](std::string_view name, std::string_view help, std::int64_t service_stats::*number) {
        each_service(out, e, name, help, [number](const service_now& s) {
            return number_of(s.stats ? std::optional((*s.stats).*number) : std::nullopt);
        });
    };
    each_service(out, e, "gasper_service_up", "1 when the database runs; 0 also when it was stopped on purpose.",
                 [](const service_now& s) { return std::optional(s.up ? 1.0 : 0.0); });
    each_service(out, e, "gasper_service_memory_bytes", "Memory in use, without reclaimable page cache.",
                 [](const service_now& s) { return number_of(s.memory_bytes); });
    each_service(out, e, "gasper_service_disk_bytes", "What its files take on the disk, looked at once a minute.",
                 [](const service_now& s) { return number_of(s.disk ? std::optional(s.disk->used) : std::nullopt); });
    each_service(out, e, "gasper_service_disk_limit_bytes", "What its plan lets them grow to before an alarm.",
                 [](const service_now& s) { return number_of(s.disk ? std::optional(s.disk->limit) : std::nullopt); });
    said("gasper_service_size_bytes", "Size of what is in it, as it says itself.", &service_stats::size_bytes);
    said("gasper_service_connections", "Connections of clients.", &service_stats::connections);
    said("gasper_service_connections_max", "How many it takes.", &service_stats::max_connections);
    said("gasper_service_slow_queries", "Statements that took long, as it counts them.", &service_stats::slow_queries);
    each_service(out, e, "gasper_service_cache_hit_ratio", "0 to 1.",
                 [](const service_now& s) { return s.stats ? s.stats->hit_ratio : std::nullopt; });
    each_service(out, e, "gasper_service_verified_backup_age_seconds",
                 "Since the newest verified backup was taken; none when there is none.",
                 [&](const service_now& s) -> std::optional<double> {
                     if (!s.backed_up) return std::nullopt;
                     return std::chrono::duration<double>(e.at - *s.backed_up).count();
                 });
}

}  // namespace

process_now look_at_process() {
    process_now now;
    std::uint64_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    now.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    now.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    return now;
}

std::string to_prometheus(const exposed& e) {
    page out;
    out.family("gasper_apps", "gauge", "Apps.");
    out.value("", static_cast<double>(e.apps));
    instances(out, e);
    requests(out, e);
    machines(out, e);
    databases(out, e);
    out.family("process_resident_memory_bytes", "gauge", "Memory of the control plane.");
    out.value("", static_cast<double>(e.process.resident_bytes));
    out.family("process_cpu_seconds_total", "counter", "Processor time of the control plane.");
    out.value("", e.process.cpu_seconds);
    return out.take();
}

}  // namespace gasper::control
