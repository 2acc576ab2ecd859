// HTTP over the engine's Unix socket: requests on a small pool of keep-alive connections, answers whole or as a
// stream, and connections that the engine hands over ("hijacked"). All calls come from the executor it was made on,
// which runs one handler at a time. It must outlive the streams it gave out. A connection whose exchange was cut
// short (deadline, cancellation, error) is closed, never reused.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "runtime/engine/http_response.hpp"

namespace gasper::runtime {

/// The next bytes of an upload; empty: the end.
using byte_source = std::function<task<result<std::string>>()>;

struct http_request {
    // No aggregate: GCC 12 destroys an aggregate temporary in a co_await expression twice.
    http_request(std::string m, std::string t) : method(std::move(m)), target(std::move(t)) {}

    std::string method;
    std::string target;
    std::string body;
    std::string content_type{"application/json"};
    byte_source upload;   // instead of `body`: sent in chunks
    bool upgrade{false};  // asks for the raw connection
};

struct http_reply {
    int status{0};
    std::string body;
};

class transport;

/// The body of an answer as it comes.
class reply_stream {
 public:
    ~reply_stream();
    int status() const noexcept { return response_.status(); }
    /// Empty: the end. Refuses with errc::deadline when nothing came until then.
    task<result<std::string>> read(deadline until);
    /// Waits as long as it takes: for streams that are silent by nature. Ends by cancellation.
    task<result<std::string>> read();

 private:
    friend class transport;
    struct connection;
    reply_stream(transport& owner, std::unique_ptr<connection> c);

    transport& owner_;
    std::unique_ptr<connection> connection_;
    http_response response_;
};

/// A hijacked connection: bytes both ways.
class raw_stream {
 public:
    using socket = boost::asio::local::stream_protocol::socket;
    raw_stream(socket s, std::string early) : socket_(std::move(s)), early_(std::move(early)) {}

    /// Empty: the peer ended its side. Waits as long as it takes; ends by cancellation or close().
    task<result<std::string>> read();
    task<result<>> write(std::string data, deadline until);
    result<> close_output();
    void close();

 private:
    static constexpr std::size_t least_read = 16u << 10, most_read = 256u << 10;

    socket socket_;
    std::string early_;  // came together with the header
    // What a read may bring: more when more is waiting. Few streams are busy, and those are by far.
    std::vector<char> room_;
};

class transport {
 public:
    static constexpr std::size_t largest_body = 64 << 20;

    transport(asio::any_io_executor executor, std::filesystem::path socket, std::size_t idle_limit);
    ~transport();

    task<result<http_reply>> call(http_request request, deadline until);
    /// Until the header of the answer; the body follows through the stream. `until` bounds upload and header.
    task<result<std::unique_ptr<reply_stream>>> open(http_request request, deadline until);
    /// An answer that is neither 101 nor 200 comes back as a refusal with its body as message.
    task<result<std::unique_ptr<raw_stream>>> hijack(http_request request, deadline until);

    std::size_t idle() const noexcept;
    void close_idle();
    const std::filesystem::path& socket() const noexcept { return path_; }

 private:
    friend class reply_stream;
    using connection = reply_stream::connection;

    task<result<std::unique_ptr<connection>>> connect();
    std::unique_ptr<connection> take_idle();
    void give_back(std::unique_ptr<connection> c);
    task<result<std::unique_ptr<reply_stream>>> exchange(http_request request);
    task<result<http_reply>> whole(http_request request);
    task<result<std::unique_ptr<raw_stream>>> hijacked(http_request request);

    asio::any_io_executor executor_;
    std::filesystem::path path_;
    std::size_t idle_limit_;
    std::vector<std::unique_ptr<connection>> idle_;
};

/// A refusal that carries the engine's own message (`{"message": …}`), mapped by status.
error engine_refusal(int status, const std::string& body);

}  // namespace gasper::runtime
