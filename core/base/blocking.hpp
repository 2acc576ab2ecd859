// Blocking libraries (libgit2, SQLite, libssh's files, archives) run on named pools; a coroutine hops there and back.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/asio.hpp"

namespace gasper {

class blocking_pool {
 public:
    blocking_pool(std::string name, std::size_t threads) : name_(std::move(name)), pool_(threads) {}
    ~blocking_pool() { pool_.join(); }
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// Runs fn() on the pool and resumes the caller on its own executor. fn must not touch the caller's
    /// strand; it cannot be cancelled once it is queued: the caller waits for it to end, so fn may refer to the
    /// caller's frame. Name a lambda that captures strings, pointers or the like before the co_await:
    ///     const auto work = [path] { … };
    ///     co_await pool.run(work);
    /// GCC 12 destroys the captures of a lambda written inside the co_await expression twice (bug 107288).
    template <class F>
    task<std::invoke_result_t<std::decay_t<F>&>> run(F&& fn) {
        return execute(std::decay_t<F>(std::forward<F>(fn)));
    }

    asio::thread_pool::executor_type executor() { return pool_.get_executor(); }

 private:
    template <class F>
    task<std::invoke_result_t<F&>> execute(F fn) {
        using value_type = std::invoke_result_t<F&>;
        std::exception_ptr fault;
        if constexpr (std::is_void_v<value_type>) {
            const auto work = [&] { fn(); };
            co_await hop(work, fault);
            if (fault) std::rethrow_exception(fault);
        } else {
            std::optional<value_type> value;
            const auto work = [&] { value.emplace(fn()); };
            co_await hop(work, fault);
            if (fault) std::rethrow_exception(fault);
            co_return std::move(*value);
        }
    }

    // No cancellation slot is touched: a signal would be emitted on the caller's thread and heard on the pool's.
    template <class F>
    task<> hop(const F& work, std::exception_ptr& fault) {
        auto start = [this, &work, &fault](auto resume) {
            auto home = asio::prefer(home_of(resume), asio::execution::outstanding_work.tracked);
            asio::post(pool_, [&work, &fault, home, resume = std::move(resume)]() mutable {
                try {
                    work();
                } catch (...) {
                    fault = std::current_exception();
                }
                asio::post(home, std::move(resume));
            });
        };
        return asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start), asio::use_awaitable);
    }

    template <class Handler>
    static asio::any_io_executor home_of(const Handler& resume) {
        return asio::get_associated_executor(resume);
    }

    std::string name_;
    asio::thread_pool pool_;
};

}  // namespace gasper
