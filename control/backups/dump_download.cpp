#include "control/backups/dump_download.hpp"

#include "control/backups/streaming.hpp"

namespace gasper::control {

namespace {

class download final : public runtime::terminal {
 public:
    download(parts& p, std::unique_ptr<backup_source> source, deadline until) : player_(p, std::move(source), until) {}

    task<result<>> begin() {
        auto header = co_await player_.begin();
        if (!header) co_return header.error();
        co_return result<>();
    }

    // A refusal is said as a command would, on standard error.
    task<result<chunk>> read() override {
        if (failed_) co_return chunk{};
        auto piece = co_await player_.next();
        if (piece) co_return chunk{false, std::move(*piece)};
        failed_ = true;
        co_return chunk{true, " !     " + piece.error().message + "\n"};
    }
    task<result<>> write(std::string) override { co_return result<>(); }
    task<result<>> close_input() override { co_return result<>(); }
    task<result<>> resize(int, int) override { co_return result<>(); }
    task<result<int>> exit_status() override { co_return failed_ ? 1 : 0; }

 private:
    backup_player player_;
    bool failed_{false};
};

}  // namespace

task<result<std::unique_ptr<runtime::terminal>>> open_dump_download(parts& p, backup b) {
    const auto until = deadline::after(std::chrono::hours(12));
    auto place = co_await backup_place_of(p, b.place);
    if (!place) co_return place.error();
    auto source = co_await (*place)->open(b.object, until);
    if (!source) co_return source.error();
    auto made = std::make_unique<download>(p, std::move(*source), until);
    auto begun = co_await made->begin();
    if (!begun) co_return begun.error();
    co_return std::unique_ptr<runtime::terminal>(std::move(made));
}

}  // namespace gasper::control
