#include "core/model/mail_address.hpp"

#include <algorithm>

namespace gasper {

namespace {

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Parts between dots, none empty.
template <class F>
bool dotted(std::string_view text, F&& fits) {
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) { return c == '.' || fits(c); });
}

}  // namespace

bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == text.npos || text.size() > 254) return false;
    const auto local = text.substr(0, at), domain = text.substr(at + 1);
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";  // RFC 5322 atext
    const auto atom = [&](char c) { return is_alphanumeric(c) || others.find(c) != others.npos; };
    const auto label = [](char c) { return is_alphanumeric(c) || c == '-'; };
    return local.size() <= 64 && dotted(local, atom) && dotted(domain, label);
}

}  // namespace gasper
