// One exchange with an object store: a request out, its answer in as it comes. For s3_client's sources.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>

#include "control/backups/s3_client.hpp"
#include "runtime/engine/http_response.hpp"

namespace gasper::control {

struct s3_client::tls_settings {
    asio::ssl::context context{asio::ssl::context::tls_client};
    tls_settings();
};

class s3_client::connection {
 public:
    connection(const asio::any_io_executor& executor, tls_settings& tls) : stream_(executor, tls.context) {}

    task<result<>> open(web_address to);
    task<result<>> write(std::string head, body content);
    /// Until the header of the answer is there.
    task<result<>> read_header();
    /// The next bytes of the answer's body; empty: its end.
    task<result<std::string>> read();
    const runtime::http_response& response() const { return response_; }
    /// The field ETag, as it came; empty: there is none.
    std::string etag() const;

 private:
    task<result<>> fill();

    asio::ssl::stream<asio::ip::tcp::socket> stream_;
    bool tls_{false};
    runtime::http_response response_;
    std::string data_;
    std::string head_;  // of the answer, and what came with its end
    bool ended_{false};
};

/// The texts of all <name>…</name>, in order, entities decoded. Enough of XML for what these stores answer.
std::vector<std::string> xml_texts(const std::string& xml, const std::string& name);
/// What a store refused: its <Code> and <Message> when it gives them.
error s3_refusal(int status, const std::string& body);
error s3_failure(const std::string& why);

}  // namespace gasper::control
