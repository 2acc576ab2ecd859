#include "core/model/volume.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

TEST(volume_test, takes_plain_names) {
    for (const char* name : {"a", "data", "my-data_2"})
        EXPECT_TRUE(check_volume_name(name)) << name;
    for (const std::string& name : {std::string(), std::string("2data"), std::string("Data"), std::string(".gone-a"),
                                    std::string("a/b"), std::string("a.b"), std::string(64, 'a')})
        EXPECT_FALSE(check_volume_name(name)) << name;
}

TEST(volume_test, takes_paths_that_hide_nothing_of_the_system) {
    for (const char* path : {"/app/storage", "/data", "/var/lib/app", "/app/a/b.c"})
        EXPECT_TRUE(check_mount_path(path)) << path;
    for (const char* path : {"", "/", "app", "/app", "/app/", "/app/../etc", "/app//x", "/proc/1", "/etc", "/usr/lib/x",
                             "/tmp", "/a b", "/a:b", "/a,b", "/dev/shm"})
        EXPECT_FALSE(check_mount_path(path)) << path;
}

}  // namespace
}  // namespace gasper
