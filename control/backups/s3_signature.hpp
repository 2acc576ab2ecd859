// AWS Signature Version 4 for S3 (docs.aws.amazon.com, "Authenticating Requests: Using the Authorization Header").
// Values; any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace gasper::control {

struct s3_keys {
    std::string region;
    std::string access_key;
    std::string secret_key;  // never logged
};

struct s3_request {
    std::string method;
    std::string path;                           // decoded, from '/' on
    std::map<std::string, std::string> query;   // decoded
    std::map<std::string, std::string> fields;  // names in lower case; "host" among them
    std::string body_sha256;                    // hex
};

/// RFC 3986, upper-case hex; '/' stays when `path`.
std::string s3_escape(std::string_view text, bool path);
/// "a=1&b=2", in the order that is signed.
std::string s3_query(const std::map<std::string, std::string>& query);
/// "20130524T000000Z", for x-amz-date.
std::string s3_time(std::chrono::sys_seconds at);

/// The value of Authorization. `request.fields` holds x-amz-date and x-amz-content-sha256 as they are sent.
std::string s3_authorization(const s3_request& request, const s3_keys& keys, std::chrono::sys_seconds at);

}  // namespace gasper::control
