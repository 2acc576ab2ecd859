#include "core/tables/publisher.hpp"

#include <sys/stat.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "core/base/files.hpp"
#include "core/tables/publisher_peer.hpp"

namespace gasper {

namespace {

std::array<unsigned char, 12> frame_head(std::size_t size, std::uint64_t version) {
    std::array<unsigned char, 12> out;
    for (std::size_t i = 0; i < 4; ++i)
        out[3 - i] = static_cast<unsigned char>(size >> 8 * i);
    for (std::size_t i = 0; i < 8; ++i)
        out[11 - i] = static_cast<unsigned char>(version >> 8 * i);
    return out;
}

task<> write_frame(asio::local::stream_protocol::socket& to, std::shared_ptr<const std::string> json,
                   std::uint64_t version) {
    const auto head = frame_head(json->size(), version);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(*json)};
    co_await asio::async_write(to, parts, asio::use_awaitable);
}

}  // namespace

table_publisher::table_publisher(asio::any_io_executor executor, options chosen, logger& log)
    : executor_(executor),
      options_(std::move(chosen)),
      log_(log),
      scope_(std::move(executor), [&log](const std::string& task, const std::string& what) {
          log.warn("table feed", {{"task", task}, {"fault", what}});
      }) {
    auto json = read_file(options_.file, table_limits::bytes);
    if (!json) {
        if (json.error().kind != errc::not_found) log_.warn("table file", {{"reason", json.error().message}});
        return;
    }
    auto last = parse_table(*json);
    if (!last) {
        log_.warn("table file", {{"reason", last.error().message}});
        return;
    }
    written_ = last->version;
    current_ = std::make_shared<const table>(std::move(*last));
    json_ = std::make_shared<const std::string>(std::move(*json));
}

table_publisher::~table_publisher() = default;

std::uint64_t table_publisher::publish(table next) {
    next.version = (current_ ? current_->version : 0) + 1;
    auto json = std::make_shared<const std::string>(to_json(next));
    current_ = std::make_shared<const table>(std::move(next));
    json_ = std::move(json);
    for (auto& p : peers_)
        p->wake.cancel();
    notify();
    return current_->version;
}

task<> table_publisher::run() {
    // A socket file that a killed process left behind would make bind() fail.
    std::filesystem::remove(options_.socket);
    asio::local::stream_protocol::acceptor acceptor(executor_);
    acceptor.open();
    // Nobody else may connect, not even between bind() and chmod(): listen() comes last.
    acceptor.bind(asio::local::stream_protocol::endpoint(options_.socket.string()));
    std::filesystem::permissions(options_.socket,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    acceptor.listen();
    scope_.spawn("file", write_file());
    std::exception_ptr fault;
    try {
        co_await accept(acceptor);
    } catch (...) {
        fault = std::current_exception();
    }
    for (auto& p : peers_)
        p->close();
    scope_.cancel();
    // Cancelled or not, the tasks use this object: they are waited for before it may go.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await scope_.join();
    std::error_code ignored;
    std::filesystem::remove(options_.socket, ignored);
    if (fault) std::rethrow_exception(fault);
}

task<> table_publisher::accept(asio::local::stream_protocol::acceptor& from) {
    for (;;) {
        auto p = std::make_shared<peer>(co_await from.async_accept(asio::use_awaitable));
        if (peers_.size() >= options_.max_subscribers) {
            log_.warn("table feed", {{"reason", "too many subscribers"}});
            continue;
        }
        peers_.push_back(p);
        scope_.spawn("subscriber", serve(p));
        scope_.spawn("subscriber tables", send(p));
    }
}

task<> table_publisher::serve(std::shared_ptr<peer> to) {
    try {
        co_await receive(to);
    } catch (const boost::system::system_error& e) {
        const bool cut = e.code() == asio::error::not_found;  // a line without an end
        if (cut) log_.warn("table feed", {{"reason", "line too long"}, {"subscriber", to->state.name}});
    }
    to->close();
    peers_.remove(to);
    if (!to->state.name.empty()) log_.info("subscriber left", {{"subscriber", to->state.name}, {"pid", to->state.pid}});
    notify();
}

task<> table_publisher::receive(std::shared_ptr<peer> from) {
    // Named, not in the condition: GCC 12 miscompiles temporaries of a co_await in a condition.
    auto first_line = hear_line(from);
    const bool named = co_await finishes_before(std::move(first_line), deadline::after(options_.send_timeout));
    if (!named) {
        log_.warn("table feed", {{"reason", "a subscriber did not say its name"}});
        co_return;
    }
    // From here on a subscriber may be silent: it has nothing to say before the next table. Its end is an end of file.
    while (!from->closed)
        co_await hear_line(from);
}

task<> table_publisher::hear_line(std::shared_ptr<peer> from) {
    auto limited = asio::dynamic_buffer(from->heard, report_limits::line);
    const auto n = co_await asio::async_read_until(from->connection, limited, '\n', asio::use_awaitable);
    if (!hear(*from, std::string_view(from->heard).substr(0, n - 1))) from->close();
    limited.consume(n);
}

bool table_publisher::hear(peer& from, std::string_view line) {
    const auto said = nlohmann::json::parse(line, nullptr, false);
    const auto text = [&](const char* key) {
        const auto found = said.find(key);
        return found != said.end() && found->is_string() ? found->get<std::string>().substr(0, 500) : std::string();
    };
    const auto number = [&](const char* key) {
        const auto found = said.find(key);
        return found != said.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    };
    const auto name = said.is_object() ? text("subscriber").substr(0, 64) : "";
    const bool renamed = !from.state.name.empty() && name != from.state.name;
    auto report = name.empty() ? std::nullopt : read_report(said);
    if (!report || renamed || number("applied") > from.sent || number("refused") > from.sent) {
        log_.warn("table feed", {{"reason", "a subscriber talks nonsense"}, {"subscriber", from.state.name}});
        return false;
    }
    if (from.state.name.empty()) {
        from.state.name = name;
        from.state.pid = static_cast<int>(number("pid") & 0x7fffffff);
        log_.info("subscriber came", {{"subscriber", name}, {"pid", from.state.pid}});
    }
    from.state.applied = std::max(from.state.applied, number("applied"));
    if (const auto refused = number("refused"); refused != 0) {
        from.state.refused = refused;
        from.state.reason = text("reason");
        log_.error("table refused", {{"subscriber", name}, {"version", refused}, {"reason", from.state.reason}});
    }
    hear_report(from, std::move(*report));
    notify();
    return true;
}

task<> table_publisher::send(std::shared_ptr<peer> to) {
    std::shared_ptr<const std::string> sent;
    while (!to->closed) {
        if (!json_ || json_ == sent) {
            boost::system::error_code woken;
            to->wake.expires_at(asio::steady_timer::time_point::max());
            co_await to->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
            continue;
        }
        sent = json_;
        to->sent = current_->version;
        try {
            auto frame = write_frame(to->connection, sent, to->sent);
            const bool read = co_await finishes_before(std::move(frame), deadline::after(options_.send_timeout));
            if (read) continue;
            log_.warn("table feed", {{"reason", "a subscriber does not read"}, {"subscriber", to->state.name}});
        } catch (const boost::system::system_error&) {  // it left: serve() says so
        }
        to->close();
    }
}

task<> table_publisher::write_file() {
    for (;;) {
        while (!current_ || written_ == current_->version)
            co_await await_change(deadline::after(std::chrono::hours(1)));
        const auto json = json_;
        const auto version = current_->version;
        const auto write = [this, json] { return replace_file(options_.file, *json); };
        const auto done = co_await disk_.run(write);
        if (!done) {
            log_.error("table file", {{"reason", done.error().message}});
            co_await sleep_until(deadline::after(std::chrono::seconds(1)));
            continue;
        }
        written_ = version;
        notify();
    }
}

task<> table_publisher::await_change(deadline until) {
    asio::steady_timer change(executor_, until.at());
    const auto at = waiting_.insert(waiting_.end(), &change);
    boost::system::error_code woken;
    co_await change.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    waiting_.erase(at);
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

void table_publisher::notify() {
    for (auto* w : waiting_)
        w->cancel();
}

std::optional<bool> table_publisher::all_applied(const std::string& name, std::uint64_t version) const {
    bool any = false;
    for (const auto& p : peers_) {
        if (p->closed || p->state.name != name) continue;
        if (p->state.refused >= version) return false;
        if (p->state.applied < version) return std::nullopt;
        any = true;
    }
    return any ? std::optional(true) : std::nullopt;
}

task<bool> table_publisher::applied(std::string name, std::uint64_t version, deadline until) {
    for (;;) {
        if (const auto known = all_applied(name, version)) co_return *known;
        if (until.expired()) co_return false;
        co_await await_change(until);
    }
}

task<bool> table_publisher::written(std::uint64_t version, deadline until) {
    while (written_ < version && !until.expired())
        co_await await_change(until);
    co_return written_ >= version;
}

std::vector<subscriber_state> table_publisher::subscribers() const {
    std::vector<subscriber_state> out;
    for (const auto& p : peers_)
        if (!p->state.name.empty()) out.push_back(p->state);
    return out;
}

}  // namespace gasper
