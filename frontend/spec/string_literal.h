#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace strata::frontend::spec {

enum class Escapes { Python, Raw };

// Called with the range of an escape (offsets in the text given) that is not one of Python's, and
// why.
using BadEscape = std::function<void(std::size_t begin, std::size_t end, std::string_view reason)>;

// The text between the quotes with its escapes resolved (\n \t \\ \' \" \a \b \f \v \r, octal,
// \xHH, \uXXXX, \UXXXXXXXX, backslash-newline; CR LF becomes LF). \x80 to \xff and the octal ones
// are code points, as in Python's str.
[[nodiscard]] std::string unescape(std::string_view text, Escapes escapes,
                                   const BadEscape& bad_escape);

// Takes the common leading white space (spaces and tabs) from every line of a triple-quoted text,
// as textwrap.dedent does, and the line break right after the opening quotes. White-space-only
// lines become empty and do not count; the first line does not count unless it is empty: it stands
// behind the quotes.
[[nodiscard]] std::string dedent(std::string_view text);

}  // namespace strata::frontend::spec
