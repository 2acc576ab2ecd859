#include "receiver/commands/command.hpp"

#include <algorithm>

namespace gasper::receiver {

namespace {

error usage_error(const command& what, const std::string& problem) {
    std::string usage = "Usage: " + std::string(what.name);
    if (!what.usage.empty()) usage += " " + std::string(what.usage);
    return fail(errc::invalid, "usage", problem + "\n" + usage);
}

struct found_option {
    std::string name;
    bool takes_value{false};
    bool known{false};
};

found_option look_up(const command& what, const std::string& word) {
    const bool spelled = word.starts_with("--");
    const auto name = word.substr(spelled ? 2 : 1);
    if (spelled && (name == "json" || name == "help")) return {name, false, true};
    if (name == "h" && !spelled) return {"help", false, true};
    if (name == (spelled ? "app" : "a")) return {"app", true, true};
    for (const auto& option : what.options) {
        const bool same = spelled ? name == option.name : name.size() == 1 && name[0] == option.letter;
        if (same) return {std::string(option.name), option.takes_value, true};
    }
    return {};
}

bool is_option(const std::string& word) {
    return word.size() > 1 && word[0] == '-';
}

// A refusal's first line is the message, further ones (a usage) are indented under it.
std::string as_complaint(const std::string& message) {
    std::string out = " !     ";
    for (char c : message) {
        out += c;
        if (c == '\n') out += " !     ";
    }
    return out + "\n";
}

}  // namespace

namespace {

// Options anywhere before "--"; the rest stays in order.
result<> take_words(const command& what, const std::vector<std::string>& words, command_arguments& into) {
    bool options = true;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto word = words[i];
        if (options && word == "--") {
            options = false;
            continue;
        }
        if (!options || !is_option(word)) {
            if (what.runs_words && into.arguments.size() >= (into.has("app") ? 0u : 1u)) options = false;
            into.arguments.push_back(std::move(word));
            continue;
        }
        std::string value;
        const auto equals = word.starts_with("--") ? word.find('=') : word.npos;
        const bool attached = equals != word.npos;
        if (attached) {
            value = word.substr(equals + 1);
            word.resize(equals);
        }
        const auto option = look_up(what, word);
        if (!option.known) return usage_error(what, "Unknown option " + word + ".");
        if (attached && !option.takes_value) return usage_error(what, word + " takes no value.");
        if (option.takes_value && !attached) {
            if (++i == words.size()) return usage_error(what, word + " needs a value.");
            value = words[i];
        }
        into.options[option.name] = value;
    }
    into.json = into.has("json");
    return {};
}

}  // namespace

result<command_arguments> parse_arguments(const command& what, std::vector<std::string> words) {
    command_arguments typed;
    if (auto taken = take_words(what, words, typed); !taken) return taken.error();
    if (typed.has("help")) return typed;
    if (what.takes_app && typed.has("app")) {
        typed.app = typed.options["app"];
    } else if (what.takes_app && !typed.arguments.empty()) {
        typed.app = typed.arguments.front();
        typed.arguments.erase(typed.arguments.begin());
    }
    if (what.takes_app && typed.app.empty()) return usage_error(what, "Which app?");
    if (typed.arguments.size() < what.least) return usage_error(what, "Something is missing.");
    if (typed.arguments.size() > what.most)
        return usage_error(what, "Unexpected argument " + typed.arguments[what.most] + ".");
    return typed;
}

task<int> run_command(control::platform& platform, control::identity who, std::vector<std::string> words,
                      std::string input, command_output output) {
    if (words.empty()) words = {"help"};
    const auto* what = find_command(words.front());
    if (!what) {
        output.error(as_complaint(words.front() + " is not a command. See help."));
        co_return 127;
    }
    words.erase(words.begin());
    auto typed = parse_arguments(*what, std::move(words));
    if (!typed) {
        output.error(as_complaint(typed.error().message));
        co_return 2;
    }
    if (typed->has("help")) {
        typed->arguments = {std::string(what->name)};
        what = find_command("help");
    }
    command_call call(std::move(*typed), platform, std::move(who), output, std::move(input));
    auto outcome = co_await what->run(call);
    if (outcome) co_return 0;
    output.error(as_complaint(outcome.error().message));
    co_return 1;
}

bool reads_input(const std::vector<std::string>& words) {
    if (!words.empty() && words.front() == "maintenance:on")
        return std::find(words.begin(), words.end(), "--page") != words.end();
    if (!words.empty() && words.front() == "backups:stores:add") return true;
    if (words.empty() || words.front() != "keys:add") return false;
    // A name alone, or nothing: the key is still to come.
    const auto arguments = std::count_if(words.begin() + 1, words.end(), [](const auto& w) { return !is_option(w); });
    const bool given = std::any_of(words.begin(), words.end(), [](const std::string& w) {
        return w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-") || w == "--help" || w == "-h";
    });
    return arguments <= 1 && !given;
}

}  // namespace gasper::receiver
