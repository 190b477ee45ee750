// The image-spec language, one statement at a time: frontend/spec splits the token stream at the line breaks that end a
// statement, so that an error in one statement never hides the next.
parser grammar SpecParser;

options { tokenVocab = SpecLexer; }

statement : ( edition | importSpec | importModule | importFrom | param | fn | image | binding ) EOF ;

edition : EDITION STRING ;

importSpec : IMPORT STRING AS id ;
importModule : IMPORT id ( AS id )? ;
importFrom : FROM ( STRING | id ) IMPORT importName ( COMMA importName )* ;
importName : id ( AS id )? ;

param : PARAM id COLON type ( ASSIGN expression )? ( ONEOF expression )? ( COMMA STRING )? ;

binding : LET? id ( COLON type )? ASSIGN expression ;

fn : FN id LPAREN ( fnParam ( COMMA fnParam )* COMMA? )? RPAREN ARROW type ASSIGN expression
     ( WHERE fnLocal ( COMMA fnLocal )* )? ;
fnParam : STAR | id COLON type ( ASSIGN expression )? ;
fnLocal : id ASSIGN expression ;

image : IMAGE ( STRING | fstring ) imageFor? imageWith? ASSIGN expression ;
imageFor : FOR generators ;
imageWith : WITH arguments ;
generators : id IN orTest ( COMMA id IN orTest )* ( IF orTest )? ;

type : ( id | NONE ) ( LBRACKET type ( COMMA type )* RBRACKET )? QUESTION? ;

expression : orTest ( IF orTest ELSE expression )? ;
orTest : andTest ( OR andTest )* ;
andTest : notTest ( AND notTest )* ;
notTest : NOT notTest | comparison ;
comparison : sum ( comparator sum )? ;
comparator : EQUAL | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | IN | NOT IN ;
sum : postfix ( ( PLUS | PIPE ) postfix )* ;
postfix : primary suffix* ;
suffix : DOT id | arguments | LBRACKET expression RBRACKET ;
arguments : LPAREN ( argument ( COMMA argument )* COMMA? )? RPAREN ;
argument : id ASSIGN expression | STAR expression | expression ;

// More than one string is wrong, and accepted here so that the message can say what to write instead.
primary
  : strings | INT | FLOAT | TRUE | FALSE | NONE | id | LPAREN expression RPAREN | list | dict ;
strings : ( STRING | fstring )+ ;
fstring : FSTRING_START fstringPart* FSTRING_END ;
fstringPart : FSTRING_TEXT | FSTRING_BRACE | HOLE_OPEN expression HOLE_CLOSE ;

list : LBRACKET ( expression ( FOR generators | ( COMMA expression )* COMMA? ) )? RBRACKET ;
dict : LBRACE ( entry ( COMMA entry )* COMMA? )? RBRACE ;
entry : expression COLON expression ;

id : ID | EDITION | PARAM | LET | FN | IMAGE | ONEOF | WHERE ;
