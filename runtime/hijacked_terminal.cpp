#include "runtime/hijacked_terminal.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

task<result<terminal::chunk>> hijacked_terminal::read() {
    while (ready_.empty()) {
        auto data = co_await stream_->read();
        if (!data) co_return data.error();
        if (data->empty()) co_return chunk{};
        if (terminal_) co_return chunk{false, std::move(*data)};
        auto fed = parser_.feed(*data, [&](bool error, std::string_view piece) {
            if (!ready_.empty() && ready_.back().error == error) {
                ready_.back().data += piece;
            } else {
                ready_.push_back({error, {}});
                ready_.back().data.reserve(data->size());
                ready_.back().data += piece;
            }
        });
        if (!fed) co_return fed.error();
    }
    auto next = std::move(ready_.front());
    ready_.pop_front();
    co_return next;
}

task<result<>> hijacked_terminal::write(std::string data) {
    if (!data.empty()) within_line_ = data.back() != '\n' && data.back() != '\r';
    return stream_->write(std::move(data), deadline::after(seconds(60)));
}

task<result<>> hijacked_terminal::close_input() {
    if (!terminal_) co_return stream_->close_output();
    // The engine ends a terminal's output together with its input, and what the command says after it would be lost. So
    // the end of input is what it is at a keyboard: control-D, which within a line only hands over what was typed.
    std::string end(within_line_ ? 2 : 1, '\x04');
    co_return co_await stream_->write(std::move(end), deadline::after(seconds(60)));
}

task<result<>> hijacked_terminal::resize(int columns, int rows) {
    if (!terminal_) co_return fail(errc::conflict, "no_terminal", "the command has no terminal to resize");
    if (columns < 1 || rows < 1 || columns > 10'000 || rows > 10'000)
        co_return fail(errc::invalid, "terminal_size", "a terminal has 1 to 10000 columns and rows");
    co_return co_await set_size(columns, rows, deadline::after(seconds(10)));
}

}  // namespace gasper::runtime
