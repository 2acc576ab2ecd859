#include "receiver/commands/words.hpp"

namespace gasper::receiver {

namespace {

class splitter {
 public:
    explicit splitter(std::string_view line) : rest_(line) {}

    result<std::vector<std::string>> run() {
        if (rest_.find('\0') != rest_.npos) return fail(errc::invalid, "words", "the command holds a NUL byte");
        while (!rest_.empty() && problem_.empty() && words_.size() <= 1000)
            take(next());
        if (quote_ != 0) problem_ = "the command ends inside a quotation";
        if (words_.size() > 1000) problem_ = "the command has too many words";
        if (!problem_.empty()) return fail(errc::invalid, "words", problem_);
        end_word();
        return std::move(words_);
    }

 private:
    char next() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void take(char c) {
        if (quote_ == '\'' || (quote_ == '"' && c != '\\')) {
            if (c == quote_)
                quote_ = 0;
            else
                word_ += c;
        } else if (c == '\\') {
            escape();
        } else if (c == '\'' || c == '"') {
            quote_ = c;
            open_ = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            end_word();
        } else {
            word_ += c;
            open_ = true;
        }
    }

    void escape() {
        if (rest_.empty()) {
            problem_ = "the command ends with a backslash";
            return;
        }
        const char c = next();
        open_ = true;
        // Inside double quotes a backslash is one, but before what would mean something there.
        if (quote_ == '"' && std::string_view("\\\"$`").find(c) == std::string_view::npos) word_ += '\\';
        word_ += c;
    }

    void end_word() {
        if (open_) words_.push_back(std::move(word_));
        word_.clear();
        open_ = false;
    }

    std::string_view rest_;
    std::vector<std::string> words_;
    std::string word_, problem_;
    char quote_{0};
    bool open_{false};
};

}  // namespace

result<std::vector<std::string>> split_words(std::string_view line) {
    return splitter(line).run();
}

}  // namespace gasper::receiver
