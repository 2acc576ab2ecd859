// Buffers of one loop: all of one size, handed out while a connection has something to hold and taken back when it is
// idle, so that idle connections cost no buffer. Belongs to the thread of its loop; must outlive its buffers.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "router/http_head.hpp"

namespace gasper::router {

class buffer_pool {
 public:
    /// A whole head fits.
    static constexpr std::size_t size = head_limits::head;
    static constexpr std::size_t kept = 256;

    std::unique_ptr<char[]> take() {
        if (free_.empty()) return std::unique_ptr<char[]>(new char[size]);
        auto b = std::move(free_.back());
        free_.pop_back();
        return b;
    }
    void give(std::unique_ptr<char[]> b) {
        if (b && free_.size() < kept) free_.push_back(std::move(b));
    }

 private:
    std::vector<std::unique_ptr<char[]>> free_;
};

/// Bytes that were read and are not consumed yet.
class input_buffer {
 public:
    explicit input_buffer(buffer_pool& pool) noexcept : pool_(pool) {}
    input_buffer(const input_buffer&) = delete;
    input_buffer& operator=(const input_buffer&) = delete;
    ~input_buffer() { pool_.give(std::move(data_)); }

    std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    char* begin() noexcept { return data_.get() + begin_; }
    bool empty() const noexcept { return begin_ == end_; }
    void consume(std::size_t n) noexcept { begin_ += n; }

    /// Where the next bytes go; has room for at least one byte unless full().
    char* free_begin() noexcept { return data_.get() + end_; }
    std::size_t free_size() const noexcept { return buffer_pool::size - end_; }
    void added(std::size_t n) noexcept { end_ += n; }
    bool full() const noexcept { return end_ - begin_ == buffer_pool::size; }

    /// Makes room behind what is there; moves it only when there is none.
    void prepare() {
        if (!data_) data_ = pool_.take();
        if (begin_ == end_) {
            begin_ = end_ = 0;
        } else if (end_ == buffer_pool::size && begin_ > 0) {
            std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
    }
    /// Gives the memory back when nothing is in it.
    void release() {
        if (!empty()) return;
        pool_.give(std::move(data_));
        begin_ = end_ = 0;
    }

 private:
    buffer_pool& pool_;
    std::unique_ptr<char[]> data_;
    std::size_t begin_{0};
    std::size_t end_{0};
};

}  // namespace gasper::router
