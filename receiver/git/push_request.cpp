#include "receiver/git/push_request.hpp"

#include <algorithm>

namespace gasper::receiver {

namespace {

constexpr std::string_view capabilities =
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=gasper";

bool is_oid(std::string_view text) {
    return text.size() == 40 && std::all_of(text.begin(), text.end(),
                                            [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

error malformed(std::string message) {
    return fail(errc::invalid, "push_request", std::move(message));
}

}  // namespace

bool push_request::wants_pack() const {
    return std::any_of(commands.begin(), commands.end(), [](const ref_command& c) { return !c.deletes(); });
}

std::string advertise(std::span<const advertised_ref> refs) {
    std::string out, line;
    if (refs.empty()) {
        line.append(zero_oid).append(" capabilities^{}").append(1, '\0').append(capabilities).append("\n");
        append_pkt(out, line);
    }
    bool first = true;
    for (const auto& ref : refs) {
        line.assign(ref.oid).append(" ").append(ref.name);
        if (first) line.append(1, '\0').append(capabilities);
        append_pkt(out, line.append("\n"));
        first = false;
    }
    return out.append(flush_pkt);
}

result<std::optional<push_request>> push_request_parser::feed(std::string_view bytes) {
    packets_.feed(bytes);
    for (;;) {
        auto next = packets_.next();
        if (!next) return next.error();
        if (!*next) {
            // What is buffered may be at most one packet that is not complete.
            if (seen_ > limits_.bytes) return fail(errc::too_large, "push_request", "the list of refs is too long");
            return std::nullopt;
        }
        auto& packet = **next;
        seen_ += packet.payload.size() + 4;
        if (seen_ > limits_.bytes) return fail(errc::too_large, "push_request", "the list of refs is too long");
        if (packet.type == pkt::kind::flush) return request_;
        if (packet.type != pkt::kind::data) return malformed("a packet has no place in the list of refs");
        if (auto taken = take_line(std::move(packet.payload)); !taken) return taken.error();
    }
}

result<> push_request_parser::take_line(std::string line) {
    if (line.ends_with('\n')) line.pop_back();
    if (line.starts_with("shallow "))
        return malformed("a push from a shallow clone is not supported: run git fetch --unshallow, then push again");
    if (line.starts_with("push-cert")) return malformed("signed pushes are not supported");
    if (first_) {
        first_ = false;
        const auto nul = line.find('\0');
        if (nul != line.npos) {
            if (auto taken = take_capabilities(std::string_view(line).substr(nul + 1)); !taken) return taken.error();
            line.resize(nul);
        }
    }
    return take_command(line);
}

result<> push_request_parser::take_capabilities(std::string_view list) {
    while (!list.empty()) {
        const auto space = std::min(list.find(' '), list.size());
        const auto word = list.substr(0, space);
        list.remove_prefix(std::min(space + 1, list.size()));
        if (word == "report-status" || word == "report-status-v2") request_.report_status = true;
        if (word == "side-band-64k") request_.side_band = true;
        if (word == "atomic") request_.atomic = true;
        if (word == "quiet") request_.quiet = true;
        if (word == "push-options") return malformed("push options are not supported");
        if (word.starts_with("object-format=") && word != "object-format=sha1")
            return malformed("only SHA-1 repositories are supported");
    }
    return {};
}

result<> push_request_parser::take_command(std::string_view line) {
    if (request_.commands.size() >= limits_.commands)
        return fail(errc::too_large, "push_request",
                    "at most " + std::to_string(limits_.commands) + " refs can be pushed at once");
    if (line.size() > 64 && line[64] == ' ') return malformed("only SHA-1 repositories are supported");
    if (line.size() < 83 || line[40] != ' ' || line[81] != ' ' || !is_oid(line.substr(0, 40)) ||
        !is_oid(line.substr(41, 40)) || line.find('\0') != line.npos)
        return malformed("a line is not \"<old> <new> <ref>\"");
    ref_command command{std::string(line.substr(0, 40)), std::string(line.substr(41, 40)),
                        std::string(line.substr(82))};
    request_.commands.push_back(std::move(command));
    return {};
}

std::string report(std::string_view unpack, std::span<const ref_outcome> refs) {
    std::string out;
    append_pkt(out, "unpack " + one_line(unpack) + "\n");
    for (const auto& each : refs) {
        // A name longer than a packet cannot have been asked for; the cut only keeps a fault from throwing.
        const auto ref = one_line(each.ref);
        append_pkt(out, each.refusal.empty() ? "ok " + ref + "\n" : "ng " + ref + " " + one_line(each.refusal) + "\n");
    }
    return out.append(flush_pkt);
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, 1000));
    for (auto& c : line)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

}  // namespace gasper::receiver
