// The client's side of SMTP (RFC 5321) for one message, without a socket: the server's lines go in, what to do next
// comes out. STARTTLS (RFC 3207) before anything else when it is asked for, AUTH PLAIN (RFC 4954) only under TLS or
// when `trusted` says that nobody can listen. A value.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::control {

class smtp_dialogue {
 public:
    struct options {
        std::string helo;            // this server's name
        std::string user, password;  // empty: no AUTH
        std::string from, to;        // plain addresses
        std::string message;         // as to_wire() makes it
        bool secure{false};          // TLS since the first byte
        bool trusted{false};         // loopback: without TLS too
    };
    explicit smtp_dialogue(options o) : options_(std::move(o)) {}

    struct step {
        enum class what { more, send, start_tls, done };
        what next{what::more};  // more: another line of this answer; done: the message is the server's from here on
        std::string bytes;      // of send; of done: its leave, which nobody waits for
    };
    /// A line from the server without its end. Refuses with "mail_refused" and what the server said, or with
    /// "mail_rejected" when that is final for this message (RFC 5321 4.2.1); a person can read it, and no secret of
    /// ours stands in it.
    result<step> line(std::string_view text);
    /// TLS stands: go on.
    step secured();

 private:
    enum class state { greeting, hello, starting_tls, auth, mail, rcpt, data, content };

    result<step> answered(int code, const std::string& text);
    error refusal_of(int code, const std::string& text) const;
    result<step> after_hello();
    step say_hello();
    step say_mail();
    step say(state then, std::string bytes);

    options options_;
    state state_{state::greeting};
    bool offers_tls_{false}, offers_plain_{false};
    int code_{0};  // of the answer that is being read
    int lines_{0};
    std::string said_;
};

}  // namespace gasper::control
