#include "tests/support/scripted_engine.hpp"

#include <gmock/gmock.h>

#include <boost/asio/write.hpp>
#include <fstream>

#include "runtime/engine/client.hpp"
#include "runtime/exec_terminal.hpp"
#include "runtime/single_engine.hpp"
#include "tests/support/run_task.hpp"

namespace gasper::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::scripted_engine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string frame(int stream, const std::string& text) {
    std::string f{static_cast<char>(stream), 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8)
        f += static_cast<char>(text.size() >> shift & 255);
    return f + text;
}

}  // namespace

class scripted_engine_test : public ::testing::Test {
 protected:
    template <class T>
    T run(task<T> work) {
        return test::run_task(io_, std::move(work), seconds(20));
    }
    static deadline soon() { return deadline::after(seconds(10)); }
    engine_client make_client() { return {io_.get_executor(), {.socket = daemon_.path()}, log_}; }

    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    scripted_engine daemon_{io_};
};

TEST_F(scripted_engine_test, speaks_the_newest_version_that_both_know) {
    daemon_.speaks("1.43");
    daemon_.expect("GET", "/images/a/json", scripted_engine::json(200, R"({"Id":"sha256:1"})"));
    auto client = make_client();
    EXPECT_TRUE(*run(client.image_exists("a", soon())));
    EXPECT_EQ(daemon_.seen().back().target, "/v1.43/images/a/json");
}

TEST_F(scripted_engine_test, does_not_go_beyond_what_it_was_written_for) {
    daemon_.speaks("1.99", "1.44");
    auto client = make_client();
    auto version = run(client.negotiate(soon()));
    ASSERT_TRUE(version) << version.error().message;
    EXPECT_EQ(version->api, "1.47");
    EXPECT_EQ(version->newest_api, "1.99");
}

TEST_F(scripted_engine_test, refuses_an_engine_that_is_too_old_or_too_new) {
    daemon_.expect("GET", "/version",
                   scripted_engine::json(200, R"({"Version":"19.03","ApiVersion":"1.40","MinAPIVersion":"1.12"})"));
    daemon_.expect("GET", "/version",
                   scripted_engine::json(200, R"({"Version":"40.0","ApiVersion":"1.80","MinAPIVersion":"1.60"})"));
    auto client = make_client();
    auto old = run(client.info(soon()));
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().code, "engine_too_old");
    EXPECT_THAT(old.error().message, HasSubstr("Docker Engine 19.03 (API 1.40) is too old"));
    EXPECT_EQ(run(client.info(soon())).error().code, "engine_too_new");
}

TEST_F(scripted_engine_test, an_engine_that_is_not_there_is_unavailable) {
    daemon_.vanish();
    auto client = make_client();
    auto info = run(client.info(soon()));
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, errc::unavailable);
    EXPECT_THAT(info.error().message, HasSubstr(daemon_.path().string()));
}

TEST_F(scripted_engine_test, the_engines_own_message_is_passed_on) {
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/containers/c/start", scripted_engine::json(409, R"({"message":"container is paused"})"));
    daemon_.expect("POST", "/containers/c/start", scripted_engine::json(500, "<html>not json</html>"));
    auto client = make_client();
    auto refused = run(client.start_container("c", soon()));
    EXPECT_EQ(refused.error().kind, errc::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("container is paused"));
    EXPECT_THAT(run(client.start_container("c", soon())).error().message, HasSubstr("status 500"));
}

TEST_F(scripted_engine_test, connections_are_kept_and_used_again) {
    daemon_.speaks("1.41");
    daemon_.always("POST", "/containers/c/start", scripted_engine::raw({"HTTP/1.1 204 No Content\r\n\r\n"}));
    auto client = make_client();
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(run(client.start_container("c", soon())));
    EXPECT_EQ(daemon_.connections(), 1);
    EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(scripted_engine_test, a_connection_that_the_engine_closed_meanwhile_is_not_used) {
    daemon_.speaks("1.41");
    daemon_.always("POST", "/containers/c/start", scripted_engine::raw({"HTTP/1.1 204 No Content\r\n\r\n"}));
    auto client = make_client();
    ASSERT_TRUE(run(client.start_container("c", soon())));
    daemon_.cut_all();
    EXPECT_TRUE(run(client.start_container("c", soon())));
    EXPECT_EQ(daemon_.connections(), 2);
}

TEST_F(scripted_engine_test, a_late_answer_is_a_deadline_and_its_connection_is_closed) {
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/containers/c/start",
                   daemon_.hold_back(scripted_engine::raw({"HTTP/1.1 204 No Content\r\n\r\n"})));
    auto client = make_client();
    ASSERT_TRUE(run(client.negotiate(soon())));
    auto late = run(client.start_container("c", deadline::after(milliseconds(50))));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, errc::deadline);
    EXPECT_EQ(client.idle_connections(), 0U);
    daemon_.open_gates();
    daemon_.expect("POST", "/containers/d/start", scripted_engine::raw({"HTTP/1.1 204 No Content\r\n\r\n"}));
    EXPECT_TRUE(run(client.start_container("d", soon())));
}

TEST_F(scripted_engine_test, half_an_answer_is_refused) {
    daemon_.speaks("1.41");
    daemon_.expect("GET", "/info",
                   scripted_engine::raw({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ID\""}, true));
    daemon_.expect("GET", "/info", scripted_engine::raw({"HTTP/1.1 200"}, true));
    daemon_.expect("GET", "/info", scripted_engine::raw({}, true));
    auto client = make_client();
    for (int i = 0; i < 3; ++i) {
        auto info = run(client.info(soon()));
        ASSERT_FALSE(info);
        EXPECT_EQ(info.error().kind, errc::unavailable);
    }
    EXPECT_EQ(client.idle_connections(), 0U);
}

TEST_F(scripted_engine_test, what_is_not_http_or_not_json_is_refused) {
    daemon_.speaks("1.41");
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    daemon_.expect("GET", "/info", scripted_engine::raw({"SMTP ready\r\n\r\n"}));
    daemon_.expect("GET", "/info", scripted_engine::raw({chunked + "zz\r\n{}\r\n0\r\n\r\n"}));
    daemon_.expect("GET", "/info", scripted_engine::json(200, "{\"ID\": "));
    daemon_.expect("GET", "/info", scripted_engine::json(200, R"({"ID": 7})"));
    auto client = make_client();
    for (int i = 0; i < 4; ++i) {
        auto info = run(client.info(soon()));
        ASSERT_FALSE(info) << i;
        EXPECT_EQ(info.error().code, "engine_protocol") << i;
    }
}

TEST_F(scripted_engine_test, a_huge_answer_is_cut_off) {
    daemon_.speaks("1.41");
    std::vector<std::string> pieces{"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"};
    for (int i = 0; i < 70; ++i)
        pieces.push_back(std::string(1 << 20, ' '));
    daemon_.expect("GET", "/info", scripted_engine::raw(std::move(pieces), true));
    auto client = make_client();
    auto info = run(client.info(soon()));
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, errc::too_large);
}

TEST_F(scripted_engine_test, a_build_streams_its_lines_and_gives_the_id) {
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/build",
                   scripted_engine::chunked({"{\"stream\":\"Step 1/2 : FR", "OM a\\n\"}\r\n{\"stream\":\" ---> \"}\r\n",
                                             "{\"stream\":\"1234\\n\"}\r\n{\"aux\":{\"ID\":\"sha256:77\"}}\r\n"}));
    auto client = make_client();
    std::vector<std::string> lines;
    build_image_spec spec{.tag = "gasper/x:1", .tar = std::string(3000, 't')};
    auto id = run(client.build_image(
        spec, [&](std::string_view l) { lines.emplace_back(l); }, soon()));
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_EQ(*id, "sha256:77");
    EXPECT_THAT(lines, ElementsAre("Step 1/2 : FROM a", " ---> 1234"));
    EXPECT_EQ(daemon_.seen().back().body.size(), 3000U);
}

TEST_F(scripted_engine_test, a_build_step_that_fails_is_a_refusal_though_the_status_is_200) {
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/build",
                   scripted_engine::chunked(
                       {R"({"errorDetail":{"code":2,"message":"RUN returned 2"},"error":"RUN returned 2"})"}));
    daemon_.expect("POST", "/images/create", scripted_engine::chunked({R"({"error":"no such manifest"})"}));
    auto client = make_client();
    auto id = run(client.build_image({.tag = "x", .tar = "t"}, {}, soon()));
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, "image_build_failed");
    EXPECT_EQ(id.error().message, "RUN returned 2");
    EXPECT_EQ(run(client.pull_image("a/b:1", {}, soon())).error().code, "image_pull_failed");
}

TEST_F(scripted_engine_test, an_import_sends_the_file_in_chunks) {
    const auto file = std::filesystem::path(daemon_.path()).parent_path() / "root.tar";
    std::ofstream(file) << std::string(600'000, 'r');
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/images/create", scripted_engine::chunked({"{\"status\":\"sha256:88\"}\r\n"}));
    daemon_.expect("GET", "/images/gasper/base:1/json", scripted_engine::json(200, R"({"Id":"sha256:88","Size":5})"));
    auto client = make_client();
    auto image = run(client.import_image_file(file, "gasper/base:1", {"ENV A=b"}, soon()));
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->id, "sha256:88");
    const auto& upload = daemon_.seen()[1];
    EXPECT_THAT(upload.target, HasSubstr("fromSrc=-&repo=gasper%2Fbase&tag=1&changes=ENV%20A%3Db"));
    EXPECT_GT(upload.body.size(), 600'000U);
}

TEST_F(scripted_engine_test, an_upload_that_the_engine_refuses_half_way_tells_its_reason) {
    daemon_.speaks("1.41");
    auto client = make_client();
    EXPECT_EQ(run(client.import_image_file("/no/such.tar", "x:1", {}, soon())).error().kind, errc::not_found);
    daemon_.expect("POST", "/build", scripted_engine::json(400, R"({"message":"invalid reference format"})"));
    auto id = run(client.build_image({.tag = "UPPER", .tar = "t"}, {}, soon()));
    EXPECT_EQ(id.error().kind, errc::invalid);
    EXPECT_THAT(id.error().message, HasSubstr("invalid reference format"));
}

TEST_F(scripted_engine_test, a_hijacked_stream_goes_both_ways_from_the_first_byte) {
    daemon_.speaks("1.41");
    auto talk = [](scripted_engine::socket& s, std::string early) -> task<> {
        const std::string border = frame(1, "out") + frame(2, "err");
        // A header cut in the middle, and a payload.
        for (const auto& piece : {border.substr(0, 3), border.substr(3, 7), border.substr(10)})
            co_await asio::async_write(s, asio::buffer(piece), asio::use_awaitable);
        char word[5];
        std::size_t n = early.size();
        early.copy(word, 5);
        while (n < 5)
            n += co_await s.async_read_some(asio::buffer(word + n, 5 - n), asio::use_awaitable);
        co_await asio::async_write(s, asio::buffer(frame(1, std::string(word, 5))), asio::use_awaitable);
    };
    daemon_.expect("POST", "/exec/e/start", scripted_engine::hijack(talk));
    daemon_.expect("GET", "/exec/e/json", scripted_engine::json(200, R"({"Running":true,"Pid":5})"));
    daemon_.expect("GET", "/exec/e/json", scripted_engine::json(200, R"({"Running":false,"ExitCode":9})"));
    auto client = make_client();
    auto stream = run(client.start_exec("e", false, soon()));
    ASSERT_TRUE(stream) << stream.error().message;
    exec_terminal t(client, "e", false, std::move(*stream), {});
    std::string out, error;
    for (int i = 0; i < 20 && (out.size() < 3 || error.size() < 3); ++i) {
        auto c = run(t.read());
        ASSERT_TRUE(c);
        (c->error ? error : out) += c->data;
    }
    EXPECT_EQ(out, "out");
    EXPECT_EQ(error, "err");
    ASSERT_TRUE(run(t.write("hello")));
    EXPECT_EQ(run(t.read())->data, "hello");
    EXPECT_TRUE(run(t.read())->data.empty());
    EXPECT_EQ(*run(t.exit_status()), 9);
}

TEST_F(scripted_engine_test, a_hijack_that_is_refused_tells_why) {
    daemon_.speaks("1.41");
    daemon_.expect("POST", "/exec/e/start", scripted_engine::json(409, R"({"message":"container is not running"})"));
    auto client = make_client();
    auto stream = run(client.start_exec("e", true, soon()));
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().kind, errc::conflict);
    EXPECT_THAT(stream.error().message, HasSubstr("not running"));
}

TEST_F(scripted_engine_test, events_come_one_by_one_and_a_cut_is_told) {
    daemon_.speaks("1.41");
    auto answer = scripted_engine::chunked(
        {R"({"Type":"container","Action":"die","Actor":{"ID":"a","Attributes":{"gasper.app":"x"}},"timeN)",
         "ano\":17}\n{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"b\"}}\n"});
    answer.pieces.pop_back();
    answer.close = true;
    daemon_.expect("GET", "/events", answer);
    auto client = make_client();
    std::vector<std::string> seen;
    auto ended = run(client.events(
        {}, {"die"}, 0, [&](engine_event e) { seen.push_back(e.id + e.action); }, soon()));
    EXPECT_THAT(seen, ElementsAre("adie", "bstart"));
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, errc::unavailable);
}

TEST_F(scripted_engine_test, watch_comes_back_after_a_cut_and_asks_for_what_it_missed) {
    daemon_.speaks("1.41");
    const auto event = [](const std::string& id, const std::string& nano) {
        auto a = scripted_engine::chunked(
            {R"({"Type":"container","Action":"die","Actor":{"ID":")" + id + R"("},"timeNano":)" + nano + "}\n"});
        a.pieces.pop_back();
        a.close = true;
        return a;
    };
    daemon_.expect("GET", "/events", event("a", "9000000000000000001"));
    daemon_.expect("GET", "/_ping", scripted_engine::json(200, "OK"));
    daemon_.expect("GET", "/events", event("b", "9000000000000000002"));
    daemon_.always("GET", "/_ping", scripted_engine::json(200, "OK"));
    daemon_.always("GET", "/events", daemon_.hold_back(scripted_engine::json(200, "")));
    auto client = make_client();
    blocking_pool files("files", 1);
    logger quiet("test", log_level::error);
    single_engine engine(client, files, {.data = "/tmp/gasper-never-made"}, quiet);
    task_scope scope(io_.get_executor(), {});
    std::vector<std::string> changed;
    scope.spawn("watch", engine.watch([&](std::string id) { changed.push_back(std::move(id)); }));
    EXPECT_TRUE(test::run_until(io_, [&] { return changed.size() == 3; }));
    EXPECT_THAT(changed, ElementsAre("a", "", "b")) << "an engine that was away is said to be back";
    EXPECT_THAT(daemon_.seen().back().target, HasSubstr("since=9000000000.000000002"));
    EXPECT_TRUE(run(scope.stop(soon())));
}

}  // namespace gasper::runtime
