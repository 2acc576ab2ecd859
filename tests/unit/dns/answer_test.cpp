#include "dns/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_message.hpp"

namespace gasper::dns {
namespace {

using test::bytes;
using test::dns_query;
using test::dns_response;
using test::encode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, MX = 15, TXT = 16, AAAA = 28, SRV = 33, AXFR = 252, ANY = 255, CAA = 257 };

zone_map example() {
    table t;
    t.version = 7;
    t.zones = {{"apps.test",
                {{"@", "A", 60, {"192.0.2.1", "192.0.2.2"}},
                 {"@", "MX", 300, {"10 mail"}},
                 {"@", "CAA", 60, {"0 issue \"letsencrypt.org\""}},
                 {"mail", "A", 60, {"192.0.2.9"}},
                 {"web", "A", 60, {"192.0.2.3"}},
                 {"web", "AAAA", 60, {"2001:db8::3"}},
                 {"web", "TXT", 60, {"\"a b\" \"c\\\"d\"", "plain words"}},
                 {"_http._tcp", "SRV", 60, {"0 5 8080 web"}},
                 {"alias", "CNAME", 60, {"web"}},
                 {"far", "CNAME", 60, {"example.org."}},
                 {"gone", "CNAME", 60, {"nothing"}},
                 {"loop1", "CNAME", 60, {"loop2"}},
                 {"loop2", "CNAME", 60, {"loop1"}},
                 {"*.wild", "A", 60, {"192.0.2.4"}},
                 {"fixed.wild", "TXT", 60, {"here"}},
                 {"*.aliases", "CNAME", 60, {"web"}},
                 {"deep.empty", "A", 60, {"192.0.2.5"}},
                 {"sub", "NS", 60, {"ns.sub", "ns.example.org."}},
                 {"ns.sub", "A", 60, {"192.0.2.53"}}}},
               {"own.test", {{"@", "SOA", 100, {"a b 1 2 3 4 50"}}, {"@", "NS", 100, {"ns.example.org."}}}},
               {"inner.apps.test", {{"@", "A", 60, {"192.0.2.77"}}}}};
    return zone_map::compile(t).value();
}

class answering : public ::testing::Test {
 protected:
    bytes raw(const bytes& request, transport over = transport::udp) {
        bytes out(max_message);
        out.resize(answer(request, over, zones, out));
        return out;
    }
    dns_response ask(const dns_query& q, transport over = transport::udp) { return test::decode(raw(encode(q), over)); }
    dns_response ask(const std::string& name, int type) { return ask({.name = name, .type = type}); }

    zone_map zones = example();
    const std::string apps_soa = "apps.test. 60 SOA ns1.apps.test. hostmaster.apps.test. 7 3600 600 86400 60";
};

TEST_F(answering, gives_the_addresses_of_a_name_with_authority) {
    const auto r = ask("web.apps.test", A);
    EXPECT_EQ(r.rcode, 0);
    EXPECT_TRUE(r.aa);
    EXPECT_EQ(r.flags & 0x8180, 0x8100) << "a response, recursion asked for but not available";
    EXPECT_THAT(r.answer, ElementsAre("web.apps.test. 60 A 192.0.2.3"));
    EXPECT_THAT(r.authority, IsEmpty());
    EXPECT_THAT(ask("web.apps.test", AAAA).answer, ElementsAre("web.apps.test. 60 AAAA 2001:db8::3"));
    EXPECT_THAT(ask("apps.test", A).answer, ElementsAre("apps.test. 60 A 192.0.2.1", "apps.test. 60 A 192.0.2.2"));
}

TEST_F(answering, speaks_every_type_of_a_zone) {
    EXPECT_THAT(ask("web.apps.test", TXT).answer,
                ElementsAre("web.apps.test. 60 TXT \"a b\" \"c\"d\"", "web.apps.test. 60 TXT \"plain words\""));
    EXPECT_THAT(ask("apps.test", CAA).answer, ElementsAre("apps.test. 60 CAA 0 issue letsencrypt.org"));
    const auto mx = ask("apps.test", MX);
    EXPECT_THAT(mx.answer, ElementsAre("apps.test. 300 MX 10 mail.apps.test."));
    EXPECT_THAT(mx.additional, ElementsAre("mail.apps.test. 60 A 192.0.2.9"));
    const auto srv = ask("_http._tcp.apps.test", SRV);
    EXPECT_THAT(srv.answer, ElementsAre("_http._tcp.apps.test. 60 SRV 0 5 8080 web.apps.test."));
    EXPECT_THAT(srv.additional, SizeIs(2));
}

TEST_F(answering, says_nxdomain_or_nodata_with_the_soa_and_the_negative_ttl) {
    const auto missing = ask("nothing.apps.test", A);
    EXPECT_EQ(missing.rcode, 3);
    EXPECT_TRUE(missing.aa);
    EXPECT_THAT(missing.answer, IsEmpty());
    EXPECT_THAT(missing.authority, ElementsAre(apps_soa));
    const auto nodata = ask("mail.apps.test", AAAA);
    EXPECT_EQ(nodata.rcode, 0);
    EXPECT_THAT(nodata.answer, IsEmpty());
    EXPECT_THAT(nodata.authority, ElementsAre(apps_soa));
    EXPECT_THAT(ask("x.own.test", A).authority, ElementsAre("own.test. 50 SOA a.own.test. b.own.test. 1 2 3 4 50"));
}

TEST_F(answering, knows_empty_non_terminals) {
    EXPECT_EQ(ask("empty.apps.test", A).rcode, 0);
    EXPECT_EQ(ask("_tcp.apps.test", A).rcode, 0);
    EXPECT_EQ(ask("other.empty.apps.test", A).rcode, 3);
    EXPECT_EQ(ask("empty.apps.test", ANY).rcode, 0);
    EXPECT_THAT(ask("empty.apps.test", ANY).answer, IsEmpty());
}

TEST_F(answering, makes_soa_and_ns_for_a_zone_that_has_none) {
    EXPECT_THAT(ask("apps.test", SOA).answer, ElementsAre(apps_soa));
    EXPECT_THAT(ask("apps.test", NS).answer, ElementsAre("apps.test. 60 NS ns1.apps.test."));
    EXPECT_THAT(ask("own.test", NS).answer, ElementsAre("own.test. 100 NS ns.example.org."));
    EXPECT_THAT(ask("own.test", SOA).answer, ElementsAre("own.test. 100 SOA a.own.test. b.own.test. 1 2 3 4 50"));
}

TEST_F(answering, covers_names_by_a_wildcard_as_rfc_4592_says) {
    EXPECT_THAT(ask("a.wild.apps.test", A).answer, ElementsAre("a.wild.apps.test. 60 A 192.0.2.4"));
    EXPECT_THAT(ask("a.b.wild.apps.test", A).answer, ElementsAre("a.b.wild.apps.test. 60 A 192.0.2.4"));
    const auto exists = ask("fixed.wild.apps.test", A);
    EXPECT_EQ(exists.rcode, 0) << "a name that exists is not covered";
    EXPECT_THAT(exists.answer, IsEmpty());
    EXPECT_EQ(ask("x.fixed.wild.apps.test", A).rcode, 3) << "nor is one below it";
    EXPECT_THAT(ask("a.wild.apps.test", TXT).authority, ElementsAre(apps_soa));
    EXPECT_THAT(ask("wild.apps.test", A).answer, IsEmpty());
    EXPECT_THAT(ask("*.wild.apps.test", A).answer, ElementsAre("*.wild.apps.test. 60 A 192.0.2.4"));
}

TEST_F(answering, follows_aliases_inside_the_zone) {
    EXPECT_THAT(ask("alias.apps.test", A).answer,
                ElementsAre("alias.apps.test. 60 CNAME web.apps.test.", "web.apps.test. 60 A 192.0.2.3"));
    EXPECT_THAT(ask("alias.apps.test", CNAME).answer, ElementsAre("alias.apps.test. 60 CNAME web.apps.test."));
    EXPECT_THAT(ask("x.aliases.apps.test", A).answer,
                ElementsAre("x.aliases.apps.test. 60 CNAME web.apps.test.", "web.apps.test. 60 A 192.0.2.3"));
    const auto far = ask("far.apps.test", A);
    EXPECT_EQ(far.rcode, 0);
    EXPECT_THAT(far.answer, ElementsAre("far.apps.test. 60 CNAME example.org."));
    const auto gone = ask("gone.apps.test", A);
    EXPECT_EQ(gone.rcode, 3) << "RFC 6604";
    EXPECT_THAT(gone.answer, SizeIs(1));
    EXPECT_THAT(gone.authority, ElementsAre(apps_soa));
    EXPECT_THAT(ask("loop1.apps.test", A).answer, SizeIs(2));
}

TEST_F(answering, refers_to_the_servers_of_a_delegation) {
    const auto r = ask("x.sub.apps.test", A);
    EXPECT_FALSE(r.aa);
    EXPECT_EQ(r.rcode, 0);
    EXPECT_THAT(r.answer, IsEmpty());
    EXPECT_THAT(r.authority,
                ElementsAre("sub.apps.test. 60 NS ns.sub.apps.test.", "sub.apps.test. 60 NS ns.example.org."));
    EXPECT_THAT(r.additional, ElementsAre("ns.sub.apps.test. 60 A 192.0.2.53"));
}

TEST_F(answering, picks_the_closest_of_nested_zones) {
    EXPECT_THAT(ask("inner.apps.test", A).answer, ElementsAre("inner.apps.test. 60 A 192.0.2.77"));
    EXPECT_EQ(ask("x.inner.apps.test", A).authority[0].substr(0, 16), "inner.apps.test.");
}

TEST_F(answering, refuses_what_is_not_its_own) {
    for (const auto& q :
         {dns_query{"example.org"}, dns_query{"test"}, dns_query{""}, dns_query{"xapps.test"},
          dns_query{.name = "web.apps.test", .qclass = 3}, dns_query{.name = "apps.test", .type = AXFR}}) {
        const auto r = ask(q);
        EXPECT_EQ(r.rcode, 5) << q.name;
        EXPECT_FALSE(r.aa);
        EXPECT_THAT(r.answer, IsEmpty());
        EXPECT_THAT(r.authority, IsEmpty());
    }
}

TEST_F(answering, gives_little_for_any) {
    EXPECT_THAT(ask("web.apps.test", ANY).answer, ElementsAre("web.apps.test. 3600 HINFO \"RFC8482\" \"\""));
    EXPECT_EQ(ask("nothing.apps.test", ANY).rcode, 3);
}

TEST_F(answering, keeps_the_askers_spelling) {
    const auto r = ask("WeB.aPPs.TesT", A);
    EXPECT_EQ(r.question, "WeB.aPPs.TesT.");
    EXPECT_THAT(r.answer, ElementsAre("WeB.aPPs.TesT. 60 A 192.0.2.3"));
}

TEST_F(answering, never_answers_a_response_or_less_than_a_header) {
    EXPECT_THAT(raw(encode({.name = "web.apps.test", .flags = 0x8100})), IsEmpty());
    for (std::size_t n = 0; n < 12; ++n)
        EXPECT_THAT(raw(bytes(n)), IsEmpty());
}

TEST_F(answering, says_what_it_does_not_implement_and_what_is_malformed) {
    EXPECT_EQ(ask({.name = "web.apps.test", .flags = 0x2900}).rcode, 4) << "UPDATE";
    auto good = encode({.name = "web.apps.test", .udp_size = 1232});
    for (std::size_t n = 12; n < good.size(); ++n) {
        const auto r = test::decode(raw(bytes(good.begin(), good.begin() + static_cast<long>(n))));
        EXPECT_EQ(r.rcode, 1) << n;
        EXPECT_EQ(r.id, 0x1234);
        EXPECT_EQ(r.size, 12u);
    }
    good.push_back(0);
    EXPECT_EQ(test::decode(raw(good)).rcode, 1) << "bytes after the end";
    bytes none = encode({.name = "web.apps.test"});
    none[5] = 0;
    EXPECT_EQ(test::decode(raw(none)).rcode, 1) << "no question";
    none[5] = 2;
    EXPECT_EQ(test::decode(raw(none)).rcode, 1) << "two questions";
}

TEST_F(answering, does_not_follow_pointers_in_a_question) {
    bytes loop{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    EXPECT_EQ(test::decode(raw(loop)).rcode, 1);
    loop[12] = 0x40;  // a label type that does not exist
    EXPECT_EQ(test::decode(raw(loop)).rcode, 1);
    bytes long_name(12);
    long_name[5] = 1;
    for (int i = 0; i < 5; ++i) {
        long_name.push_back(63);
        long_name.insert(long_name.end(), 63, 'a');
    }
    long_name.insert(long_name.end(), {0, 0, 1, 0, 1});
    EXPECT_EQ(test::decode(raw(long_name)).rcode, 1);
}

TEST_F(answering, takes_a_name_of_255_bytes) {
    const auto label = std::string(63, 'a') + ".";
    const auto r = ask(label + label + label + std::string(51, 'b') + ".apps.test", A);
    EXPECT_EQ(r.rcode, 3);
    EXPECT_THAT(r.authority, SizeIs(1));
}

TEST_F(answering, speaks_edns_to_who_speaks_it) {
    EXPECT_FALSE(ask("web.apps.test", A).edns);
    EXPECT_TRUE(ask({.name = "web.apps.test", .udp_size = 4096}).edns);
    const auto bad = ask({.name = "web.apps.test", .udp_size = 1232, .edns_version = 1});
    EXPECT_EQ(bad.rcode, 16);
    EXPECT_THAT(bad.answer, IsEmpty());
    auto twice = encode({.name = "web.apps.test", .udp_size = 1232});
    const bytes opt(twice.end() - 11, twice.end());
    twice.insert(twice.end(), opt.begin(), opt.end());
    twice[11] = 2;
    EXPECT_EQ(test::decode(raw(twice)).rcode, 1);
}

TEST_F(answering, truncates_by_what_the_asker_takes_and_never_over_1232_bytes) {
    record_set many{"many", "A", 60, {}}, medium{"medium", "A", 60, {}};
    for (int i = 0; i < 200; ++i)
        many.data.push_back("192.0.2." + std::to_string(i));
    for (int i = 0; i < 50; ++i)
        medium.data.push_back("192.0.2." + std::to_string(i));
    table t;
    t.zones = {{"t", {many, medium}}};
    zones = zone_map::compile(t).value();
    const auto cut = ask({.name = "medium.t"});
    EXPECT_TRUE(cut.tc);
    EXPECT_THAT(cut.answer, IsEmpty());
    EXPECT_FALSE(ask({.name = "medium.t", .udp_size = 1232}).tc);
    EXPECT_THAT(ask({.name = "medium.t", .udp_size = 1232}).answer, SizeIs(50));
    EXPECT_TRUE(ask({.name = "medium.t", .udp_size = 100}).tc) << "under 512 counts as 512";
    const auto large = ask({.name = "many.t", .udp_size = 65535});
    EXPECT_TRUE(large.tc);
    EXPECT_TRUE(large.edns);
    const auto whole = ask({.name = "many.t"}, transport::tcp);
    EXPECT_FALSE(whole.tc);
    EXPECT_THAT(whole.answer, SizeIs(200));
}

TEST_F(answering, compresses_names) {
    EXPECT_EQ(raw(encode({.name = "web.apps.test"})).size(), 12 + 19 + 16u);
    EXPECT_LT(ask("nothing.apps.test", A).size, 12 + 23 + 12 + 40u);
}

}  // namespace
}  // namespace gasper::dns
