#include "receiver/git/pkt_line.hpp"

#include <gtest/gtest.h>

namespace gasper::receiver {
namespace {

std::optional<pkt> next(pkt_reader& reader) {
    auto got = reader.next();
    EXPECT_TRUE(got) << (got ? "" : got.error().message);
    return got ? *got : std::nullopt;
}

TEST(pkt_line_test, gives_packets_however_the_bytes_are_cut) {
    const std::string wire = "000bhello\n\n00000004000100020006\n\n";
    for (std::size_t cut = 1; cut <= wire.size(); ++cut) {
        pkt_reader reader;
        std::vector<pkt> got;
        for (std::size_t at = 0; at < wire.size(); at += cut) {
            reader.feed(std::string_view(wire).substr(at, cut));
            while (auto p = next(reader))
                got.push_back(*p);
        }
        const std::vector<pkt> wanted{{pkt::kind::data, "hello\n\n"}, {pkt::kind::flush, ""},
                                      {pkt::kind::data, ""},          {pkt::kind::delimiter, ""},
                                      {pkt::kind::response_end, ""},  {pkt::kind::data, "\n\n"}};
        EXPECT_EQ(got, wanted) << "cut every " << cut;
    }
}

TEST(pkt_line_test, refuses_what_is_no_length_and_stays_refusing) {
    for (const char* bad : {"zzzz", "0003", "fff1", "ffff", "-001", "00 5"}) {
        pkt_reader reader;
        reader.feed(bad);
        EXPECT_FALSE(reader.next()) << bad;
        reader.feed("0000");
        EXPECT_FALSE(reader.next()) << bad;
    }
}

TEST(pkt_line_test, takes_the_longest_packet) {
    std::string wire;
    append_pkt(wire, std::string(pkt_max_payload, 'x'));
    pkt_reader reader;
    reader.feed(wire);
    EXPECT_EQ(next(reader)->payload.size(), pkt_max_payload);
    EXPECT_THROW(append_pkt(wire, std::string(pkt_max_payload + 1, 'x')), std::length_error);
}

TEST(pkt_line_test, gives_back_the_bytes_behind_the_packets) {
    pkt_reader reader;
    reader.feed("0000PACKrest");
    EXPECT_EQ(next(reader)->type, pkt::kind::flush);
    EXPECT_EQ(reader.take_rest(), "PACKrest");
    EXPECT_EQ(reader.buffered(), 0u);
}

TEST(pkt_line_test, splits_a_side_band_into_packets) {
    std::string wire;
    append_band(wire, band::progress, "hi\n");
    EXPECT_EQ(wire, "0008\2hi\n");
    wire.clear();
    append_band(wire, band::progress, "");
    EXPECT_EQ(wire, "0005\2");
    wire.clear();
    append_band(wire, band::data, std::string(100'000, 'x'));
    pkt_reader reader;
    reader.feed(wire);
    std::size_t total = 0;
    while (auto p = next(reader)) {
        EXPECT_EQ(p->payload[0], '\1');
        total += p->payload.size() - 1;
    }
    EXPECT_EQ(total, 100'000u);
}

}  // namespace
}  // namespace gasper::receiver
