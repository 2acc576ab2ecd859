#include <gtest/gtest.h>

#include "buildpacks/pack.hpp"
#include "tests/support/scratch_repository.hpp"

namespace gasper::buildpacks {
namespace {

using tree_files = std::map<std::string, std::string>;

class detect_test : public ::testing::Test {
 protected:
    source_tree tree(const tree_files& content) {
        auto opened = source_tree::open(repository_.bare(), repository_.commit(content), {});
        if (!opened) throw std::runtime_error(opened.error().message);
        return std::move(*opened);
    }

    std::string language(const tree_files& content) {
        const auto t = tree(content);
        for (const auto& p : all_packs()) {
            if (p->detect(t)) return std::string(p->language());
        }
        return "none";
    }

    result<build_plan> plan(const tree_files& content) {
        const auto t = tree(content);
        for (const auto& p : all_packs()) {
            if (p->detect(t)) return p->plan(t);
        }
        return fail(errc::invalid, "none", "none");
    }

    std::string web(const tree_files& content) {
        const auto made = plan(content);
        return made ? made->defaults.contains("web") ? made->defaults.at("web") : "" : made.error().code;
    }

    testing::scratch_repository repository_;
};

TEST_F(detect_test, knows_each_language_by_its_files) {
    EXPECT_EQ(language({{"index.html", "x"}}), "static");
    EXPECT_EQ(language({{"public/index.html", "x"}}), "static");
    EXPECT_EQ(language({{"index.php", "x"}}), "php");
    EXPECT_EQ(language({{"composer.json", "{}"}}), "php");
    EXPECT_EQ(language({{"app.py", "x"}}), "python");
    EXPECT_EQ(language({{"requirements.txt", "x"}}), "python");
    EXPECT_EQ(language({{"pyproject.toml", "x"}}), "python");
    EXPECT_EQ(language({{"server.js", "x"}}), "node");
    EXPECT_EQ(language({{"package.json", "{}"}}), "node");
    EXPECT_EQ(language({{"main.go", "x"}}), "go");
    EXPECT_EQ(language({{"go.mod", "x"}}), "go");
    EXPECT_EQ(language({{"config.ru", "x"}}), "ruby");
    EXPECT_EQ(language({{"Gemfile", "x"}}), "ruby");
    EXPECT_EQ(language({{"README.md", "x"}}), "none");
}

TEST_F(detect_test, prefers_the_backend_where_several_match) {
    EXPECT_EQ(language({{"Gemfile", "x"}, {"package.json", "{}"}}), "ruby");
    EXPECT_EQ(language({{"package.json", "{}"}, {"requirements.txt", "x"}, {"index.html", "x"}}), "node");
    EXPECT_EQ(language({{"index.php", "x"}, {"index.html", "x"}}), "php");
}

TEST_F(detect_test, a_directory_or_link_of_that_name_is_no_marker) {
    EXPECT_EQ(language({{"package.json/x", "{}"}}), "none");
    EXPECT_EQ(language({{"120000 index.html", "/etc/passwd"}}), "none");
}

TEST_F(detect_test, builds_nothing_where_nothing_is_to_compile) {
    for (const auto& f : {tree_files{{"index.html", "x"}}, tree_files{{"index.php", "x"}}, tree_files{{"app.py", "x"}},
                          tree_files{{"server.js", "x"}}, tree_files{{"config.ru", "x"}},
                          tree_files{{"package.json", R"({"scripts": {"start": "node x.js"}})"}}}) {
        const auto made = plan(f);
        ASSERT_TRUE(made);
        EXPECT_FALSE(made->compile) << f.begin()->first;
    }
    EXPECT_TRUE(plan({{"main.go", "x"}})->compile);
}

TEST_F(detect_test, runs_the_start_script_itself_and_npm_only_when_it_is_needed) {
    EXPECT_EQ(web({{"package.json", R"({"scripts": {"start": "node --x server.js"}})"}}), "node --x server.js");
    EXPECT_EQ(web({{"package.json", R"({"scripts": {"start": "node a", "prestart": "b"}})"}}), "npm start");
    EXPECT_EQ(web({{"server.js", ""}}), "node server.js");
    EXPECT_EQ(web({{"package.json", R"({"main": "lib/it's.js"})"}, {"lib/it's.js", ""}}), R"(node 'lib/it'\''s.js')");
    EXPECT_EQ(web({{"package.json", "{}"}, {"lib.js", ""}}), "");
    EXPECT_EQ(web({{"package.json", "[1]"}}), "package_json_invalid");
    EXPECT_EQ(web({{"package.json", "{"}}), "package_json_invalid");
}

TEST_F(detect_test, chooses_the_python_server_by_the_requirements) {
    EXPECT_EQ(web({{"app.py", ""}}), "python3 app.py");
    EXPECT_EQ(web({{"app.py", ""}, {"requirements.txt", "Flask==2\n"}}), "python3 app.py");
    EXPECT_EQ(web({{"app.py", ""}, {"requirements.txt", "flask\ngunicorn==20.1.0\n"}}), "gunicorn app:app");
    EXPECT_EQ(web({{"wsgi.py", ""}, {"requirements.txt", "Gunicorn[gevent]>20\n"}}), "gunicorn wsgi:application");
    EXPECT_EQ(web({{"main.py", ""}, {"requirements.txt", "fastapi\nuvicorn\n"}}),
              "uvicorn main:app --host 0.0.0.0 --port $PORT");
    EXPECT_EQ(web({{"manage.py", ""}, {"site/wsgi.py", ""}, {"requirements.txt", "django\ngunicorn\n"}}),
              "gunicorn site.wsgi");
    EXPECT_EQ(web({{"app.py", ""}, {"requirements.txt", "not-gunicorn\n"}}), "python3 app.py");
}

TEST_F(detect_test, chooses_the_ruby_server_by_the_lock_file) {
    EXPECT_EQ(web({{"config.ru", ""}}), "puma --bind tcp://0.0.0.0:$PORT config.ru");
    EXPECT_EQ(web({{"Gemfile", ""}, {"Gemfile.lock", "GEM\n  specs:\n    puma (5.6.5)\n"}, {"config.ru", ""}}),
              "bundle exec puma --bind tcp://0.0.0.0:$PORT");
    EXPECT_EQ(web({{"Gemfile", ""}, {"Gemfile.lock", "GEM\n  specs:\n    rack (2)\n"}, {"config.ru", ""}}),
              "bundle exec rackup --host 0.0.0.0 --port $PORT config.ru");
    EXPECT_EQ(web({{"Gemfile", ""}}), "gemfile_without_lock");
}

TEST_F(detect_test, names_the_go_program_after_its_module) {
    EXPECT_EQ(web({{"main.go", ""}}), "bin/app");
    EXPECT_EQ(web({{"main.go", ""}, {"go.mod", "module example.org/x/hello/v2\n"}}), "bin/hello");
    EXPECT_EQ(web({{"cmd/one/main.go", ""}, {"go.mod", "module x\n"}}), "bin/one");
    EXPECT_EQ(web({{"cmd/one/main.go", ""}, {"cmd/two/main.go", ""}, {"go.mod", "module x\n"}}), "");
    EXPECT_EQ(web({{"main.go", ""}, {"go.mod", "module x/$(id)\n"}}), "bin/app");
}

TEST_F(detect_test, serves_the_root_that_the_site_says) {
    EXPECT_EQ(web({{"index.html", ""}}), "gasper-static");
    EXPECT_EQ(web({{"public/index.html", ""}}), "gasper-static --root public");
    EXPECT_EQ(web({{"static.json", R"({"root": "dist/", "clean_urls": true, "routes": {"/**": "index.html"}})"}}),
              "gasper-static --root 'dist' --clean-urls --fallback 'index.html'");
    EXPECT_EQ(web({{"static.json", R"({"root": "../../etc"})"}}), "static_json_invalid");
    EXPECT_EQ(web({{"static.json", R"({"root": "a\"; evil"})"}}), "static_json_invalid");
    EXPECT_EQ(web({{"static.json", R"({"root": 7})"}}), "static_json_invalid");
    EXPECT_EQ(web({{"index.php", ""}}), "gasper-php");
    EXPECT_EQ(web({{"public/index.php", ""}, {"composer.json", "{}"}}), "gasper-php public");
}

TEST_F(detect_test, reuses_no_layer_that_depends_on_the_tree) {
    const auto layered = [&](const tree_files& f) { return plan(f)->compile->layer.has_value(); };
    EXPECT_TRUE(layered({{"requirements.txt", "flask\n"}}));
    EXPECT_FALSE(layered({{"requirements.txt", "-e .\n"}}));
    EXPECT_FALSE(layered({{"requirements.txt", "-r base.txt\n"}, {"base.txt", "./local\n"}}));
    EXPECT_FALSE(layered({{"requirements.txt", "-r missing.txt\n"}}));
    EXPECT_TRUE(layered({{"package.json", R"({"dependencies": {"a": "1"}})"}}));
    EXPECT_FALSE(layered({{"package.json", R"({"dependencies": {"a": "file:../a"}})"}}));
    EXPECT_FALSE(layered({{"package.json", R"({"dependencies": {"a": "1"}, "scripts": {"postinstall": "x"}})"}}));
    EXPECT_FALSE(layered({{"Gemfile", ""}, {"Gemfile.lock", "PATH\n  remote: .\n"}}));
    EXPECT_FALSE(layered({{"composer.json", R"({"autoload": {"classmap": ["src"]}})"}, {"composer.lock", "{}"}}));
    EXPECT_TRUE(layered({{"composer.json", R"({"autoload": {"psr-4": {"A\\": "src"}}})"}, {"composer.lock", "{}"}}));
}

}  // namespace
}  // namespace gasper::buildpacks
