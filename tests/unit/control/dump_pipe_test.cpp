#include "control/backups/dump_pipe.hpp"

#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>

#include "core/base/task_scope.hpp"
#include "tests/support/run_task.hpp"

namespace gasper::control {
namespace {

using namespace std::chrono_literals;

struct end_of_reading {
    std::string got;
    std::size_t pieces{0};
    std::optional<error> refused;
    bool ended{false};
};

task<> read_all(dump_pipe& from, end_of_reading& o) {
    for (;;) {
        auto piece = co_await from.take();
        if (!piece) o.refused = piece.error();
        if (!piece || piece->empty()) break;
        o.got += *piece;
        ++o.pieces;
    }
    o.ended = true;
}

// Until nobody reads any more.
task<> write_all(dump_pipe& to, std::vector<std::string> pieces, std::size_t& put, bool& wanted) {
    for (auto& piece : pieces) {
        wanted = co_await to.put(std::move(piece));
        if (!wanted) co_return;
        ++put;
    }
}

// What it was woken with.
task<> note_end(task<> work, std::string& end) {
    try {
        co_await std::move(work);
        end = "done";
    } catch (const boost::system::system_error& e) {
        end = e.code() == asio::error::operation_aborted ? "cancelled" : e.what();
    }
}

class dump_pipe_test : public testing::Test {
 protected:
    void TearDown() override { EXPECT_TRUE(test::run_task(io, scope.stop(deadline::after(5s)))); }
    void settle() {
        io.restart();
        io.poll();
    }
    static std::vector<std::string> letters(std::size_t count, std::size_t size) {
        std::vector<std::string> pieces;
        for (std::size_t i = 0; i < count; ++i)
            pieces.emplace_back(size, static_cast<char>('a' + i % 26));
        return pieces;
    }
    static std::string joined(const std::vector<std::string>& pieces) {
        std::string all;
        for (const auto& piece : pieces)
            all += piece;
        return all;
    }

    asio::io_context io;
    task_scope scope{io.get_executor(), [](auto&, auto& what) { ADD_FAILURE() << what; }};
    dump_pipe pipe{io.get_executor()};
    end_of_reading reader;
    std::size_t put{0};
    bool wanted{true};
};

TEST_F(dump_pipe_test, everything_comes_out_in_its_order_in_pieces_worth_their_while) {
    const auto pieces = letters(1000, 7919);
    scope.spawn("write", write_all(pipe, pieces, put, wanted));
    scope.spawn("read", read_all(pipe, reader));
    ASSERT_TRUE(test::run_until(io, [&] { return put == pieces.size(); }));
    pipe.end();
    ASSERT_TRUE(test::run_until(io, [&] { return reader.ended; }));
    EXPECT_EQ(reader.got, joined(pieces));
    EXPECT_FALSE(reader.refused);
    EXPECT_LE(reader.pieces, reader.got.size() / dump_pipe::worthwhile + 1);
}

TEST_F(dump_pipe_test, a_writer_waits_for_room_and_goes_on_when_there_is_some) {
    const auto size = dump_pipe::room / 4;
    scope.spawn("write", write_all(pipe, letters(10, size), put, wanted));
    settle();
    EXPECT_EQ(put, 4u) << "what waits is bounded";
    auto first = test::run_task(io, pipe.take());
    EXPECT_EQ(first->size(), dump_pipe::room);
    settle();
    EXPECT_EQ(put, 8u);
}

TEST_F(dump_pipe_test, a_reader_waits_for_a_piece_worth_its_while_or_the_end) {
    scope.spawn("read", read_all(pipe, reader));
    EXPECT_TRUE(test::run_task(io, pipe.put("a beginning, ")));
    settle();
    EXPECT_EQ(reader.pieces, 0u);
    EXPECT_TRUE(test::run_task(io, pipe.put("and its end")));
    pipe.end();
    ASSERT_TRUE(test::run_until(io, [&] { return reader.ended; }));
    EXPECT_EQ(reader.got, "a beginning, and its end");
    EXPECT_EQ(reader.pieces, 1u);
}

TEST_F(dump_pipe_test, a_dump_that_breaks_off_is_refused_behind_what_was_put) {
    EXPECT_TRUE(test::run_task(io, pipe.put("half of it")));
    pipe.break_off(fail(errc::cancelled, "import_lost", "the client went away"));
    pipe.end();
    scope.spawn("read", read_all(pipe, reader));
    ASSERT_TRUE(test::run_until(io, [&] { return reader.ended; }));
    EXPECT_EQ(reader.got, "half of it");
    ASSERT_TRUE(reader.refused);
    EXPECT_EQ(reader.refused->code, "import_lost");
}

// Whether it has begun, once that is known.
task<> note_begin(dump_pipe& of, std::string& begun) {
    const bool has = co_await of.begun();
    begun = has ? "begun" : "broken off";
}

TEST_F(dump_pipe_test, a_dump_has_begun_with_a_piece_worth_its_while_or_a_whole_end) {
    std::string large, small, broken;
    scope.spawn("wait", note_begin(pipe, large));
    EXPECT_TRUE(test::run_task(io, pipe.put(std::string(dump_pipe::worthwhile - 1, 'a'))));
    settle();
    EXPECT_EQ(large, "");
    EXPECT_TRUE(test::run_task(io, pipe.put("b")));
    (void)test::run_task(io, pipe.take());
    settle();
    EXPECT_EQ(large, "begun") << "also when it was taken at once";

    dump_pipe whole(io.get_executor()), cut(io.get_executor());
    scope.spawn("wait", note_begin(whole, small));
    scope.spawn("wait", note_begin(cut, broken));
    settle();
    whole.end();
    cut.break_off(fail(errc::failed, "service_failed", "no"));
    settle();
    EXPECT_EQ(small, "begun");
    EXPECT_EQ(broken, "broken off");
}

TEST_F(dump_pipe_test, what_ended_whole_stays_so) {
    pipe.end();
    pipe.break_off(fail(errc::cancelled, "import_lost", "the client went away"));
    scope.spawn("read", read_all(pipe, reader));
    ASSERT_TRUE(test::run_until(io, [&] { return reader.ended; }));
    EXPECT_FALSE(reader.refused);
}

TEST_F(dump_pipe_test, a_writer_hears_that_nobody_reads_any_more) {
    scope.spawn("write", write_all(pipe, letters(10, dump_pipe::room), put, wanted));
    settle();
    EXPECT_EQ(put, 1u);
    pipe.close_reader();
    ASSERT_TRUE(test::run_until(io, [&] { return scope.size() == 0; }));
    EXPECT_FALSE(wanted);
    EXPECT_EQ(put, 1u);
}

TEST_F(dump_pipe_test, who_waits_at_either_end_can_be_cancelled) {
    std::string end;
    scope.spawn("read", note_end(read_all(pipe, reader), end));
    settle();
    EXPECT_EQ(end, "");
    EXPECT_TRUE(test::run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_EQ(end, "cancelled");

    task_scope other(io.get_executor(), {});
    end.clear();
    other.spawn("write", note_end(write_all(pipe, letters(10, dump_pipe::room), put, wanted), end));
    settle();
    EXPECT_EQ(end, "");
    EXPECT_TRUE(test::run_task(io, other.stop(deadline::after(5s))));
    EXPECT_EQ(end, "cancelled");
}

}  // namespace
}  // namespace gasper::control
