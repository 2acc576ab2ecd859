#include <gtest/gtest.h>

#include "control/backups/s3_connection.hpp"
#include "control/backups/s3_signature.hpp"

namespace gasper::control {
namespace {

constexpr auto empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const s3_keys keys{"us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::chrono::sys_seconds example_day = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);

s3_request example(const std::string& path) {
    s3_request r;
    r.method = "GET";
    r.path = path;
    r.body_sha256 = empty_sha256;
    r.fields = {{"host", "examplebucket.s3.amazonaws.com"},
                {"x-amz-content-sha256", empty_sha256},
                {"x-amz-date", "20130524T000000Z"}};
    return r;
}

std::string signature(const s3_request& r) {
    const auto text = s3_authorization(r, keys, example_day);
    return text.substr(text.find("Signature=") + 10);
}

// The examples of "Authenticating Requests: Using the Authorization Header" in the reference of Amazon S3.
TEST(s3_signature_test, signs_as_the_reference_does) {
    auto get = example("/test.txt");
    get.fields["range"] = "bytes=0-9";
    EXPECT_EQ(s3_time(example_day), "20130524T000000Z");
    EXPECT_EQ(signature(get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    auto list = example("/");
    list.query = {{"max-keys", "2"}, {"prefix", "J"}};
    EXPECT_EQ(signature(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    auto lifecycle = example("/");
    lifecycle.query = {{"lifecycle", ""}};
    EXPECT_EQ(signature(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    EXPECT_EQ(s3_authorization(lifecycle, keys, example_day).substr(0, 145),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=");
}

TEST(s3_signature_test, escapes_as_the_reference_says) {
    EXPECT_EQ(s3_escape("/a b/ü+~", true), "/a%20b/%C3%BC%2B~");
    EXPECT_EQ(s3_query({{"b", "/ &"}, {"a", ""}}), "a=&b=%2F%20%26");
}

TEST(s3_signature_test, reads_what_stores_answer) {
    EXPECT_EQ(xml_texts("<a><Key>x&amp;lt;&lt;</Key><Key>y</Key>", "Key"), (std::vector<std::string>{"x&lt;<", "y"}));
    EXPECT_TRUE(xml_texts("<Key>never ends", "Key").empty());
    const auto refused = s3_refusal(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    EXPECT_EQ(refused.message, "the object store: it answered 403, AccessDenied: no");
    EXPECT_EQ(refused.kind, errc::failed);
    EXPECT_EQ(s3_refusal(503, "").kind, errc::unavailable);
    EXPECT_EQ(s3_refusal(404, "").kind, errc::not_found);
}

}  // namespace
}  // namespace gasper::control
