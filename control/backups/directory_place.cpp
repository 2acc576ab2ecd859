#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "control/backups/places.hpp"
#include "core/base/handle.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_size = 256u << 10;
constexpr off_t on_its_way = 8 << 20;  // written to a file, and the disk is told
constexpr auto unfinished = ".part";

error file_failure(const fs::path& at, int reason) {
    const auto kind = reason == ENOENT ? errc::not_found : errc::failed;
    return fail(kind, "backup_file", at.filename().string() + ": " + std::strerror(reason));
}

result<> write_all(int fd, std::string_view bytes, const fs::path& at) {
    while (!bytes.empty()) {
        const auto n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_failure(at, errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

result<> sync_directory(const fs::path& at) {
    unique_fd fd(::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return file_failure(at, errno);
    return {};
}

class file_sink final : public backup_sink {
 public:
    file_sink(blocking_pool& files, fs::path at, unique_fd fd)
        : files_(files), at_(std::move(at)), fd_(std::move(fd)) {}
    ~file_sink() override {
        if (fd_) ::unlink((at_.string() + unfinished).c_str());
    }

    task<result<>> write(std::string piece, deadline) override {
        const auto work = [this, &piece] {
            auto written = write_all(fd_.get(), piece, at_);
            written_ += static_cast<off_t>(piece.size());
            if (written_ - told_ >= on_its_way) tell_disk();
            return written;
        };
        co_return co_await files_.run(work);
    }

    task<result<>> commit(deadline) override {
        const auto work = [this]() -> result<> {
            const auto part = at_.string() + unfinished;
            if (::fsync(fd_.get()) != 0 || ::rename(part.c_str(), at_.c_str()) != 0) return file_failure(at_, errno);
            fd_.reset();
            return sync_directory(at_.parent_path());
        };
        co_return co_await files_.run(work);
    }

    task<> drop() override {
        const auto work = [this] {
            ::unlink((at_.string() + unfinished).c_str());
            fd_.reset();
        };
        co_await files_.run(work);
    }

 private:
    // What goes to the disk meanwhile need not be waited for at the end.
    void tell_disk() {
        (void)::sync_file_range(fd_.get(), told_, written_ - told_, SYNC_FILE_RANGE_WRITE);
        told_ = written_;
    }

    blocking_pool& files_;
    fs::path at_;
    unique_fd fd_;
    off_t written_{0}, told_{0};
};

class file_source final : public backup_source {
 public:
    file_source(blocking_pool& files, fs::path at, unique_fd fd)
        : files_(files), at_(std::move(at)), fd_(std::move(fd)) {}

    task<result<std::string>> read(deadline) override {
        const auto work = [this]() -> result<std::string> {
            std::string piece(read_size, '\0');
            for (;;) {
                const auto n = ::read(fd_.get(), piece.data(), piece.size());
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return file_failure(at_, errno);
                piece.resize(static_cast<std::size_t>(n));
                return piece;
            }
        };
        co_return co_await files_.run(work);
    }

 private:
    blocking_pool& files_;
    fs::path at_;
    unique_fd fd_;
};

class directory final : public backup_place {
 public:
    directory(blocking_pool& files, fs::path root) : files_(files), root_(std::move(root)) {}

    task<result<std::unique_ptr<backup_sink>>> create(std::string object, deadline) override {
        const auto at = root_ / object;
        const auto work = [&at]() -> result<unique_fd> {
            std::error_code ec;
            fs::create_directories(at.parent_path(), ec);
            fs::permissions(at.parent_path(), fs::perms::owner_all, ec);
            if (ec) return file_failure(at.parent_path(), ec.value());
            unique_fd fd(::open((at.string() + unfinished).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
            if (!fd) return file_failure(at, errno);
            return fd;
        };
        auto fd = co_await files_.run(work);
        if (!fd) co_return fd.error();
        co_return std::unique_ptr<backup_sink>(std::make_unique<file_sink>(files_, at, std::move(*fd)));
    }

    task<result<std::unique_ptr<backup_source>>> open(std::string object, deadline) override {
        const auto at = root_ / object;
        const auto work = [&at]() -> result<unique_fd> {
            unique_fd fd(::open(at.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            if (!fd) return file_failure(at, errno);
            return fd;
        };
        auto fd = co_await files_.run(work);
        if (!fd) co_return fd.error();
        co_return std::unique_ptr<backup_source>(std::make_unique<file_source>(files_, at, std::move(*fd)));
    }

    task<result<>> remove(std::string object, deadline) override {
        const auto at = root_ / object;
        const auto work = [&at]() -> result<> {
            if (::unlink(at.c_str()) != 0 && errno != ENOENT) return file_failure(at, errno);
            return {};
        };
        co_return co_await files_.run(work);
    }

 private:
    blocking_pool& files_;
    fs::path root_;
};

}  // namespace

std::shared_ptr<backup_place> directory_place(blocking_pool& files, fs::path root) {
    return std::make_shared<directory>(files, std::move(root));
}

task<> sweep_unfinished_backups(parts& p) {
    const auto root = p.settings.data / "backups";
    const auto work = [&root] {
        std::error_code ec;
        std::vector<fs::path> strays;
        for (fs::recursive_directory_iterator at(root, ec), end; !ec && at != end; at.increment(ec))
            if (at->path().extension() == unfinished) strays.push_back(at->path());
        for (const auto& stray : strays)
            fs::remove(stray, ec);
    };
    co_await p.files.run(work);
}

}  // namespace gasper::control
