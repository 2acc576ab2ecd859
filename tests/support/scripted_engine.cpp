#include "tests/support/scripted_engine.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/write.hpp>
#include <charconv>
#include <cstdlib>

#include "tests/support/run_task.hpp"

namespace gasper::test {

namespace {

std::filesystem::path temporary_directory() {
    char name[] = "/tmp/gasper-engine-XXXXXX";
    return ::mkdtemp(name);
}

// Without "/v1.41" and without the query unless `with_query`.
std::string plain(std::string target, bool with_query) {
    if (target.starts_with("/v1.")) target = target.substr(target.find('/', 1));
    return with_query ? target : target.substr(0, target.find('?'));
}

std::size_t content_length(const std::string& head) {
    const std::string name = "Content-Length: ";
    const auto at = head.find(name);
    std::size_t n = 0;
    if (at != std::string::npos) std::from_chars(head.data() + at + name.size(), head.data() + head.size(), n);
    return n;
}

task<bool> more(scripted_engine::socket& s, std::string& into) {
    std::array<char, 65536> chunk;
    boost::system::error_code ec;
    const auto n = co_await s.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec));
    into.append(chunk.data(), n);
    co_return !ec && n > 0;
}

}  // namespace

scripted_engine::scripted_engine(asio::io_context& io)
    : directory_(temporary_directory()),
      path_(directory_ / "engine.sock"),
      acceptor_(io, asio::local::stream_protocol::endpoint(path_.string())),
      io_(io),
      scope_(std::make_unique<task_scope>(io.get_executor(), [](const std::string& name, const std::string& what) {
          ADD_FAILURE() << name << ": " << what;
      })) {
    scope_->spawn("accept", accept());
}

scripted_engine::~scripted_engine() {
    cut_all();
    EXPECT_TRUE(run_task(io_, scope_->stop(deadline::after(std::chrono::seconds(5)))));
    EXPECT_TRUE(script_.empty()) << "not asked: " << script_.front().method << " " << script_.front().path;
    std::filesystem::remove_all(directory_);
}

void scripted_engine::expect(std::string method, std::string path, answer a) {
    script_.push_back({std::move(method), std::move(path), std::move(a)});
}

void scripted_engine::always(std::string method, std::string path, answer a) {
    always_.push_back({std::move(method), std::move(path), std::move(a)});
}

void scripted_engine::speaks(const std::string& api, const std::string& minimum) {
    always("GET", "/version",
           json(200, fmt::format(R"({{"Version":"99.1","ApiVersion":"{}","MinAPIVersion":"{}"}})", api, minimum)));
}

scripted_engine::answer scripted_engine::json(int status, const std::string& body) {
    return raw({fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                            body.size(), body)});
}

scripted_engine::answer scripted_engine::chunked(const std::vector<std::string>& chunks) {
    answer a = raw({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"});
    for (const auto& c : chunks)
        a.pieces.push_back(fmt::format("{:x}\r\n{}\r\n", c.size(), c));
    a.pieces.push_back("0\r\n\r\n");
    return a;
}

scripted_engine::answer scripted_engine::raw(std::vector<std::string> pieces, bool close) {
    answer a;
    a.pieces = std::move(pieces);
    a.close = close;
    return a;
}

scripted_engine::answer scripted_engine::hijack(std::function<task<>(socket&, std::string early)> talk) {
    answer a = raw({"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"}, true);
    a.hijacked = std::move(talk);
    return a;
}

scripted_engine::answer scripted_engine::hold_back(answer a) {
    a.gate = std::make_shared<asio::steady_timer>(io_, asio::steady_timer::time_point::max());
    gates_.push_back(a.gate);
    return a;
}

void scripted_engine::open_gates() {
    for (auto& gate : gates_)
        gate->expires_at(asio::steady_timer::time_point::min());
}

void scripted_engine::cut_all() {
    boost::system::error_code ignored;
    for (auto& [number, s] : sockets_)
        s->close(ignored);
    sockets_.clear();
}

void scripted_engine::vanish() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    cut_all();
    std::filesystem::remove(path_);
}

task<> scripted_engine::accept() {
    for (;;) {
        boost::system::error_code ec;
        auto s = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        auto shared = std::make_shared<socket>(std::move(s));
        sockets_[++connections_] = shared;
        scope_->spawn("connection", serve(std::move(shared), connections_));
    }
}

task<bool> scripted_engine::read_request(socket& s, std::string& buffered, request& into) {
    std::size_t end = 0;
    while ((end = buffered.find("\r\n\r\n")) == std::string::npos)
        if (!co_await more(s, buffered)) co_return false;
    into.head = buffered.substr(0, end + 2);
    buffered.erase(0, end + 4);
    into.method = into.head.substr(0, into.head.find(' '));
    const auto begin = into.method.size() + 1;
    into.target = into.head.substr(begin, into.head.find(' ', begin) - begin);
    if (into.head.find("Transfer-Encoding: chunked") != std::string::npos) {
        while (!buffered.ends_with("0\r\n\r\n"))
            if (!co_await more(s, buffered)) co_return false;
        into.body = std::exchange(buffered, {});
        co_return true;
    }
    const auto length = content_length(into.head);
    while (buffered.size() < length)
        if (!co_await more(s, buffered)) co_return false;
    into.body = buffered.substr(0, length);
    buffered.erase(0, length);
    co_return true;
}

scripted_engine::answer scripted_engine::find(const request& r) {
    const auto fits = [&](const expectation& e) {
        return e.method == r.method && e.path == plain(r.target, e.path.find('?') != std::string::npos);
    };
    if (!script_.empty() && fits(script_.front())) {
        auto a = std::move(script_.front().reply);
        script_.pop_front();
        return a;
    }
    for (const auto& e : always_)
        if (fits(e)) return e.reply;
    if (otherwise_) return otherwise_(r);
    ADD_FAILURE() << "unexpected request: " << r.method << " " << r.target << ", expected "
                  << (script_.empty() ? "none" : script_.front().method + " " + script_.front().path);
    return json(500, R"({"message":"unexpected"})");
}

task<> scripted_engine::serve(std::shared_ptr<socket> s, int number) {
    std::string buffered;
    boost::system::error_code ec;
    for (;;) {
        request r;
        r.connection = number;
        const bool got = co_await read_request(*s, buffered, r);
        if (!got) break;
        seen_.push_back(r);
        auto a = find(r);
        if (a.gate && a.gate->expiry() != asio::steady_timer::time_point::min())
            co_await a.gate->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        for (const auto& piece : a.pieces) {
            co_await asio::async_write(*s, asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec));
            if (ec) break;
        }
        if (!ec && a.hijacked) co_await a.hijacked(*s, std::exchange(buffered, {}));
        if (ec || a.close) break;
    }
    s->close(ec);
    sockets_.erase(number);
}

}  // namespace gasper::test
