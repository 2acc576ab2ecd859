#include "control/mail/smtp.hpp"

#include <boost/beast/core/detail/base64.hpp>

#include <algorithm>

namespace gasper::control {

namespace {

constexpr int most_lines = 100;  // of one answer

std::string base64(const std::string& text) {
    namespace b64 = boost::beast::detail::base64;
    std::string out(b64::encoded_size(text.size()), 0);
    out.resize(b64::encode(out.data(), text.data(), text.size()));
    return out;
}

error refused(const std::string& what) {
    return fail(errc::unavailable, "mail_refused", "the mail server " + what);
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 200))
        out += c >= ' ' && c < 0x7f ? c : '?';
    return out;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    return out;
}

}  // namespace

smtp_dialogue::step smtp_dialogue::say(state then, std::string bytes) {
    state_ = then;
    return {step::what::send, std::move(bytes) + "\r\n"};
}

smtp_dialogue::step smtp_dialogue::say_hello() {
    offers_tls_ = offers_plain_ = false;
    return say(state::hello, "EHLO " + options_.helo);
}

smtp_dialogue::step smtp_dialogue::say_mail() {
    return say(state::mail, "MAIL FROM:<" + options_.from + ">");
}

smtp_dialogue::step smtp_dialogue::secured() {
    options_.secure = true;
    return say_hello();
}

result<smtp_dialogue::step> smtp_dialogue::line(std::string_view text) {
    const bool digits =
        text.size() >= 3 && std::all_of(text.begin(), text.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || (text.size() > 3 && text[3] != ' ' && text[3] != '-')) return refused("talks no SMTP");
    const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    if (lines_ > 0 && code != code_) return refused("talks no SMTP");
    if (++lines_ > most_lines) return refused("talks too much");
    code_ = code;
    const auto words = upper(text.substr(std::min<std::size_t>(4, text.size())));
    if (state_ == state::hello) {
        offers_tls_ = offers_tls_ || words == "STARTTLS";
        offers_plain_ = offers_plain_ || (words.starts_with("AUTH ") && (words + " ").find(" PLAIN ") != words.npos);
    }
    if (text.size() > 3 && text[3] == '-') return step{};
    lines_ = 0;
    return answered(code, printable(text));
}

result<smtp_dialogue::step> smtp_dialogue::after_hello() {
    if (!options_.secure && offers_tls_) return say(state::starting_tls, "STARTTLS");
    const bool open = !options_.secure && !options_.trusted;
    if (open) return refused("offers no TLS: nothing is sent to it in the open");
    if (options_.user.empty()) return say_mail();
    if (!offers_plain_) return refused("takes no AUTH PLAIN");
    const std::string secret = std::string(1, 0) + options_.user + std::string(1, 0) + options_.password;
    return say(state::auth, "AUTH PLAIN " + base64(secret));
}

// Before MAIL a refusal is of this server, and may be mended in its configuration; from there on of this message.
error smtp_dialogue::refusal_of(int code, const std::string& text) const {
    auto why = refused("answered " + text);
    const bool of_message =
        state_ == state::mail || state_ == state::rcpt || state_ == state::data || state_ == state::content;
    if (of_message && code / 100 == 5) why.code = "mail_rejected";
    return why;
}

result<smtp_dialogue::step> smtp_dialogue::answered(int code, const std::string& text) {
    const auto expected = state_ == state::auth                                        ? code == 235
                          : state_ == state::data                                      ? code == 354
                          : state_ == state::greeting || state_ == state::starting_tls ? code == 220
                                                                                       : code / 100 == 2;
    if (!expected) return refusal_of(code, text);
    switch (state_) {
        case state::greeting:
            return say_hello();
        case state::hello:
            return after_hello();
        case state::starting_tls:
            return step{step::what::start_tls, {}};
        case state::auth:
            return say_mail();
        case state::mail:
            return say(state::rcpt, "RCPT TO:<" + options_.to + ">");
        case state::rcpt:
            return say(state::data, "DATA");
        case state::data:
            return say(state::content, options_.message + ".");
        case state::content:
            break;
    }
    return step{step::what::done, "QUIT\r\n"};
}

}  // namespace gasper::control
