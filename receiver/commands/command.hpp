// The commands of `ssh gasper@host`: one table of names, usage and handlers. A handler runs on control's executor,
// calls the use cases, and writes text; it never touches a socket. Exit status 0 only on success.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/platform.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper::receiver {

/// Where a command writes; called on control's executor.
struct command_output {
    std::function<void(std::string_view)> out;
    std::function<void(std::string_view)> error;
};

/// What was typed behind the command's name.
struct command_arguments {
    std::string app;                             // of commands that take one
    std::vector<std::string> arguments;          // without the app
    std::map<std::string, std::string> options;  // "num" → "50", "tail" → ""
    bool json{false};
    bool has(const std::string& option) const { return options.contains(option); }
};

struct command_call : command_arguments {
    command_call(command_arguments typed, control::platform& p, control::identity w, command_output o, std::string in)
        : command_arguments(std::move(typed)),
          platform(p),
          who(std::move(w)),
          output(std::move(o)),
          input(std::move(in)) {}

    control::platform& platform;
    control::identity who;
    command_output output;
    std::string input;  // of commands that read standard input

    void print(std::string_view text) { output.out(text); }
};

struct command_option {
    std::string_view name;  // "num": --num
    char letter{0};         // 'n': -n
    bool takes_value{false};
};

struct command {
    std::string_view name;          // "apps:create"
    std::string_view usage;         // behind the name
    std::string_view help;          // one line
    bool takes_app{false};          // the first argument, or -a
    std::size_t least{0}, most{0};  // arguments, without the app
    std::vector<command_option> options;
    task<result<>> (*run)(command_call& call);
    bool runs_words{false};  // what follows the app is a command line of its own: options end there
};

std::span<const command> command_table();
/// By name or alias; nullptr when there is none.
const command* find_command(std::string_view name);

/// Splits what follows the name into app, options and arguments. Refuses with the usage.
result<command_arguments> parse_arguments(const command& what, std::vector<std::string> words);

/// Runs the command line, reports a refusal as Heroku's client does, and returns the exit status.
task<int> run_command(control::platform& platform, control::identity who, std::vector<std::string> words,
                      std::string input, command_output output);

/// keys:add without a key reads one from standard input, maintenance:on --page a page.
bool reads_input(const std::vector<std::string>& words);

}  // namespace gasper::receiver
