#include <gtest/gtest.h>

#include "control/backups/s3_client.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_s3.hpp"

namespace gasper::control {
namespace {

using std::chrono::seconds;
using test::run_task;

class s3_client_test : public testing::Test {
 protected:
    s3_client_test() { init_crypto(); }

    std::unique_ptr<s3_client> client(const std::string& secret) {
        s3_settings s;
        s.endpoint.host = "127.0.0.1";
        s.endpoint.port = store_.port();
        s.endpoint.target = "/";
        s.bucket = "backups";
        s.keys = {"eu-central-1", store_.access_key, secret};
        return std::make_unique<s3_client>(std::move(s), pool_);
    }
    static s3_client::body body(std::string text) { return std::make_shared<const std::string>(std::move(text)); }
    static deadline soon() { return deadline::after(seconds(60)); }

    static task<result<std::string>> download(s3_client& from, std::string key) {
        auto object = co_await from.get(std::move(key), soon());
        if (!object) co_return object.error();
        std::string all;
        for (;;) {
            auto piece = co_await (*object)->read(soon());
            if (!piece) co_return piece.error();
            if (piece->empty()) co_return all;
            all += *piece;
        }
    }
    result<std::string> fetch(const std::string& key) { return run_task(io_, download(*client_, key), seconds(90)); }
    template <class T>
    T run(task<T> work) {
        return run_task(io_, std::move(work), seconds(90));
    }

    asio::io_context io_;
    blocking_pool pool_{"test", 2};
    test::scripted_s3 store_;
    std::unique_ptr<s3_client> client_ = client(store_.secret_key);
};

TEST_F(s3_client_test, puts_gets_lists_and_removes) {
    const std::string content(300'000, 'x');
    ASSERT_TRUE(run(client_->put("of/blue one", body(content), soon())));
    ASSERT_TRUE(run(client_->put("of/empty", body(""), soon())));
    for (const auto* key : {"of/c", "of/d", "of/e", "other"})
        ASSERT_TRUE(run(client_->put(key, body(key), soon())));
    EXPECT_EQ(*fetch("of/blue one"), content);
    EXPECT_EQ(*fetch("of/empty"), "");
    const auto found = run(client_->list("of/", soon()));
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 5u) << "over three pages";
    ASSERT_TRUE(run(client_->remove("of/c", soon())));
    ASSERT_TRUE(run(client_->remove("of/c", soon()))) << "it is gone already";
    EXPECT_EQ(fetch("of/c").error().kind, errc::not_found);
    EXPECT_TRUE(store_.problems.empty());
}

TEST_F(s3_client_test, puts_in_parts_and_can_drop_them) {
    const auto upload = run(client_->begin_parts("big", soon()));
    ASSERT_TRUE(upload);
    std::vector<std::string> etags;
    for (int n = 1; n <= 3; ++n) {
        auto etag =
            run(client_->put_part("big", *upload, n, body(std::string(1000, static_cast<char>('0' + n))), soon()));
        ASSERT_TRUE(etag) << etag.error().message;
        etags.push_back(*etag);
    }
    EXPECT_FALSE(store_.objects.contains("backups/big")) << "nothing is seen before it is whole";
    ASSERT_TRUE(run(client_->finish_parts("big", *upload, etags, soon())));
    EXPECT_EQ(fetch("big")->size(), 3000u);
    const auto other = run(client_->begin_parts("never", soon()));
    ASSERT_TRUE(other);
    ASSERT_TRUE(run(client_->drop_parts("never", *other, soon())));
    EXPECT_EQ(store_.open_uploads(), 0u);
    EXPECT_FALSE(run(client_->put_part("never", *other, 1, body("x"), soon())));
}

TEST_F(s3_client_test, lists_what_was_begun_in_parts_and_not_ended) {
    EXPECT_TRUE(run(client_->open_uploads("of/", soon()))->empty());
    std::multiset<std::string> begun;
    for (const auto* key : {"of/a", "other", "of/b", "of/b", "of/c", "of/d"}) {
        const auto upload = run(client_->begin_parts(key, soon()));
        ASSERT_TRUE(upload);
        if (std::string(key) != "other") begun.insert(key + (" " + *upload));
    }
    const auto found = run(client_->open_uploads("of/", soon()));
    ASSERT_TRUE(found) << found.error().message;
    std::multiset<std::string> listed;
    for (const auto& [key, id] : *found)
        listed.insert(key + " " + id);
    EXPECT_EQ(listed, begun) << "over three pages, the same key twice";
    for (const auto& [key, id] : *found)
        ASSERT_TRUE(run(client_->drop_parts(key, id, soon())));
    EXPECT_TRUE(run(client_->open_uploads("of/", soon()))->empty());
    EXPECT_EQ(store_.names_of_uploads(), (std::multiset<std::string>{"backups/other"}));
    EXPECT_TRUE(store_.problems.empty());
    store_.lists_uploads = false;
    const auto asked = store_.seen.size();
    EXPECT_EQ(run(client_->open_uploads("of/", soon())).error().kind, errc::failed);
    EXPECT_EQ(store_.seen.size(), asked + 1) << "it never will: asked once";
}

TEST_F(s3_client_test, an_error_behind_a_good_status_is_an_error) {
    const auto upload = run(client_->begin_parts("big", soon()));
    ASSERT_TRUE(run(client_->put_part("big", *upload, 1, body("x"), soon())));
    const auto finished = run(client_->finish_parts("big", *upload, {"\"another\""}, soon()));
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().message.find("InvalidPart"), std::string::npos);
}

TEST_F(s3_client_test, tries_again_when_the_store_is_busy_or_the_connection_breaks) {
    store_.refuse_next = 2;
    ASSERT_TRUE(run(client_->put("a", body("1"), soon())));
    store_.drop_next = 1;
    ASSERT_TRUE(run(client_->put("b", body("2"), soon())));
    EXPECT_EQ(store_.objects.size(), 2u);
    store_.refuse_next = 100;
    const auto refused = run(client_->put("c", body("3"), soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, errc::unavailable);
    EXPECT_EQ(store_.refuse_next, 96) << "four times, and no more";
}

TEST_F(s3_client_test, a_download_goes_on_where_it_broke) {
    std::string content(1'000'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>(i * 2654435761u >> 13);
    ASSERT_TRUE(run(client_->put("a", body(content), soon())));
    store_.cut_next_get = 123'456;
    const auto back = fetch("a");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == content);
}

TEST_F(s3_client_test, a_wrong_key_is_refused_at_once_and_never_said) {
    const auto wrong = client("not the secret");
    const auto refused = run(wrong->put("a", body("1"), soon()));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("SignatureDoesNotMatch"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("not the secret"), std::string::npos);
    EXPECT_EQ(store_.seen.size(), 1u);
}

TEST_F(s3_client_test, a_deadline_ends_it) {
    store_.refuse_next = 1000;
    EXPECT_FALSE(run(client_->put("a", body("1"), deadline::after(std::chrono::milliseconds(300)))));
    EXPECT_LT(1000 - store_.refuse_next, 4) << "no further try";
}

}  // namespace
}  // namespace gasper::control
