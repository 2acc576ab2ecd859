// Sends mail through the server that the configuration names, one connection for each message. On the executor of
// whoever awaits it.
#pragma once

#include <memory>
#include <string>

#include "control/mail/message.hpp"
#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

/// "smtp://[user:password@]host[:port]" or smtps; what is percent-encoded is decoded.
struct mail_server {
    bool tls{false};  // from the first byte; else STARTTLS
    std::string host;
    std::uint16_t port{0};
    std::string user, password;
};
result<mail_server> parse_mail_server(const std::string& url);

class mailer {
 public:
    /// `url` empty: send() refuses with "mail_unset". `helo`: how this server calls itself.
    mailer(std::string url, std::string helo);
    ~mailer();
    mailer(const mailer&) = delete;
    mailer& operator=(const mailer&) = delete;

    /// Refuses with "mail_refused" and what the server said, "mail_rejected" when sending it again is in vain, or
    /// "mail_unreachable". A server other than on loopback must take STARTTLS, and have a certificate of its name.
    /// Never the password in an error.
    task<result<>> send(mail_message m, deadline until);

 private:
    struct tls_settings;
    task<result<>> exchange(mail_server to, mail_message m);

    std::string url_, helo_;
    std::unique_ptr<tls_settings> tls_;
};

}  // namespace gasper::control
