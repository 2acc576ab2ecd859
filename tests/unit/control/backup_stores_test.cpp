#include <gtest/gtest.h>

#include "control/backups/stores.hpp"

namespace gasper::control {
namespace {

TEST(backup_stores_test, reads_addresses_of_stores) {
    backup_store s;
    ASSERT_TRUE(parse_store_url("s3://my-backups/of/gasper/", s));
    EXPECT_EQ(s.bucket, "my-backups");
    EXPECT_EQ(s.prefix, "of/gasper");
    EXPECT_EQ(url_of(s), "s3://my-backups/of/gasper");
    ASSERT_TRUE(parse_store_url("s3://my-backups", s));
    EXPECT_EQ(s.prefix, "");
    EXPECT_EQ(url_of(s), "s3://my-backups");
    for (const auto* bad : {"", "s3://", "s3://ab", "https://x", "s3://My-Backups", "s3://good/../bad", "s3://good//x",
                            "s3://good/a b", "s3://good/%2e"})
        EXPECT_FALSE(parse_store_url(bad, s)) << bad;
}

}  // namespace
}  // namespace gasper::control
