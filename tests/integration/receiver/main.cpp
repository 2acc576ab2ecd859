// Besides its tests, this program is the receiver that git starts: `integration_receiver receive-pack DIR`.
#include <gmock/gmock.h>

#include <cstdlib>
#include <string_view>

#include "receiver/receive_pack_stdio.hpp"

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "receive-pack") {
        gasper::receiver::receive_pack_options options;
        if (const char* most = std::getenv("TEST_MAX_PACK_BYTES")) options.max_pack_bytes = std::atoll(most);
        return gasper::receiver::run_receive_pack_stdio(argv[2], options);
    }
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
