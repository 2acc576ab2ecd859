#include "control/mail/smtp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/mail/mailer.hpp"
#include "core/model/mail_address.hpp"

namespace gasper::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using what = smtp_dialogue::step::what;

smtp_dialogue::options plain() {
    return {.helo = "apps.test",
            .from = "gasper@apps.test",
            .to = "ann@example.org",
            .message = "Subject: x\r\n\r\nbody\r\n"};
}

/// What the dialogue says to a whole answer; "" when it says nothing.
std::string says(smtp_dialogue& d, const std::string& answer) {
    auto next = d.line(answer);
    EXPECT_TRUE(next) << answer << ": " << (next ? "" : next.error().message);
    return next ? next->bytes : "";
}

TEST(smtp_dialogue, sends_one_message_and_takes_its_leave) {
    auto o = plain();
    o.trusted = true;
    smtp_dialogue d(o);
    EXPECT_EQ(says(d, "220 mx.test"), "EHLO apps.test\r\n");
    EXPECT_EQ(says(d, "250-mx.test greets you"), "");
    EXPECT_EQ(says(d, "250 SIZE 1000"), "MAIL FROM:<gasper@apps.test>\r\n");
    EXPECT_EQ(says(d, "250 ok"), "RCPT TO:<ann@example.org>\r\n");
    EXPECT_EQ(says(d, "250 ok"), "DATA\r\n");
    EXPECT_EQ(says(d, "354 go on"), "Subject: x\r\n\r\nbody\r\n.\r\n");
    const auto taken = d.line("250 queued").value();
    EXPECT_EQ(taken.next, what::done);
    EXPECT_EQ(taken.bytes, "QUIT\r\n");
}

TEST(smtp_dialogue, a_refusal_of_the_message_is_final_only_when_it_is_permanent) {
    auto o = plain();
    o.trusted = true;
    for (const char* last : {"450 later", "550 no such mailbox"}) {
        smtp_dialogue d(o);
        for (const char* answer : {"220 mx.test", "250 mx.test", "250 ok"})
            says(d, answer);
        EXPECT_EQ(d.line(last).error().code, last[0] == '5' ? "mail_rejected" : "mail_refused");
    }
    smtp_dialogue early(o);
    EXPECT_EQ(early.line("554 no service").error().code, "mail_refused") << "that is no word about the message";
}

TEST(smtp_dialogue, begins_tls_before_it_says_who_it_is) {
    auto o = plain();
    o.user = "ann";
    o.password = "secret";
    o.trusted = true;
    smtp_dialogue d(o);
    says(d, "220 mx.test");
    says(d, "250-mx.test");
    says(d, "250-STARTTLS");
    EXPECT_EQ(says(d, "250 AUTH PLAIN LOGIN"), "STARTTLS\r\n");
    EXPECT_EQ(d.line("220 go on")->next, what::start_tls);
    EXPECT_EQ(d.secured().bytes, "EHLO apps.test\r\n");
    says(d, "250-mx.test");
    EXPECT_EQ(says(d, "250 AUTH LOGIN PLAIN"), "AUTH PLAIN AGFubgBzZWNyZXQ=\r\n");
    EXPECT_EQ(says(d, "235 welcome"), "MAIL FROM:<gasper@apps.test>\r\n");
}

TEST(smtp_dialogue, says_nothing_in_the_open) {
    smtp_dialogue d(plain());
    says(d, "220 mx.test");
    const auto refused = d.line("250 mx.test");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("no TLS"));
}

TEST(smtp_dialogue, what_was_offered_before_tls_counts_no_more) {
    auto o = plain();
    o.user = "ann";
    smtp_dialogue d(o);
    says(d, "220 mx.test");
    says(d, "250-AUTH PLAIN");
    says(d, "250 STARTTLS");
    (void)d.line("220 go on");
    (void)d.secured();
    EXPECT_FALSE(d.line("250 mx.test")) << "a man in the middle may have offered it";
}

TEST(smtp_dialogue, refuses_with_what_the_server_said_and_no_secret) {
    auto o = plain();
    o.user = "ann";
    o.password = "secret";
    o.secure = true;
    smtp_dialogue d(o);
    says(d, "220 mx.test");
    says(d, "250 AUTH PLAIN");
    const auto refused = d.line("535 5.7.8 who are you?\x1b[2J");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "mail_refused");
    EXPECT_THAT(refused.error().message, HasSubstr("535 5.7.8 who are you??[2J"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
}

TEST(smtp_dialogue, refuses_what_is_no_smtp) {
    for (const char* line : {"", "HTTP/1.1 400 Bad Request", "22", "220x", "-1 x"})
        EXPECT_FALSE(smtp_dialogue(plain()).line(line)) << line;
    smtp_dialogue mixed(plain());
    says(mixed, "220-a");
    EXPECT_FALSE(mixed.line("221 b"));
    smtp_dialogue endless(plain());
    int lines = 0;
    while (lines < 1000 && endless.line("220-more"))
        ++lines;
    EXPECT_LT(lines, 1000);
}

TEST(mail_message, no_text_can_add_a_header_or_end_the_message) {
    const mail_message m{.from = "gasper@apps.test",
                         .to = "ann@example.org",
                         .subject = "x\r\nBcc: eve@example.org\r\n\r\nhello",
                         .text = "one\r\n.\r\nMAIL FROM:<eve@example.org>\r\n",
                         .id = "event-1.2",
                         .at = sys_time(std::chrono::milliseconds(1'767'323'045'678))};
    const auto wire = to_wire(m);
    EXPECT_THAT(wire, Not(HasSubstr("Bcc")));
    EXPECT_THAT(wire, Not(HasSubstr("\r\n.")));
    EXPECT_THAT(wire, HasSubstr("Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"));
    EXPECT_THAT(wire, HasSubstr("Message-ID: <event-1.2@apps.test>\r\n"));
    for (std::size_t at = 0; at < wire.size();) {
        const auto end = wire.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 78u);
        EXPECT_EQ(wire.substr(at, end - at).find('\n'), std::string::npos);
        at = end + 2;
    }
}

TEST(mail_message, a_long_subject_is_cut_between_characters) {
    mail_message m{.from = "g@a.test", .to = "a@b.test"};
    for (int i = 0; i < 40; ++i)
        m.subject += "ü";
    EXPECT_THAT(to_wire(m),
                HasSubstr("Subject: =?utf-8?B?w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7w=?=\r\n =?utf-8?B?"));
}

TEST(mail_address, is_plain_and_can_stand_in_a_command) {
    for (const char* a : {"ann@example.org", "a.b+c=d@x-y.example", "x@localhost"})
        EXPECT_TRUE(is_mail_address(a)) << a;
    for (const char* a : {"", "ann", "@example.org", "ann@", "a..b@c", ".a@c", "a@c.", "a b@c", "a@b@c", "a\n@c",
                          "a>@c", "\"a\"@c", "ann@[127.0.0.1]", "ann@ex_ample.org", "\xc3\xa4@c"})
        EXPECT_FALSE(is_mail_address(a)) << a;
    EXPECT_FALSE(is_mail_address(std::string(65, 'a') + "@example.org"));
}

TEST(mail_server, is_taken_apart) {
    const auto s = parse_mail_server("smtp://ann%40x:p%3Aw@mx.test").value();
    EXPECT_EQ(s.user, "ann@x");
    EXPECT_EQ(s.password, "p:w");
    EXPECT_EQ(s.host, "mx.test");
    EXPECT_EQ(s.port, 587);
    EXPECT_FALSE(s.tls);
    EXPECT_EQ(parse_mail_server("smtps://mx.test")->port, 465);
    EXPECT_EQ(parse_mail_server("smtp://[2001:db8::1]:25")->port, 25);
    for (const char* url : {"", "mx.test", "http://mx.test", "smtp://", "smtp://mx.test/path"})
        EXPECT_FALSE(parse_mail_server(url)) << url;
}

}  // namespace
}  // namespace gasper::control
