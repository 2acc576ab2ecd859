// Ruby: bundler's lock file; a bare config.ru runs on the stack's own puma.
#include "buildpacks/packs/packs.hpp"

namespace gasper::buildpacks {
namespace {

class ruby final : public pack {
 public:
    std::string_view language() const override { return "ruby"; }
    std::string_view title() const override { return "Ruby"; }

    bool detect(const source_tree& tree) const override {
        return tree.has_file("Gemfile") || tree.has_file("config.ru");
    }

    result<build_plan> plan(const source_tree& tree) const override {
        build_plan plan;
        if (!tree.has_file("Gemfile")) {
            plan.defaults["web"] = "puma --bind tcp://0.0.0.0:$PORT config.ru";
            return plan;
        }
        const auto gemfile = tree.read("Gemfile", 1 << 20).value_or("");
        const auto lock = tree.read("Gemfile.lock", 4 << 20);
        if (!lock) {
            return fail(errc::invalid, "gemfile_without_lock",
                        "Gemfile without a Gemfile.lock: run `bundle install` and commit its result");
        }
        const auto has_gem = [&](const std::string& name) {
            return lock->find("\n    " + name + " (") != std::string::npos;
        };
        compile_step step{.stack = "ruby", .script = compile_script("ruby"), .env = {}, .layer = {}};
        // PATH and GIT sections: gems that are made of the tree, or of what a branch says today.
        if (lock->find("PATH\n  remote:") == std::string::npos) {
            step.layer =
                dependency_layer{.key_material = gemfile + "\n" + *lock + tree.read(".ruby-version").value_or(""),
                                 .directories = {"vendor/bundle", ".bundle"},
                                 .env_prefixes = {"BUNDLE_"}};
        }
        plan.compile = std::move(step);
        plan.defaults["web"] = web_command(tree, has_gem("puma"), has_gem("rails"));
        return plan;
    }

    config_vars launch_env() const override {
        return {{"RACK_ENV", "production"},
                {"RAILS_ENV", "production"},
                {"RAILS_LOG_TO_STDOUT", "enabled"},
                {"RAILS_SERVE_STATIC_FILES", "enabled"},
                {"LANG", "C.UTF-8"},
                {"PATH", "/app/bin:/app/vendor/bundle/bin:/usr/local/bin:/usr/bin:/bin"}};
    }
    std::int64_t worker_bytes() const override { return 256ll << 20; }

 private:
    static std::string web_command(const source_tree& tree, bool has_puma, bool has_rails) {
        if (has_puma && tree.has_file("config/puma.rb")) return "bundle exec puma -C config/puma.rb";
        if (has_puma) return "bundle exec puma --bind tcp://0.0.0.0:$PORT";
        if (has_rails) return "bundle exec rails server -b 0.0.0.0 -p $PORT";
        return "bundle exec rackup --host 0.0.0.0 --port $PORT config.ru";
    }
};

}  // namespace

std::unique_ptr<pack> ruby_pack() {
    return std::make_unique<ruby>();
}

}  // namespace gasper::buildpacks
