// An S3-compatible object store over HTTP/1.1: put whole or in parts, get as a stream, list, remove. Path-style
// addresses, which every such store knows. Requests that a busy or unreachable store refused are tried again, up to
// four times. Runs on the executor of whoever awaits it; holds no connection between requests. Errors carry the code
// "backup_store" and the store's own word; never a key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/backups/s3_signature.hpp"
#include "control/webhooks/poster.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

struct s3_settings {
    web_address endpoint;
    std::string bucket;
    s3_keys keys;
};

struct s3_object {
    std::string key;
    std::uint64_t size{0};
};

/// Begun in parts, neither finished nor dropped.
struct s3_upload {
    std::string key, id;
};

/// The bytes of an object as they come; a connection that breaks is taken up again where it broke, three times.
class s3_download {
 public:
    virtual ~s3_download() = default;
    /// Empty: the end.
    virtual task<result<std::string>> read(deadline until) = 0;
};

class s3_client {
 public:
    /// Hashes bodies on `pool`.
    s3_client(s3_settings settings, blocking_pool& pool);
    ~s3_client();
    s3_client(const s3_client&) = delete;
    s3_client& operator=(const s3_client&) = delete;

    using body = std::shared_ptr<const std::string>;

    task<result<>> put(std::string key, body content, deadline until);
    /// Its id.
    task<result<std::string>> begin_parts(std::string key, deadline until);
    /// Parts count from 1; each but the last has 5 MiB at least. Its ETag.
    task<result<std::string>> put_part(std::string key, std::string upload, int number, body content, deadline until);
    task<result<>> finish_parts(std::string key, std::string upload, std::vector<std::string> etags, deadline until);
    task<result<>> drop_parts(std::string key, std::string upload, deadline until);

    /// Whose keys begin so, at most 100,000.
    task<result<std::vector<s3_upload>>> open_uploads(std::string prefix, deadline until);

    /// errc::not_found when there is none.
    task<result<std::unique_ptr<s3_download>>> get(std::string key, deadline until);
    /// All below a prefix, at most 100,000.
    task<result<std::vector<s3_object>>> list(std::string prefix, deadline until);
    /// No error when there is none.
    task<result<>> remove(std::string key, deadline until);

 private:
    struct reply {
        int status{0};
        std::string etag, body;
    };
    struct call {
        std::string method, key;
        std::map<std::string, std::string> query, fields;
        body content;
    };
    class connection;
    class download;
    struct tls_settings;

    task<result<reply>> ask(call what, deadline until);
    task<result<reply>> ask_once(call what, std::string body_sha256);
    task<result<std::unique_ptr<connection>>> send(call what, std::string body_sha256);
    std::string head(const call& what, const std::string& body_sha256) const;

    s3_settings settings_;
    blocking_pool& pool_;
    std::unique_ptr<tls_settings> tls_;
};

}  // namespace gasper::control
