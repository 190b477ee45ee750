// Tokens of the image-spec language. The lexer never fails: what it does not know becomes a token that frontend/spec reports.
// NL is produced at every line break; which of them end a statement (bracket depth, leading dots) is decided by the token
// filter in frontend/spec/statements.cpp.
lexer grammar SpecLexer;

tokens { FSTRING_START, FSTRING_TEXT, FSTRING_BRACE, FSTRING_END, UNTERMINATED, HOLE_OPEN, HOLE_CLOSE }

@members {
  // One entry for each f-string hole that is open: the braces open inside it, and whether its string may span lines.
  struct Hole {
    int braces = 0;
    bool may_span_lines = false;
  };
  std::vector<Hole> holes;

  void open_hole(bool may_span_lines) {
    holes.push_back(Hole{0, may_span_lines});
    pushMode(0);
  }
  void close_brace() {
    if (holes.empty()) {
      return;
    }
    if (holes.back().braces > 0) {
      --holes.back().braces;
      return;
    }
    holes.pop_back();
    popMode();
    setType(HOLE_CLOSE);
  }
  // A line break inside a hole of a one-line f-string: the string was never closed. Gives up on every string that is open.
  void end_line() {
    if (holes.empty() || holes.back().may_span_lines) {
      return;
    }
    holes.clear();
    modeStack.clear();
    setMode(0);
    setType(UNTERMINATED);
  }
}

IMPORT : 'import' ;
FROM : 'from' ;
AS : 'as' ;
FOR : 'for' ;
IN : 'in' ;
WITH : 'with' ;
IF : 'if' ;
ELSE : 'else' ;
AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
TRUE : 'True' | 'true' ;
FALSE : 'False' | 'false' ;
NONE : 'None' | 'none' ;

// Soft keywords: names everywhere but in declaration position.
EDITION : 'edition' ;
PARAM : 'param' ;
LET : 'let' ;
FN : 'fn' ;
IMAGE : 'image' ;
ONEOF : 'oneof' ;
WHERE : 'where' ;

LPAREN : '(' ;
RPAREN : ')' ;
LBRACKET : '[' ;
RBRACKET : ']' ;
LBRACE : '{' { if (!holes.empty()) { ++holes.back().braces; } } ;
RBRACE : '}' { close_brace(); } ;
ARROW : '->' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' ;
LESS_EQUAL : '<=' ;
GREATER_EQUAL : '>=' ;
LESS : '<' ;
GREATER : '>' ;
ASSIGN : '=' ;
COMMA : ',' ;
COLON : ':' ;
PLUS : '+' ;
PIPE : '|' ;
DOT : '.' ;
STAR : '*' ;
QUESTION : '?' ;

// Not in the language; a token of its own, so that `debian_slim(3.12)` gets a message that helps.
FLOAT : [0-9]+ '.' [0-9]+ ;
INT : [0-9]+ | '0' [oO] [0-7]+ ;
ID : [A-Za-z_] [A-Za-z0-9_]* ;

STRING
  : [rR]? ( '"""' BODY_3D '"""' | '\'\'\'' BODY_3S '\'\'\'' | '"' BODY_D '"' | '\'' BODY_S '\'' ) ;
UNTERMINATED_STRING
  : [rR]? ( '"""' BODY_3D '"'? '"'? | '\'\'\'' BODY_3S '\''? '\''? | '"' BODY_D | '\'' BODY_S ) -> type(UNTERMINATED) ;

F3D_START : F_PREFIX '"""' -> type(FSTRING_START), pushMode(F3D) ;
F3S_START : F_PREFIX '\'\'\'' -> type(FSTRING_START), pushMode(F3S) ;
FD_START : F_PREFIX '"' -> type(FSTRING_START), pushMode(FD) ;
FS_START : F_PREFIX '\'' -> type(FSTRING_START), pushMode(FS) ;

NL : ( '\r'? '\n' | '\r' ) { end_line(); } ;
CONTINUATION : '\\' ( '\r'? '\n' | '\r' ) -> skip ;
SPACE : [ \t\f]+ -> skip ;
COMMENT : '#' ~[\r\n]* -> skip ;
STRAY : . ;

fragment F_PREFIX : [fF] [rR]? | [rR] [fF] ;
fragment ESCAPE : '\\' ( '\r'? '\n' | . ) ;
fragment BODY_D : ( ~["\\\r\n] | ESCAPE )* ;
fragment BODY_S : ( ~['\\\r\n] | ESCAPE )* ;
fragment BODY_3D : ( '"'? '"'? ( ~["\\] | ESCAPE ) )* ;
fragment BODY_3S : ( '\''? '\''? ( ~['\\] | ESCAPE ) )* ;
// A backslash does not hide a brace: f"\{x}" has a hole.
fragment F_ESCAPE : '\\' ( '\r'? '\n' | ~[{}\n] )? ;

mode FD;
FD_BRACE : ( '{{' | '}}' ) -> type(FSTRING_BRACE) ;
FD_OPEN : '{' { setType(HOLE_OPEN); open_hole(false); } ;
FD_TEXT : ( ~["\\{}\r\n] | F_ESCAPE )+ -> type(FSTRING_TEXT) ;
FD_END : '"' -> type(FSTRING_END), popMode ;
FD_BREAK : ( '\r'? '\n' | '\r' ) { popMode(); setType(UNTERMINATED); end_line(); } ;
FD_STRAY : . -> type(STRAY) ;

mode FS;
FS_BRACE : ( '{{' | '}}' ) -> type(FSTRING_BRACE) ;
FS_OPEN : '{' { setType(HOLE_OPEN); open_hole(false); } ;
FS_TEXT : ( ~['\\{}\r\n] | F_ESCAPE )+ -> type(FSTRING_TEXT) ;
FS_END : '\'' -> type(FSTRING_END), popMode ;
FS_BREAK : ( '\r'? '\n' | '\r' ) { popMode(); setType(UNTERMINATED); end_line(); } ;
FS_STRAY : . -> type(STRAY) ;

mode F3D;
F3D_BRACE : ( '{{' | '}}' ) -> type(FSTRING_BRACE) ;
F3D_OPEN : '{' { setType(HOLE_OPEN); open_hole(true); } ;
F3D_END : '"""' -> type(FSTRING_END), popMode ;
F3D_TEXT : ( ~["\\{}] | F_ESCAPE )+ -> type(FSTRING_TEXT) ;
F3D_QUOTE : '"' -> type(FSTRING_TEXT) ;
F3D_STRAY : . -> type(STRAY) ;

mode F3S;
F3S_BRACE : ( '{{' | '}}' ) -> type(FSTRING_BRACE) ;
F3S_OPEN : '{' { setType(HOLE_OPEN); open_hole(true); } ;
F3S_END : '\'\'\'' -> type(FSTRING_END), popMode ;
F3S_TEXT : ( ~['\\{}] | F_ESCAPE )+ -> type(FSTRING_TEXT) ;
F3S_QUOTE : '\'' -> type(FSTRING_TEXT) ;
F3S_STRAY : . -> type(STRAY) ;
