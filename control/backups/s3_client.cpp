#include "control/backups/s3_client.hpp"

#include <charconv>

#include "control/backups/s3_connection.hpp"
#include "core/base/crypto.hpp"

namespace gasper::control {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t largest_answer = 4u << 20;
constexpr auto request_time = seconds(120);  // one try: 16 MiB and its answer
constexpr auto silence = seconds(60);        // of a download
constexpr int most_tries = 4;
constexpr std::size_t most_objects = 100'000;

bool worth_another_try(const error& e) {
    return e.kind == errc::unavailable || e.kind == errc::deadline;
}

std::string with_brackets(const web_address& to) {
    auto host = to.host.find(':') == to.host.npos ? to.host : "[" + to.host + "]";
    const int usual = to.tls ? 443 : 80;
    return to.port == usual ? host : host + ":" + std::to_string(to.port);
}

}  // namespace

s3_client::s3_client(s3_settings settings, blocking_pool& pool)
    : settings_(std::move(settings)), pool_(pool), tls_(std::make_unique<tls_settings>()) {}
s3_client::~s3_client() = default;

std::string s3_client::head(const call& what, const std::string& body_sha256) const {
    const auto at = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    s3_request r;
    r.method = what.method;
    r.path = "/" + settings_.bucket + (what.key.empty() ? "" : "/" + what.key);
    if (settings_.endpoint.target != "/") r.path = settings_.endpoint.target + r.path;
    r.query = what.query;
    r.fields = what.fields;
    r.body_sha256 = body_sha256;
    r.fields["host"] = with_brackets(settings_.endpoint);
    r.fields["x-amz-date"] = s3_time(at);
    r.fields["x-amz-content-sha256"] = body_sha256;
    const auto query = s3_query(r.query);
    auto text = r.method + " " + s3_escape(r.path, true) + (query.empty() ? "" : "?" + query) + " HTTP/1.1\r\n";
    for (const auto& [name, value] : r.fields)
        text += name + ": " + value + "\r\n";
    text += "authorization: " + s3_authorization(r, settings_.keys, at) + "\r\n";
    if (what.content || r.method != "GET")
        text += "Content-Length: " + std::to_string(what.content ? what.content->size() : 0) + "\r\n";
    return text + "user-agent: gasper\r\nconnection: close\r\n\r\n";
}

// Up to the header of the answer.
task<result<std::unique_ptr<s3_client::connection>>> s3_client::send(call what, std::string body_sha256) {
    auto c = std::make_unique<connection>(co_await asio::this_coro::executor, *tls_);
    auto opened = co_await c->open(settings_.endpoint);
    if (!opened) co_return opened.error();
    auto text = head(what, body_sha256);
    auto written = co_await c->write(std::move(text), what.content);
    if (!written) co_return written.error();
    auto answered = co_await c->read_header();
    if (!answered) co_return answered.error();
    co_return std::move(c);
}

task<result<s3_client::reply>> s3_client::ask_once(call what, std::string body_sha256) {
    auto c = co_await send(std::move(what), std::move(body_sha256));
    if (!c) co_return c.error();
    reply r;
    r.status = (*c)->response().status();
    r.etag = (*c)->etag();
    // 204 has no body, and needs no end.
    while (r.status != 204) {
        auto more = co_await (*c)->read();
        if (!more) co_return more.error();
        if (more->empty()) break;
        r.body += *more;
        if (r.body.size() > largest_answer) co_return s3_failure("its answer is too long");
    }
    const bool refused = r.status < 200 || r.status > 299 || r.body.find("<Error>") != r.body.npos;
    if (refused) co_return s3_refusal(r.status < 300 ? 500 : r.status, r.body);
    co_return r;
}

task<result<s3_client::reply>> s3_client::ask(call what, deadline until) {
    const auto hash = [content = what.content] { return sha256_hex(content ? *content : std::string()); };
    const auto body_sha256 = co_await pool_.run(hash);
    for (int tries = 1;; ++tries) {
        auto once = ask_once(what, body_sha256);
        auto answer = co_await with_deadline(std::move(once), until.sooner(request_time), "the object store");
        const auto pause = milliseconds(250) * (1 << tries);
        const bool again =
            !answer && worth_another_try(answer.error()) && tries < most_tries && until.remaining() > pause;
        if (!again) co_return answer;
        co_await sleep_until(deadline::after(pause));
    }
}

task<result<>> s3_client::put(std::string key, body content, deadline until) {
    call what{.method = "PUT", .key = std::move(key), .content = std::move(content)};
    auto r = co_await ask(std::move(what), until);
    if (!r) co_return r.error();
    co_return result<>();
}

task<result<std::string>> s3_client::begin_parts(std::string key, deadline until) {
    call what{.method = "POST", .key = std::move(key)};
    what.query["uploads"] = "";
    auto r = co_await ask(std::move(what), until);
    if (!r) co_return r.error();
    auto ids = xml_texts(r->body, "UploadId");
    if (ids.empty() || ids.front().empty()) co_return s3_failure("it began no upload in parts");
    co_return std::move(ids.front());
}

task<result<std::string>> s3_client::put_part(std::string key, std::string upload, int number, body content,
                                              deadline until) {
    call what{.method = "PUT", .key = std::move(key), .content = std::move(content)};
    what.query["partNumber"] = std::to_string(number);
    what.query["uploadId"] = std::move(upload);
    auto r = co_await ask(std::move(what), until);
    if (!r) co_return r.error();
    if (r->etag.empty()) co_return s3_failure("it gave a part no ETag");
    co_return std::move(r->etag);
}

task<result<>> s3_client::finish_parts(std::string key, std::string upload, std::vector<std::string> etags,
                                       deadline until) {
    std::string xml = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < etags.size(); ++i)
        xml += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] + "</ETag></Part>";
    xml += "</CompleteMultipartUpload>";
    call what{.method = "POST", .key = std::move(key), .content = std::make_shared<const std::string>(std::move(xml))};
    what.query["uploadId"] = std::move(upload);
    auto r = co_await ask(std::move(what), until);
    if (!r) co_return r.error();
    co_return result<>();
}

task<result<>> s3_client::drop_parts(std::string key, std::string upload, deadline until) {
    call what{.method = "DELETE", .key = std::move(key)};
    what.query["uploadId"] = std::move(upload);
    auto r = co_await ask(std::move(what), until);
    if (!r && r.error().kind != errc::not_found) co_return r.error();
    co_return result<>();
}

task<result<>> s3_client::remove(std::string key, deadline until) {
    call what{.method = "DELETE", .key = std::move(key)};
    auto r = co_await ask(std::move(what), until);
    if (!r && r.error().kind != errc::not_found) co_return r.error();
    co_return result<>();
}

task<result<std::vector<s3_object>>> s3_client::list(std::string prefix, deadline until) {
    std::vector<s3_object> found;
    std::string next;
    do {
        call what{.method = "GET"};
        what.query["list-type"] = "2";
        what.query["prefix"] = prefix;
        if (!next.empty()) what.query["continuation-token"] = next;
        auto r = co_await ask(std::move(what), until);
        if (!r) co_return r.error();
        const auto keys = xml_texts(r->body, "Key"), sizes = xml_texts(r->body, "Size");
        if (keys.size() != sizes.size()) co_return s3_failure("its list makes no sense");
        for (std::size_t i = 0; i < keys.size(); ++i) {
            s3_object o{keys[i], 0};
            std::from_chars(sizes[i].data(), sizes[i].data() + sizes[i].size(), o.size);
            found.push_back(std::move(o));
        }
        const auto tokens = xml_texts(r->body, "NextContinuationToken");
        next = tokens.empty() ? std::string() : tokens.front();
        if (found.size() > most_objects) co_return s3_failure("it holds too many objects");
    } while (!next.empty());
    co_return found;
}

task<result<std::vector<s3_upload>>> s3_client::open_uploads(std::string prefix, deadline until) {
    std::vector<s3_upload> found;
    std::string next_key, next_id;
    do {
        call what{.method = "GET"};
        what.query["uploads"] = "";
        what.query["prefix"] = prefix;
        if (!next_key.empty()) {
            what.query["key-marker"] = next_key;
            what.query["upload-id-marker"] = next_id;
        }
        auto r = co_await ask(std::move(what), until);
        if (!r) co_return r.error();
        auto keys = xml_texts(r->body, "Key"), ids = xml_texts(r->body, "UploadId");
        if (keys.size() != ids.size()) co_return s3_failure("its list makes no sense");
        for (std::size_t i = 0; i < keys.size(); ++i)
            found.push_back({std::move(keys[i]), std::move(ids[i])});
        const auto cut = xml_texts(r->body, "IsTruncated"), key = xml_texts(r->body, "NextKeyMarker");
        const auto id = xml_texts(r->body, "NextUploadIdMarker");
        const bool more = !cut.empty() && cut.front() == "true" && !key.empty();
        next_key = more ? key.front() : std::string();
        next_id = more && !id.empty() ? id.front() : std::string();
        if (found.size() > most_objects) co_return s3_failure("it holds too many uploads");
        if (more && keys.empty()) co_return s3_failure("its list makes no sense");
    } while (!next_key.empty());
    co_return found;
}

class s3_client::download final : public s3_download {
 public:
    download(s3_client& owner, std::string key) : owner_(owner), key_(std::move(key)) {}

    task<result<>> open(deadline until) {
        call what{.method = "GET", .key = key_};
        if (read_ > 0) what.fields["range"] = "bytes=" + std::to_string(read_) + "-";
        if (!etag_.empty()) what.fields["if-match"] = etag_;
        auto opening = owner_.send(std::move(what), sha256_hex(""));
        auto c = co_await with_deadline(std::move(opening), until.sooner(silence), "the object store");
        if (!c) co_return c.error();
        const int status = (*c)->response().status();
        if (status != (read_ > 0 ? 206 : 200)) {
            auto text = (*c)->read();
            auto body = co_await with_deadline(std::move(text), until.sooner(silence), "the object store");
            co_return s3_refusal(status, body ? *body : std::string());
        }
        etag_ = (*c)->etag();
        connection_ = std::move(*c);
        co_return result<>();
    }

    task<result<std::string>> read(deadline until) override {
        for (;;) {
            auto reading = connection_->read();
            auto more = co_await with_deadline(std::move(reading), until.sooner(silence), "the object store");
            if (more) {
                read_ += more->size();
                co_return more;
            }
            if (++breaks_ > most_tries - 1 || until.expired()) co_return more;
            co_await sleep_until(until.sooner(milliseconds(250) * (1 << breaks_)));
            auto again = co_await open(until);
            if (!again) co_return again.error();
        }
    }

 private:
    s3_client& owner_;
    std::string key_, etag_;
    std::uint64_t read_{0};
    int breaks_{0};
    std::unique_ptr<connection> connection_;
};

task<result<std::unique_ptr<s3_download>>> s3_client::get(std::string key, deadline until) {
    auto d = std::make_unique<download>(*this, std::move(key));
    for (int tries = 1;; ++tries) {
        auto opened = co_await d->open(until);
        if (opened) co_return std::unique_ptr<s3_download>(std::move(d));
        const auto pause = milliseconds(250) * (1 << tries);
        if (!worth_another_try(opened.error()) || tries == most_tries || until.remaining() <= pause)
            co_return opened.error();
        co_await sleep_until(deadline::after(pause));
    }
}

}  // namespace gasper::control
