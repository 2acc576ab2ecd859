// What a client asks of a connection, one message at a time: who it is first, then its sessions. libssh queues the
// messages; none is answered inside its callbacks, so that an answer may wait for control.
#include <algorithm>
#include <cctype>

#include "receiver/ssh/connection.hpp"

// libssh deprecates the accessors of messages in favour of callbacks, which have to answer on the spot.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace gasper::receiver {

namespace {

std::string text(const char* s) {
    return s ? s : "";
}

bool is_git_protocol(const std::string& value) {
    return value.size() <= 200 && std::all_of(value.begin(), value.end(), [](unsigned char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == ':' || c == '-' || c == '.';
           });
}

}  // namespace

void connection::refuse(message_ptr message) {
    ssh_message_reply_default(message.get());
}

// Whatever reads from the socket may queue a message, and nothing else would wake us for it: the last thing done here
// is to find none.
task<> connection::authenticate_pending() {
    if (who_ || authenticating_) co_return;
    authenticating_ = true;
    while (!closed_ && !who_ && keys_exchanged_) {
        drive();
        message_ptr message(ssh_message_get(session_.get()));
        if (!message) break;
        co_await answer_authentication(std::move(message));
    }
    authenticating_ = false;
    if (who_) drive();
}

task<> connection::answer_authentication(message_ptr message) {
    const int type = ssh_message_type(message.get());
    if (type == SSH_REQUEST_SERVICE && text(ssh_message_service_service(message.get())) == "ssh-userauth") {
        ssh_message_service_reply_success(message.get());
        co_return;
    }
    if (type != SSH_REQUEST_AUTH) co_return refuse(std::move(message));
    // Asking which methods there are is no try.
    if (ssh_message_subtype(message.get()) == SSH_AUTH_METHOD_NONE) co_return refuse(std::move(message));
    if (++tries_ > options_.max_auth_tries) co_return close("too many authentication tries");
    if (ssh_message_subtype(message.get()) != SSH_AUTH_METHOD_PUBLICKEY) co_return refuse(std::move(message));
    co_await answer_public_key(std::move(message));
}

// A client first asks whether a key would do, then signs with it. Only a signature that libssh found valid, over this
// very message, makes it known; every other state of one does not.
task<> connection::answer_public_key(message_ptr message) {
    const auto state = ssh_message_auth_publickey_state(message.get());
    const auto key = ssh_message_auth_pubkey(message.get());
    const auto user = text(ssh_message_auth_user(message.get()));
    const auto fingerprint = key ? fingerprint_of(key) : std::string();
    if (fingerprint.empty() || user.empty() || user.size() > 64 ||
        (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID))
        co_return refuse(std::move(message));
    auto who = co_await services_.authenticate(user, fingerprint);
    if (closed_) co_return;
    if (!who) {
        log_.info("key refused", {{"peer", peer_}, {"user", user}, {"key", fingerprint}, {"why", who.error().code}});
        co_return refuse(std::move(message));
    }
    if (state == SSH_PUBLICKEY_STATE_NONE) {
        ssh_message_auth_reply_pk_ok_simple(message.get());
        co_return;
    }
    who_ = std::move(*who);
    user_ = user;
    ssh_message_auth_reply_success(message.get(), 0);
    services_.known();
}

void connection::answer_messages() {
    while (!closed_) {
        message_ptr message(ssh_message_get(session_.get()));
        if (!message) return;
        answer(std::move(message));
    }
}

void connection::answer(message_ptr message) {
    const int type = ssh_message_type(message.get());
    if (!who_) return refuse(std::move(message));
    if (type == SSH_REQUEST_CHANNEL_OPEN) return open_channel(std::move(message));
    if (type != SSH_REQUEST_CHANNEL) return refuse(std::move(message));
    const auto handle = ssh_message_channel_request_channel(message.get());
    const auto at =
        std::find_if(channels_.begin(), channels_.end(), [&](const auto& c) { return c->handle() == handle; });
    if (at == channels_.end() || (*at)->finished || !answer_request(message.get(), **at))
        return refuse(std::move(message));
    ssh_message_channel_request_reply_success(message.get());
}

void connection::open_channel(message_ptr message) {
    const int type = ssh_message_subtype(message.get());
    if (type == SSH_CHANNEL_DIRECT_TCPIP) return begin_forward(std::move(message));
    const auto sessions = std::count_if(channels_.begin(), channels_.end(), [](const auto& c) { return !c->tunnel; });
    if (type != SSH_CHANNEL_SESSION || sessions >= options_.max_sessions) return refuse(std::move(message));
    ssh_channel handle = ssh_message_channel_request_open_reply_accept(message.get());
    if (!handle) return;
    channels_.push_back(std::make_unique<channel>(*this, handle, socket_.get_executor()));
    channels_.back()->request().user = user_;
    channels_.back()->request().who = *who_;
}

bool connection::answer_request(ssh_message message, channel& on) {
    auto& request = on.request();
    switch (ssh_message_subtype(message)) {
        case SSH_CHANNEL_REQUEST_PTY:
        case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
            return set_terminal(message, on);
        case SSH_CHANNEL_REQUEST_ENV: {
            const auto value = text(ssh_message_channel_request_env_value(message));
            if (on.started || text(ssh_message_channel_request_env_name(message)) != "GIT_PROTOCOL") return false;
            if (!is_git_protocol(value)) return false;
            request.git_protocol = value;
            return true;
        }
        case SSH_CHANNEL_REQUEST_EXEC: {
            if (on.started) return false;
            request.command = text(ssh_message_channel_request_command(message));
            if (request.command->size() > 65536) return false;
            start(on);
            return true;
        }
        case SSH_CHANNEL_REQUEST_SHELL:
            if (on.started) return false;
            start(on);
            return true;
        default:
            return false;
    }
}

bool connection::set_terminal(ssh_message message, channel& on) {
    const bool asks = ssh_message_subtype(message) == SSH_CHANNEL_REQUEST_PTY;
    if (asks == on.started) return false;  // asked for before the start, resized after it
    if (!asks && !on.request().terminal) return false;
    terminal_size size;
    size.columns = std::clamp(ssh_message_channel_request_pty_width(message), 1, 1000);
    size.rows = std::clamp(ssh_message_channel_request_pty_height(message), 1, 1000);
    on.request().terminal = size;
    if (!asks) return true;
    const auto term = text(ssh_message_channel_request_pty_term(message));
    const bool plain = !term.empty() && term.size() <= 64 && std::all_of(term.begin(), term.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '+';
    });
    if (plain) on.request().term = term;
    return true;
}

void connection::start(channel& on) {
    on.started = true;
    tasks_.spawn("ssh session", serve(on));
}

}  // namespace gasper::receiver
