// Dumps on their way through compressing, encrypting, files and back, with a real pool of threads and real files.
#include "control/backups/streaming.hpp"

#include <gtest/gtest.h>

#include <random>

#include "control/backups/places.hpp"
#include "core/base/join.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::control {
namespace {

const backup_header blue{"postgres", "blue", "15.14", std::chrono::sys_seconds(std::chrono::seconds(1'790'000'000))};
const std::string object = "blue/one.backup";

std::string dump_of(std::size_t size) {
    std::mt19937 random(7);
    std::string out(size, 'a');
    for (std::size_t i = 0; i < size; ++i)
        if (i / 4096 % 2 == 0) out[i] = static_cast<char>(random());
    return out;
}

/// A place that takes so many pieces.
class full_sink final : public backup_sink {
 public:
    explicit full_sink(int takes) : takes_(takes) {}
    task<result<>> write(std::string, deadline) override {
        if (takes_-- > 0) co_return result<>();
        co_return fail(errc::failed, "backup_file", "no space left");
    }
    task<result<>> commit(deadline) override { co_return result<>(); }
    task<> drop() override { co_return; }

 private:
    int takes_;
};

// As a verb would: piece by piece, until nobody wants more.
task<> draw(std::shared_ptr<dump_pipe> into, const std::string& dump, std::size_t piece, bool whole) {
    for (std::size_t at = 0; at < dump.size(); at += piece) {
        const bool wanted = co_await into->put(dump.substr(at, piece));
        if (!wanted) co_return;
    }
    if (whole) {
        into->end();
    } else {
        into->break_off(fail(errc::failed, "service_failed", "the server ended"));
    }
}

struct journey {
    parts& p;
    const std::string& dump;
    std::size_t piece{40'000};
    bool whole{true};
};

task<result<std::int64_t>> record_into(journey j, std::unique_ptr<backup_sink> sink) {
    backup_recorder recorder(j.p, std::move(sink), blue, deadline::after(std::chrono::seconds(30)));
    auto pipe = std::make_shared<dump_pipe>(j.p.executor);
    std::optional<result<>> stored;
    auto drawing = draw(pipe, j.dump, j.piece, j.whole);
    auto recording = store_in(stored, record_dump(pipe, recorder));
    co_await run_both(std::move(drawing), std::move(recording));
    if (*stored) co_return recorder.size();
    co_await recorder.drop();
    co_return stored->error();
}

task<result<std::int64_t>> record_here(journey j) {
    auto place = co_await backup_place_of(j.p, "local");
    auto sink = co_await (*place)->create(object, deadline::after(std::chrono::seconds(30)));
    if (!sink) co_return sink.error();
    co_return co_await record_into(j, std::move(*sink));
}

task<> drain_pipe(std::shared_ptr<dump_pipe> from, result<std::string>& got) {
    for (;;) {
        auto piece = co_await from->take();
        if (!piece) got = piece.error();
        if (!piece || piece->empty()) co_return;
        *got += *piece;
    }
}

task<result<std::string>> play(parts& p) {
    const auto until = deadline::after(std::chrono::seconds(30));
    auto place = co_await backup_place_of(p, "local");
    auto source = co_await (*place)->open(object, until);
    if (!source) co_return source.error();
    backup_player player(p, std::move(*source), until);
    auto header = co_await player.begin();
    if (!header) co_return header.error();
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    verb_input next = [&player] { return player.next(); };
    result<std::string> got = std::string();
    auto preparing = prepare_input(std::move(next), pipe);
    auto draining = drain_pipe(pipe, got);
    co_await run_both(std::move(preparing), std::move(draining));
    co_return got;
}

class streaming_test : public testing::Test {
 protected:
    parts& p() { return world.platform().shared(); }
    std::filesystem::path file() const { return dir.path() / "backups" / object; }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
};

TEST_F(streaming_test, a_dump_comes_back_as_it_was_whatever_its_size_and_pieces) {
    for (const std::size_t size : {0u, 1u, 300'000u, 9'000'000u}) {
        for (const std::size_t piece : {std::size_t{32'768}, std::size_t{2'000'000}}) {
            const auto dump = dump_of(size);
            const auto stored = world.settle(record_here({p(), dump, piece}));
            ASSERT_TRUE(stored) << stored.error().message;
            EXPECT_EQ(static_cast<std::uintmax_t>(*stored), std::filesystem::file_size(file()));
            const auto back = world.settle(play(p()));
            ASSERT_TRUE(back) << back.error().message;
            EXPECT_TRUE(*back == dump) << size << " in pieces of " << piece;
            std::filesystem::remove(file());
        }
    }
}

TEST_F(streaming_test, a_dump_that_breaks_off_leaves_no_backup_and_says_why) {
    const auto dump = dump_of(5'000'000);
    const auto stored = world.settle(record_here({p(), dump, 40'000, false}));
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().message, "the server ended");
    EXPECT_FALSE(std::filesystem::exists(file()));
    EXPECT_TRUE(std::filesystem::is_empty(file().parent_path()));
}

TEST_F(streaming_test, a_place_that_is_full_ends_the_dump_with_its_own_reason) {
    const auto dump = dump_of(20'000'000);
    const auto stored = world.settle(record_into({p(), dump}, std::make_unique<full_sink>(3)));
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().message, "no space left");
}

TEST_F(streaming_test, a_backup_that_was_cut_or_changed_far_behind_its_beginning_is_refused_while_it_is_read) {
    const auto dump = dump_of(9'000'000);
    ASSERT_TRUE(world.settle(record_here({p(), dump})));
    const auto size = std::filesystem::file_size(file());
    std::filesystem::resize_file(file(), size - 1'000'000);
    const auto cut = world.settle(play(p()));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, "backup_truncated");
    std::filesystem::resize_file(file(), size);
    const auto changed = world.settle(play(p()));
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, "backup_damaged");
}

}  // namespace
}  // namespace gasper::control
