#include "control/mail/mailer.hpp"

#include "control/mail/smtp.hpp"
#include "control/outbound.hpp"
#include "control/webhooks/poster.hpp"

namespace gasper::control {

namespace {

std::string percent_decoded(const std::string& text) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool coded = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
        out += coded ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    return out;
}

/// The dialogue over a stream.
task<result<>> talk(outbound_stream& with, smtp_dialogue& dialogue, deadline until) {
    for (;;) {
        auto line = co_await with.read_line(until);
        if (!line) co_return line.error();
        auto next = dialogue.line(*line);
        if (!next) co_return next.error();
        if (next->next == smtp_dialogue::step::what::done) {
            // It was taken: an error from here on must not have it sent again.
            (void)co_await with.write(next->bytes, deadline::after(std::chrono::seconds(1)));
            co_return result<>();
        }
        if (next->next == smtp_dialogue::step::what::start_tls) {
            auto secured = co_await with.start_tls(until);
            if (!secured) co_return secured;
            *next = dialogue.secured();
        }
        if (next->next != smtp_dialogue::step::what::send) continue;
        auto written = co_await with.write(next->bytes, until);
        if (!written) co_return written;
    }
}

}  // namespace

struct mailer::tls_settings {
    std::shared_ptr<outbound_stream::tls_context> context{outbound_stream::make_context()};
};

mailer::mailer(std::string url, std::string helo)
    : url_(std::move(url)), helo_(std::move(helo)), tls_(std::make_unique<tls_settings>()) {}
mailer::~mailer() = default;

result<mail_server> parse_mail_server(const std::string& url) {
    const auto refuse = [](const std::string& why) {
        return fail(errc::invalid, "smtp_url",
                    "smtp_url must be smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://: " + why);
    };
    mail_server s{.tls = url.starts_with("smtps://")};
    if (!s.tls && !url.starts_with("smtp://")) return refuse("it begins otherwise");
    auto rest = url.substr(s.tls ? 8 : 7);
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        const auto who = rest.substr(0, at);
        const auto colon = who.find(':');
        s.user = percent_decoded(who.substr(0, colon));
        if (colon != who.npos) s.password = percent_decoded(who.substr(colon + 1));
        rest.erase(0, at + 1);
    }
    const auto address = parse_web_address("http://" + rest);
    if (!address || address->target != "/") return refuse("the host is none");
    s.host = address->host;
    const auto colon = rest.rfind(':');
    const bool has_port = colon != rest.npos && rest.find(']', colon) == rest.npos;
    s.port = has_port ? address->port : static_cast<std::uint16_t>(s.tls ? 465 : 587);
    return s;
}

task<result<>> mailer::send(mail_message m, deadline until) {
    if (url_.empty()) co_return fail(errc::unavailable, "mail_unset", "no mail server is configured (smtp_url)");
    auto server = parse_mail_server(url_);
    if (!server) co_return server.error();
    auto work = exchange(std::move(*server), std::move(m));
    co_return co_await with_deadline(std::move(work), until, "the mail server");
}

task<result<>> mailer::exchange(mail_server to, mail_message m) {
    const auto until = deadline::after(std::chrono::minutes(2));
    outbound_stream::address where{.host = to.host, .port = to.port, .tls = to.tls, .anywhere = true};
    auto stream = co_await outbound_stream::connect(where, tls_->context, until);
    if (!stream) co_return stream.error();
    smtp_dialogue dialogue({.helo = helo_,
                            .user = to.user,
                            .password = to.password,
                            .from = m.from,
                            .to = m.to,
                            .message = to_wire(m),
                            .secure = to.tls,
                            .trusted = (*stream)->on_loopback()});
    co_return co_await talk(**stream, dialogue, until);
}

}  // namespace gasper::control
