#include "core/model/service.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

TEST(service_test, takes_names_as_apps_have_them) {
    for (const char* name : {"db", "my-db2"})
        EXPECT_TRUE(check_service_name(name)) << name;
    for (const std::string& name : {std::string("a"), std::string("2db"), std::string("Db"), std::string("db-"),
                                    std::string("a.b"), std::string("a_b"), std::string(31, 'a')})
        EXPECT_FALSE(check_service_name(name)) << name;
}

TEST(service_test, an_alias_stands_for_its_variable) {
    EXPECT_EQ(attachment_variable("BLUE").value(), "BLUE_URL");
    for (const std::string& alias : {std::string(), std::string("blue"), std::string("1A"), std::string("A-B"),
                                     std::string("GASPER_X"), std::string(61, 'A')})
        EXPECT_FALSE(attachment_variable(alias)) << alias;
}

}  // namespace
}  // namespace gasper
