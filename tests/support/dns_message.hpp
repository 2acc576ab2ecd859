// A DNS client's view of messages, written apart from dns/ so that the two check each other. Throws on anything that
// is malformed.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace gasper::test {

using bytes = std::vector<std::uint8_t>;

struct dns_query {
    std::string name;
    int type{1};
    int qclass{1};
    int udp_size{0};  // 0: no EDNS
    int edns_version{0};
    int flags{0x0100};
    int id{0x1234};
};

inline void put16(bytes& to, int v) {
    to.push_back(static_cast<std::uint8_t>(v >> 8));
    to.push_back(static_cast<std::uint8_t>(v));
}

inline bytes encode(const dns_query& q) {
    bytes out;
    for (int v : {q.id, q.flags, 1, 0, 0, q.udp_size ? 1 : 0})
        put16(out, v);
    for (std::size_t at = 0; at < q.name.size();) {
        const auto end = std::min(q.name.find('.', at), q.name.size());
        out.push_back(static_cast<std::uint8_t>(end - at));
        out.insert(out.end(), q.name.begin() + static_cast<long>(at), q.name.begin() + static_cast<long>(end));
        at = end + 1;
    }
    out.push_back(0);
    put16(out, q.type);
    put16(out, q.qclass);
    if (q.udp_size) {
        out.push_back(0);
        for (int v : {41, q.udp_size, q.edns_version, 0, 0})
            put16(out, v);
    }
    return out;
}

struct dns_response {
    int id{0}, flags{0}, rcode{0};
    bool aa{false}, tc{false}, edns{false};
    std::string question;
    std::vector<std::string> answer, authority, additional;  // "owner ttl type data"
    std::size_t size{0};
};

class dns_decoder {
 public:
    explicit dns_decoder(std::span<const std::uint8_t> m) : m_(m) {}

    dns_response decode() {
        dns_response r;
        r.size = m_.size();
        r.id = u16(), r.flags = u16();
        r.rcode = r.flags & 15, r.aa = r.flags & 0x400, r.tc = r.flags & 0x200;
        const int counts[] = {u16(), u16(), u16(), u16()};
        if (counts[0]) {
            r.question = name();
            u16(), u16();
        }
        std::vector<std::string>* sections[] = {&r.answer, &r.authority, &r.additional};
        for (int s = 0; s < 3; ++s)
            for (int i = 0; i < counts[s + 1]; ++i)
                record(r, *sections[s]);
        if (at_ != m_.size()) throw std::runtime_error("bytes after the end");
        return r;
    }

 private:
    int u8() { return at_ < m_.size() ? m_[at_++] : throw std::runtime_error("cut short"); }
    int u16() {
        const int high = u8();
        return high << 8 | u8();
    }
    std::uint32_t u32() {
        const auto high = static_cast<std::uint32_t>(u16());
        return high << 16 | static_cast<std::uint32_t>(u16());
    }
    std::string name() {
        std::string out;
        std::size_t resume = 0;
        for (int jumps = 0;;) {
            const int n = u8();
            if (n >= 0xc0) {
                const std::size_t to = static_cast<std::size_t>((n & 0x3f) << 8 | u8());
                if (!resume) resume = at_;
                if (to >= at_ - 2 || ++jumps > 20) throw std::runtime_error("a pointer that does not go back");
                at_ = to;
                continue;
            }
            if (n == 0) break;
            for (int i = 0; i < n; ++i)
                out += static_cast<char>(u8());
            out += '.';
        }
        if (resume) at_ = resume;
        return out.empty() ? "." : out;
    }
    std::string text(std::size_t end) {
        std::string out;
        while (at_ < end) {
            const int n = u8();
            out += out.empty() ? "\"" : " \"";
            for (int i = 0; i < n; ++i)
                out += static_cast<char>(u8());
            out += '"';
        }
        return out;
    }
    std::string address(int family, int n) {
        std::uint8_t raw[16];
        char out[64];
        for (int i = 0; i < n; ++i)
            raw[i] = static_cast<std::uint8_t>(u8());
        return ::inet_ntop(family, raw, out, sizeof out);
    }
    // The operands of + are evaluated in any order: the name is read after what stands before it.
    std::string in_order(std::string before) { return before += name(); }
    std::string numbers(int n) {
        std::string out;
        for (int i = 0; i < n; ++i)
            out += std::to_string(u16()) + " ";
        return out;
    }
    void record(dns_response& r, std::vector<std::string>& to) {
        auto owner = name();
        const int type = u16(), qclass = u16();
        const auto ttl = u32();
        const auto length = static_cast<std::size_t>(u16());
        const auto end = at_ + length;
        if (type == 41) {
            r.edns = true;
            r.rcode |= static_cast<int>(ttl >> 24) << 4;
            at_ = end;
            return;
        }
        if (qclass != 1) throw std::runtime_error("not IN");
        to.push_back(owner + " " + std::to_string(ttl) + " " + data(type, end));
        if (at_ != end) throw std::runtime_error("a record's length is wrong");
    }
    std::string data(int type, std::size_t end) {
        switch (type) {
            case 1:
                return "A " + address(AF_INET, 4);
            case 28:
                return "AAAA " + address(AF_INET6, 16);
            case 2:
                return "NS " + name();
            case 5:
                return "CNAME " + name();
            case 13:
                return "HINFO " + text(end);
            case 15:
                return in_order("MX " + numbers(1));
            case 16:
                return "TXT " + text(end);
            case 33:
                return in_order("SRV " + numbers(3));
            case 6: {
                auto out = "SOA " + name();
                out += " " + name();
                for (int i = 0; i < 5; ++i)
                    out += " " + std::to_string(u32());
                return out;
            }
            case 257: {
                auto out = "CAA " + std::to_string(u8()) + " ";
                for (int n = u8(); n > 0; --n)
                    out += static_cast<char>(u8());
                out += " ";
                while (at_ < end)
                    out += static_cast<char>(u8());
                return out;
            }
            default:
                throw std::runtime_error("unknown type");
        }
    }

    std::span<const std::uint8_t> m_;
    std::size_t at_{0};
};

inline dns_response decode(std::span<const std::uint8_t> message) {
    return dns_decoder(message).decode();
}

}  // namespace gasper::test
