// The Dockerfile language, one instruction at a time: the input is a logical line (continuations joined, comments inside
// them gone). The file's escape character arrives as U+E05C (a backslash) or U+E060 (a backtick), so that a plain
// backslash or backtick is an ordinary character and no predicate is needed. All other characters are bytes.
lexer grammar DockerfileLexer;

@lexer::members {
  // False on the second try at an instruction whose `[` did not begin a well-formed exec form.
  bool json_allowed = true;
  // False when the line has no `<<`: its script is then one token.
  bool heredocs_possible = true;
}

tokens { BLANKS, TEXT, OPEN_QUOTE }

// The keyword decides how the rest is read; FLAGS comes first and gives way to that mode.
FROM        : F R O M                     -> mode(WORDS), pushMode(FLAGS);
COPY        : C O P Y                     -> mode(WORDS), pushMode(FLAGS);
ADD         : A D D                       -> mode(WORDS), pushMode(FLAGS);
EXPOSE      : E X P O S E                 -> mode(WORDS), pushMode(FLAGS);
VOLUME      : V O L U M E                 -> mode(WORDS), pushMode(FLAGS);
RUN         : R U N                       -> mode(SCRIPT), pushMode(FLAGS);
CMD         : C M D                       -> mode(LINE), pushMode(FLAGS);
ENTRYPOINT  : E N T R Y P O I N T         -> mode(LINE), pushMode(FLAGS);
SHELL       : S H E L L                   -> mode(LINE), pushMode(FLAGS);
USER        : U S E R                     -> mode(LINE), pushMode(FLAGS);
WORKDIR     : W O R K D I R               -> mode(LINE), pushMode(FLAGS);
STOPSIGNAL  : S T O P S I G N A L         -> mode(LINE), pushMode(FLAGS);
MAINTAINER  : M A I N T A I N E R         -> mode(LINE), pushMode(FLAGS);
ONBUILD     : O N B U I L D               -> mode(LINE), pushMode(FLAGS);
ENV         : E N V                       -> mode(PAIRS), pushMode(FLAGS);
LABEL       : L A B E L                   -> mode(PAIRS), pushMode(FLAGS);
ARG         : A R G                       -> mode(PAIRS), pushMode(FLAGS);
HEALTHCHECK : H E A L T H C H E C K       -> mode(HEALTH), pushMode(FLAGS);
UNKNOWN     : ~[ \t\u000B\u000C\r]+                   -> mode(LINE), pushMode(FLAGS);

// ` --name=value`, quotes and escapes included; a bare `--` ends the flags.
mode FLAGS;
FLAG       : BLANK+ '--' (FLAG_PIECE | '=')+ FLAG_OPEN?;
FLAGS_END  : BLANK+ '--' BLANK+            -> popMode;
JSON_BEGIN : BLANK+ '[' {json_allowed}?    -> mode(JSON);
BEGIN      : BLANK+                        -> popMode;

// The same without flags, after HEALTHCHECK's CMD.
mode FORM;
FORM_JSON_BEGIN : BLANK+ '[' {json_allowed}? -> type(JSON_BEGIN), mode(JSON);
FORM_BEGIN      : BLANK+                     -> type(BEGIN), popMode;

// Words separated by blanks, without quoting; a heredoc marker may hold quoted blanks.
mode WORDS;
HEREDOC      : MARKER;
WORD         : ~[ \t\u000B\u000C\r]+;
WORDS_BLANKS : BLANK+ -> type(BLANKS);

// A shell command: words as a shell reads them, because a heredoc marker is a word of its own.
mode SCRIPT;
SCRIPT_TEXT    : {!heredocs_possible}? ANY+ -> type(TEXT);
SCRIPT_HEREDOC : MARKER                   -> type(HEREDOC);
SCRIPT_WORD    : SHELL_PIECE+             -> type(WORD);
SCRIPT_OPEN    : SHELL_PIECE* SHELL_OPEN  -> type(OPEN_QUOTE);
// Up to the last blank before anything that needs care: few tokens, and still at a word's end.
SCRIPT_BLANKS  : ~["'<\\\uE05C]* BLANK    -> type(BLANKS);

// The rest of the line as it is.
mode LINE;
LINE_TEXT : ANY+ -> type(TEXT);

// key=value words with quotes and escapes.
mode PAIRS;
KEY          : PIECE+ OPEN? | OPEN;
EQUALS       : '='    -> mode(PAIR_VALUE);
PAIRS_BLANKS : BLANK+ -> type(BLANKS);

mode PAIR_VALUE;
VALUE        : (PIECE | '=')+ OPEN? | OPEN;
VALUE_BLANKS : BLANK+ -> type(BLANKS), mode(PAIRS);

mode HEALTH;
NONE          : N O N E;
HEALTH_CMD    : C M D    -> type(CMD), mode(LINE), pushMode(FORM);
HEALTH_WORD   : ~[ \t\u000B\u000C\r]+ -> type(WORD);
HEALTH_BLANKS : BLANK+   -> type(BLANKS);

// The exec form: strict JSON. JSON_OTHER is whatever JSON does not know; the instruction is then read again as text.
mode JSON;
JSON_STRING  : '"' (~["\\\uE05C\u0000-\u001F] | BACKSLASH (["\\/bfnrt\uE05C] | 'u' HEX HEX HEX HEX))* '"';
JSON_NUMBER  : '-'? ('0' | [1-9] [0-9]*) ('.' [0-9]+)? ([eE] [+\-]? [0-9]+)?;
JSON_WORD    : 'true' | 'false' | 'null';
JSON_COMMA   : ',';
JSON_COLON   : ':';
JSON_OPEN    : '{';
JSON_CLOSE   : '}';
JSON_NESTED  : '[';
JSON_END     : ']';
JSON_BLANKS  : BLANK+ -> skip;
JSON_OTHER   : .;

fragment BLANK : [ \t\u000B\u000C\r];
fragment ESC : [\uE05C\uE060];
fragment BACKSLASH : [\\\uE05C];
// Every character: U+E000 never occurs.
fragment ANY : ~[\uE000];
fragment HEX : [0-9a-fA-F];
fragment DOUBLE : '"' (~["\uE05C\uE060] | ESC .)* '"';
// Nothing is escaped in single quotes.
fragment SINGLE : '\'' ~[']* '\'';
// A quoted part, an escaped character, or one that is none of quote, blank, `=`.
fragment PIECE : DOUBLE | SINGLE | ESC . | ~[ \t\u000B\u000C\r"'=\uE05C\uE060];
// What an unmatched quote begins; the longest match makes it last to the end of the line.
fragment OPEN : '"' (~["\uE05C\uE060] | ESC .)* ESC? | '\'' ~[']* | ESC;

// In flags the backslash escapes in both kinds of quotes, whatever the escape character is.
fragment FLAG_SINGLE : '\'' (~['\\\uE05C] | BACKSLASH .)* '\'';
fragment FLAG_PIECE : SHELL_DOUBLE | FLAG_SINGLE | BACKSLASH . | ~[ \t\u000B\u000C\r"'=\\\uE05C];
fragment FLAG_OPEN : '"' (~["\\\uE05C] | BACKSLASH .)* BACKSLASH? | '\'' (~['\\\uE05C] | BACKSLASH .)* BACKSLASH? | BACKSLASH;

// Heredoc markers and the words around them know only the backslash, whatever the escape character is.
fragment SHELL_DOUBLE : '"' (~["\\\uE05C] | BACKSLASH .)* '"';
fragment SHELL_SINGLE : '\'' ~[']* '\'';
fragment SHELL_PIECE : SHELL_DOUBLE | SHELL_SINGLE | BACKSLASH . | ~[ \t\u000B\u000C\r"'\\\uE05C];
fragment SHELL_OPEN : '"' (~["\\\uE05C] | BACKSLASH .)* BACKSLASH? | '\'' ~[']* | BACKSLASH;
fragment MARKER_PIECE : SHELL_DOUBLE | SHELL_SINGLE | BACKSLASH . | ~[ \t\u000B\u000C\r"'\\\uE05C<];
fragment MARKER : [0-9]* '<<' '-'? BLANK* MARKER_PIECE+;

fragment A : [aA]; fragment B : [bB]; fragment C : [cC]; fragment D : [dD]; fragment E : [eE]; fragment F : [fF];
fragment G : [gG]; fragment H : [hH]; fragment I : [iI]; fragment K : [kK]; fragment L : [lL]; fragment M : [mM];
fragment N : [nN]; fragment O : [oO]; fragment P : [pP]; fragment R : [rR]; fragment S : [sS]; fragment T : [tT];
fragment U : [uU]; fragment V : [vV]; fragment W : [wW]; fragment X : [xX]; fragment Y : [yY];
