// The router's own answers: a short HTML page that says what is wrong and what to do. Sans-io. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace gasper::router {

/// Why the router itself answers. `code` is Heroku's where it has one.
struct trouble {
    int status;
    std::string_view code;
    std::string_view what;    // one line, for the log and the page's title
    std::string_view advice;  // a sentence for whoever sees the page
    int retry_after{0};       // seconds, for the client; 0: nothing is said
};

namespace troubles {
inline constexpr trouble no_app{404, "no-app", "No such app", "There is no app at this address. Check the host name."};
inline constexpr trouble no_instance{
    503, "H14", "No web processes running",
    "The app has no running web process. Its owner can start one with ps:scale web=1."};
inline constexpr trouble maintenance{503, "H80", "Maintenance mode",
                                     "The app is being worked on. Come back in a while.", 60};
inline constexpr trouble boot_timeout{503, "H20", "App boot timeout",
                                      "The app was asleep and did not wake up in time. Try again in a moment.", 10};
inline constexpr trouble backlog{503, "H11", "Backlog too deep",
                                 "Too many requests wait for the app to wake up. Try again in a moment.", 10};
inline constexpr trouble refused{503, "H21", "Backend connection refused",
                                 "The app does not accept connections at the moment. Its log says more."};
inline constexpr trouble connect_timeout{503, "H19", "Backend connection timeout",
                                         "The app does not accept connections at the moment. Its log says more."};
inline constexpr trouble no_response{502, "H13", "Connection closed without response",
                                     "The app ended the connection before it answered. Its log says more."};
inline constexpr trouble bad_response{502, "H17", "Poorly formatted HTTP response",
                                      "The app answered with something that is not HTTP. Its log says more."};
inline constexpr trouble timeout{504, "H12", "Request timeout", "The app took too long to answer. Its log says more."};
inline constexpr trouble bad_request{400, "bad-request", "Bad request", "The request is not valid HTTP."};
// These two answer nobody: the line in the log is all there is.
inline constexpr trouble client_gone{499, "H27", "Client request interrupted", ""};
inline constexpr trouble cut_short{502, "H18", "Server request interrupted", ""};
}  // namespace troubles

/// How a page goes out. HEAD gets no body.
struct page_form {
    int status;
    bool answers_head{false};
    bool keep_alive{false};
    int retry_after{0};  // seconds; 0: nothing is said
};

/// Head and body. `reason` names more closely what was wrong.
std::string render_page(const trouble& what, std::string_view reason, std::string_view request_id, page_form as);
/// The same with a body of the app's own, HTML.
std::string render_page(std::string_view html, page_form as);

std::string_view reason_phrase(int status) noexcept;

}  // namespace gasper::router
