#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "core/tables/table.hpp"

namespace gasper {

namespace {

using nlohmann::json;

// A value and the way to it; the JSON pointer is only spelt out for an error.
struct node {
    const json& value;
    const node* up{nullptr};
    std::string_view key{};
    std::size_t index{0};

    std::string pointer() const {
        if (!up) return "";
        if (up->value.is_array()) return up->pointer() + "/" + std::to_string(index);
        std::string escaped;  // RFC 6901
        for (char c : key.substr(0, 64)) {
            if (c == '~' || c == '/')
                escaped += c == '~' ? "~0" : "~1";
            else
                escaped += static_cast<unsigned char>(c) < ' ' ? '?' : c;
        }
        return up->pointer() + "/" + escaped;
    }
};

bool is_label_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (;;) {
        const auto label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, is_label_char)) return false;
        if (label.size() == name.size()) return true;
        name.remove_prefix(label.size() + 1);
    }
}

bool is_address(const std::string& text, int family) {
    std::array<unsigned char, 16> ignored{};
    return text.size() < 46 && ::inet_pton(family, text.c_str(), ignored.data()) == 1;
}

bool is_host_pattern(const std::string& host) {
    if (host == "*") return true;
    if (host.starts_with("*.")) return is_host_name(std::string_view(host).substr(2));
    if (host.starts_with("[") && host.ends_with("]")) return is_address(host.substr(1, host.size() - 2), AF_INET6);
    return is_host_name(host);
}

bool is_identifier(std::string_view text, std::size_t most) {
    const auto allowed = [](char c) { return is_label_char(c) || (c >= 'A' && c <= 'Z') || c == '.'; };
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, allowed);
}

// Reads straight through; the first refusal sticks, what is read after it is worth nothing.
class reader {
 public:
    result<table> read(const json& value) {
        const node root{value};
        table out;
        if (object(root, {"version", "routes", "certificates", "zones"})) {
            with(root, "version", required, [&](const node& n) { out.version = number(n, UINT64_MAX); });
            list(root, "routes", optional, table_limits::routes, out.routes,
                 [this](const node& n) { return read_route(n); });
            list(root, "certificates", optional, table_limits::certificates, out.certificates,
                 [this](const node& n) { return read_certificate(n); });
            list(root, "zones", optional, table_limits::zones, out.zones,
                 [this](const node& n) { return read_zone(n); });
        }
        if (refusal_) return std::move(*refusal_);
        return out;
    }

 private:
    static constexpr bool required = true, optional = false;

    void refuse(const node& at, std::string_view what) {
        if (refusal_) return;
        const auto pointer = at.pointer();
        refusal_ =
            fail(errc::invalid, "table", "table: " + (pointer.empty() ? "/" : pointer) + ": " + std::string(what));
    }

    /// An object with no other keys than these; an empty list allows any.
    bool object(const node& at, std::initializer_list<std::string_view> keys) {
        if (!at.value.is_object()) return refuse(at, "must be an object"), false;
        for (auto entry = at.value.begin(); keys.size() != 0 && entry != at.value.end(); ++entry)
            if (std::ranges::find(keys, entry.key()) == keys.end())
                refuse({entry.value(), &at, entry.key()}, "unknown key");
        return !refusal_;
    }

    template <class F>
    void with(const node& at, std::string_view key, bool needed, F read) {
        if (refusal_) return;
        const auto found = at.value.find(key);
        if (found != at.value.end()) return read(node{*found, &at, key});
        if (needed) refuse({at.value, &at, key}, "is missing");
    }

    template <class T, class F>
    void list(const node& at, std::string_view key, bool needed, std::size_t most, std::vector<T>& out, F read_one) {
        with(at, key, needed, [&](const node& n) {
            if (!n.value.is_array()) return refuse(n, "must be an array");
            if (n.value.size() > most) return refuse(n, "has more than " + std::to_string(most) + " entries");
            out.reserve(n.value.size());
            for (std::size_t i = 0; i < n.value.size() && !refusal_; ++i)
                out.push_back(read_one(node{n.value[i], &n, {}, i}));
        });
    }

    std::string text(const node& at, std::size_t most) {
        const auto* value = at.value.get_ptr<const std::string*>();
        if (!value) return refuse(at, "must be a string"), "";
        if (value->size() > most) return refuse(at, "is longer than " + std::to_string(most) + " bytes"), "";
        return *value;
    }

    std::uint64_t number(const node& at, std::uint64_t most) {
        const auto* value = at.value.get_ptr<const json::number_unsigned_t*>();
        if (!value || *value > most) return refuse(at, "must be a whole number from 0 to " + std::to_string(most)), 0;
        return *value;
    }

    bool boolean(const node& at) {
        if (!at.value.is_boolean()) return refuse(at, "must be true or false"), false;
        return at.value.get<bool>();
    }

    std::string identifier(const node& at, std::size_t most) {
        auto value = text(at, most);
        if (!refusal_ && !is_identifier(value, most)) refuse(at, "may only have letters, digits, '-', '_' and '.'");
        return value;
    }

    std::string host(const node& at) {
        auto value = text(at, 255);
        if (!refusal_ && !is_host_pattern(value))
            refuse(at, "must be a host name in lower case, \"*.\" and a host name, or \"*\"");
        return value;
    }

    route read_route(const node& at) {
        route out;
        // Any key: a route may carry settings that this version does not know.
        if (!object(at, {})) return out;
        with(at, "app", required, [&](const node& n) { out.app = identifier(n, 128); });
        list(at, "hosts", required, table_limits::hosts, out.hosts, [this](const node& n) {
            auto name = host(n);
            if (!hosts_.insert(name).second) refuse(n, "another route has this host");
            return name;
        });
        list(at, "instances", required, table_limits::instances, out.instances,
             [this](const node& n) { return read_instance(n); });
        with(at, "maintenance", optional, [&](const node& n) { out.maintenance = boolean(n); });
        with(at, "maintenance_page", optional,
             [&](const node& n) { out.maintenance_page = text(n, table_limits::page); });
        with(at, "asleep", optional, [&](const node& n) { out.asleep = boolean(n); });
        with(at, "sleep_after", optional,
             [&](const node& n) { out.sleep_after = static_cast<std::uint32_t>(number(n, 0x7fffffff)); });
        return out;
    }

    routed_instance read_instance(const node& at) {
        routed_instance out;
        if (!object(at, {"name", "address", "protocol"})) return out;
        with(at, "name", required, [&](const node& n) { out.name = identifier(n, 128); });
        with(at, "address", required, [&](const node& n) { read_address(n, out); });
        with(at, "protocol", optional, [&](const node& n) {
            const auto value = text(n, 16);
            if (value != "http1" && value != "h2c") return refuse(n, "must be \"http1\" or \"h2c\"");
            out.protocol = value == "h2c" ? instance_protocol::h2c : instance_protocol::http1;
        });
        return out;
    }

    void read_address(const node& at, routed_instance& out) {
        const auto value = text(at, 64);
        const auto colon = value.rfind(':');
        const auto port = std::string_view(value).substr(std::min(value.size(), colon + 1));
        auto address = value.substr(0, std::min(colon, value.size()));
        const bool v6 = address.size() > 1 && address.front() == '[' && address.back() == ']';
        if (v6) address = address.substr(1, address.size() - 2);
        const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), out.port);
        if (refusal_) return;
        if (colon == std::string::npos || !is_address(address, v6 ? AF_INET6 : AF_INET) || ec != std::errc() ||
            end != port.data() + port.size() || out.port == 0)
            return refuse(at, "must be like \"127.0.0.1:9001\" or \"[::1]:9001\"");
        out.address = std::move(address);
    }

    certificate read_certificate(const node& at) {
        certificate out;
        if (!object(at, {"names", "chain", "key"})) return out;
        list(at, "names", required, table_limits::certificate_names, out.names,
             [this](const node& n) { return host(n); });
        with(at, "chain", required, [&](const node& n) { out.chain = text(n, table_limits::pem); });
        with(at, "key", required, [&](const node& n) { out.key = text(n, table_limits::pem); });
        return out;
    }

    zone read_zone(const node& at) {
        zone out;
        if (!object(at, {"name", "records"})) return out;
        with(at, "name", required, [&](const node& n) {
            out.name = text(n, 253);
            if (refusal_) return;
            if (!is_host_name(out.name)) return refuse(n, "must be a domain name in lower case, without a final dot");
            if (!zones_.insert(out.name).second) refuse(n, "another zone has this name");
        });
        list(at, "records", required, table_limits::record_sets, out.records,
             [this](const node& n) { return read_records(n); });
        return out;
    }

    record_set read_records(const node& at) {
        static constexpr std::array<std::string_view, 9> types{"A",  "AAAA", "CNAME", "TXT", "MX",
                                                               "NS", "SOA",  "CAA",   "SRV"};
        record_set out;
        if (!object(at, {"name", "type", "ttl", "data"})) return out;
        with(at, "name", required, [&](const node& n) { out.name = text(n, 253); });
        with(at, "type", required, [&](const node& n) {
            out.type = text(n, 16);
            if (!refusal_ && std::ranges::find(types, out.type) == types.end())
                refuse(n, "must be A, AAAA, CNAME, TXT, MX, NS, SOA, CAA or SRV");
        });
        with(at, "ttl", optional,
             [&](const node& n) { out.ttl = static_cast<std::uint32_t>(number(n, 0x7fffffff)); });  // RFC 2181 §8
        list(at, "data", required, table_limits::records, out.data,
             [this](const node& n) { return text(n, table_limits::record_text); });
        return out;
    }

    std::optional<error> refusal_;
    std::unordered_set<std::string> hosts_;
    std::unordered_set<std::string> zones_;
};

}  // namespace

result<table> parse_table(std::string_view text) {
    if (text.size() > table_limits::bytes) return fail(errc::too_large, "table", "table: larger than 64 MiB");
    std::size_t values = 0;
    // Depth and count are bounded while parsing, or a few megabytes of brackets would become gigabytes of values.
    // Deeper levels than a table has may only occur in route settings that this version does not know.
    const auto bounded = [&](int depth, json::parse_event_t, json&) {
        if (++values > table_limits::values) throw std::length_error("has too many values");
        if (depth > 32) throw std::length_error("is nested too deeply");
        return true;
    };
    try {
        return reader().read(json::parse(text, bounded));
    } catch (const std::length_error& e) {
        return fail(errc::invalid, "table", std::string("table: /: ") + e.what());
    } catch (const json::exception& e) {
        return fail(errc::invalid, "table", std::string("table: /: not JSON: ") + e.what());
    }
}

}  // namespace gasper
