// An S3-compatible store on loopback for tests: objects in memory, whole and in parts, ranges, lists in pages of two.
// It checks every signature (AWS Signature Version 4) with code of its own, and fails as it is told. Its threads serve:
// look at `objects` and `problems` under the lock, or when nobody asks any more.
#pragma once

#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/base/crypto.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace gasper::test {

class scripted_s3 {
 public:
    const std::string access_key{"AKIDTEST"}, secret_key{"s3cr3t/of+the=test"};

    std::mutex lock;
    std::map<std::string, std::string> objects;  // "bucket/key"
    std::vector<std::string> seen;               // "PUT /bucket/key?partNumber=1&…"
    std::vector<std::string> problems;           // what was wrong with requests
    int refuse_next{0};                          // so many requests are answered with 503
    int drop_next{0};                            // so many connections end without an answer
    std::size_t cut_next_get{0};                 // the next download breaks after so many bytes
    bool lists_uploads{true};                    // false: not implemented, or not allowed

    std::uint16_t port() const { return server_.port(); }
    std::size_t open_uploads() { return names_of_uploads().size(); }
    std::multiset<std::string> names_of_uploads() {  // "bucket/key" of each
        std::lock_guard held(lock);
        std::multiset<std::string> names;
        for (const auto& [id, begun] : uploads_)
            names.insert(begun.name);
        return names;
    }

 private:
    struct request {
        std::string method, path, query, body;
        std::map<std::string, std::string> fields;  // lower case
    };

    static request parse(const std::string& text) {
        request r;
        const auto end = text.find("\r\n\r\n");
        r.body = text.substr(end + 4);
        auto line = text.find("\r\n");
        const auto first = text.substr(0, line);
        r.method = first.substr(0, first.find(' '));
        const auto target = first.substr(r.method.size() + 1, first.rfind(' ') - r.method.size() - 1);
        r.path = target.substr(0, target.find('?'));
        if (r.path.size() < target.size()) r.query = target.substr(r.path.size() + 1);
        while (line < end) {
            const auto next = text.find("\r\n", line + 2);
            const auto field = text.substr(line + 2, next - line - 2);
            auto name = field.substr(0, field.find(':'));
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
            r.fields[name] = field.substr(field.find(':') + 2);
            line = next;
        }
        return r;
    }

    static std::string hmac(const std::string& key, const std::string& text) {
        unsigned char out[32];
        unsigned size = sizeof out;
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
        return {reinterpret_cast<char*>(out), size};
    }
    static std::string part_of(const std::string& text, const std::string& name) {
        const auto at = text.find(name + "=") + name.size() + 1;
        auto part = text.substr(at, std::min(text.find_first_of(",&", at), text.size()) - at);
        for (auto slash = part.find("%2F"); slash != part.npos; slash = part.find("%2F"))
            part.replace(slash, 3, "/");
        return part;
    }

    std::string expected_signature(const request& r) const {
        const auto& given = r.fields.at("authorization");
        const auto credential = part_of(given, "Credential"), names = part_of(given, "SignedHeaders");
        std::string canonical = r.method + "\n" + r.path + "\n" + r.query + "\n";
        for (std::size_t at = 0; at < names.size();) {
            const auto end = std::min(names.find(';', at), names.size());
            const auto name = names.substr(at, end - at);
            canonical += name + ":" + r.fields.at(name) + "\n";
            at = end + 1;
        }
        canonical += "\n" + names + "\n" + sha256_hex(r.body);
        const auto scope = credential.substr(credential.find('/') + 1);  // day/region/s3/aws4_request
        const auto region = scope.substr(9, scope.find('/', 9) - 9);
        const auto text =
            "AWS4-HMAC-SHA256\n" + r.fields.at("x-amz-date") + "\n" + scope + "\n" + sha256_hex(canonical);
        const auto key = hmac(hmac(hmac(hmac("AWS4" + secret_key, scope.substr(0, 8)), region), "s3"), "aws4_request");
        std::string hex;
        for (const unsigned char c : hmac(key, text)) {
            hex += "0123456789abcdef"[c >> 4];
            hex += "0123456789abcdef"[c & 15];
        }
        return hex;
    }

    static std::string answer(const std::string& status, const std::string& body = {}, const std::string& fields = {}) {
        return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body;
    }
    static std::string refusal(const std::string& status, const std::string& code) {
        return answer(status, "<Error><Code>" + code + "</Code><Message>said the test</Message></Error>");
    }

    void serve(tcp_peer& peer) {
        const auto text = peer.read_message();
        if (text.empty()) return;
        std::lock_guard held(lock);
        if (drop_next > 0) {
            --drop_next;
            return;
        }
        const auto r = parse(text);
        seen.push_back(r.method + " " + r.path + (r.query.empty() ? "" : "?" + r.query));
        if (refuse_next > 0) {
            --refuse_next;
            peer.send(refusal("503 Slow Down", "SlowDown"));
        } else if (part_of(r.fields.at("authorization"), "Signature") != expected_signature(r)) {
            peer.send(refusal("403 Forbidden", "SignatureDoesNotMatch"));
        } else {
            if (r.fields.at("x-amz-content-sha256") != sha256_hex(r.body))
                problems.push_back("another body was signed");
            peer.send(reply_to(r));
        }
    }

    std::string reply_to(const request& r) {
        const auto name = r.path.substr(1);
        if (r.method == "PUT") return put(r, name);
        if (r.method == "POST") return post(r, name);
        if (r.method == "DELETE") {
            if (!r.query.empty())
                uploads_.erase(part_of(r.query, "uploadId"));
            else
                objects.erase(name);
            return "HTTP/1.1 204 No Content\r\n\r\n";
        }
        if (has(r, "uploads"))
            return lists_uploads ? list_uploads(r, name) : refusal("501 Not Implemented", "NotImplemented");
        return has(r, "list-type") ? list(r, name) : get(r, name);
    }

    std::string put(const request& r, const std::string& name) {
        const auto etag = "ETag: \"" + sha256_hex(r.body).substr(0, 32) + "\"\r\n";
        if (r.query.empty()) {
            objects[name] = r.body;
            return answer("200 OK", "", etag);
        }
        const auto upload = uploads_.find(part_of(r.query, "uploadId"));
        if (upload == uploads_.end()) return refusal("404 Not Found", "NoSuchUpload");
        upload->second.parts[std::stoi(part_of(r.query, "partNumber"))] = r.body;
        return answer("200 OK", "", etag);
    }

    std::string post(const request& r, const std::string& name) {
        if (r.query == "uploads=") {
            uploads_["up%26" + std::to_string(++made_)] = {name, {}};
            return answer("200 OK", "<R><UploadId>up&amp;" + std::to_string(made_) + "</UploadId></R>");
        }
        const auto upload = uploads_.find(part_of(r.query, "uploadId"));
        if (upload == uploads_.end()) return refusal("404 Not Found", "NoSuchUpload");
        std::string whole, expected = "<CompleteMultipartUpload>";
        for (const auto& [number, part] : upload->second.parts) {
            expected += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>\"" +
                        sha256_hex(part).substr(0, 32) + "\"</ETag></Part>";
            whole += part;
        }
        // As S3 does it: the status is sent before it is known how it ends.
        if (r.body != expected + "</CompleteMultipartUpload>")
            return answer("200 OK", "<Error><Code>InvalidPart</Code></Error>");
        objects[name] = std::move(whole);
        uploads_.erase(upload);
        return answer("200 OK", "<R/>");
    }

    std::string get(const request& r, const std::string& name) {
        const auto at = objects.find(name);
        if (at == objects.end()) return refusal("404 Not Found", "NoSuchKey");
        const auto range = r.fields.find("range");
        const auto from = range == r.fields.end() ? 0 : std::stoul(range->second.substr(6));
        auto text = answer(from > 0 ? "206 Partial Content" : "200 OK", at->second.substr(from), "ETag: \"1\"\r\n");
        if (cut_next_get > 0) text.resize(text.find("\r\n\r\n") + 4 + std::exchange(cut_next_get, 0));
        return text;
    }

    std::string list(const request& r, const std::string& bucket) {
        const auto prefix = bucket + "/" + part_of(r.query, "prefix");
        const auto after =
            r.query.find("continuation-token") == r.query.npos ? "" : part_of(r.query, "continuation-token");
        std::string found;
        int left = 2;
        for (const auto& [name, content] : objects) {
            if (!name.starts_with(prefix) || name.substr(bucket.size() + 1) <= after) continue;
            const auto key = name.substr(bucket.size() + 1);
            found += "<Contents><Key>" + key + "</Key><Size>" + std::to_string(content.size()) + "</Size></Contents>";
            if (--left == 0) {
                found += "<NextContinuationToken>" + key + "</NextContinuationToken>";
                break;
            }
        }
        return answer("200 OK", "<ListBucketResult>" + found + "</ListBucketResult>");
    }

    // In the order of their ids, which is another than S3's: by key, then by when they were begun.
    std::string list_uploads(const request& r, const std::string& bucket) {
        const auto prefix = bucket + "/" + part_of(r.query, "prefix");
        const auto after = has(r, "upload-id-marker") ? part_of(r.query, "upload-id-marker") : "";
        std::string found;
        int left = 2;
        for (const auto& [id, begun] : uploads_) {
            if (!begun.name.starts_with(prefix) || id <= after) continue;
            const auto key = begun.name.substr(bucket.size() + 1), number = id.substr(id.find("%26") + 3);
            if (left-- == 0) {
                found += "<IsTruncated>true</IsTruncated>";
                break;
            }
            found += "<Upload><Key>" + key + "</Key><UploadId>up&amp;" + number + "</UploadId></Upload>";
            if (left == 0)
                found += "<NextKeyMarker>" + key + "</NextKeyMarker><NextUploadIdMarker>up&amp;" + number +
                         "</NextUploadIdMarker>";
        }
        return answer("200 OK", "<ListMultipartUploadsResult>" + found + "</ListMultipartUploadsResult>");
    }

    static bool has(const request& r, const std::string& name) {
        return ("&" + r.query).find("&" + name + "=") != std::string::npos;
    }

    struct begun_upload {
        std::string name;  // "bucket/key"
        std::map<int, std::string> parts;
    };
    std::map<std::string, begun_upload> uploads_;
    int made_{0};
    scripted_upstream server_{[this](tcp_peer& peer) { serve(peer); }};
};

}  // namespace gasper::test
