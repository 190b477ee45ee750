// One instruction. Arity and flag names are checked on the syntax tree, where messages can say what was meant.
parser grammar DockerfileParser;

options { tokenVocab = DockerfileLexer; }

instruction
    : keyword=(FROM | EXPOSE) FLAG* (start words)? EOF                       # wordsInstruction
    | keyword=(COPY | ADD | VOLUME) FLAG* (execForm | start words)? EOF      # pathsInstruction
    | keyword=RUN FLAG* (execForm | start script)? EOF                       # runInstruction
    | keyword=(CMD | ENTRYPOINT | SHELL) FLAG* (execForm | start TEXT)? EOF  # commandInstruction
    | keyword=(USER | WORKDIR | STOPSIGNAL | MAINTAINER | ONBUILD | UNKNOWN) FLAG* (start TEXT)? EOF  # lineInstruction
    | keyword=(ENV | LABEL) FLAG* (start (pairs | legacyPair))? EOF          # pairsInstruction
    | keyword=ARG FLAG* (start declarations)? EOF                            # argInstruction
    | keyword=HEALTHCHECK FLAG* (start healthcheck)? EOF                     # healthcheckInstruction
    ;

start : BEGIN | FLAGS_END ;

words : word (BLANKS word)* ;
word : WORD | HEREDOC ;

script : TEXT | (HEREDOC | WORD | BLANKS | OPEN_QUOTE)+ ;

// The first word's `=` decides between the two forms of ENV and LABEL.
pairs : firstPair (BLANKS pair)* ;
firstPair : KEY? EQUALS VALUE? ;
pair : KEY (EQUALS VALUE?)? | EQUALS VALUE? ;
legacyPair : KEY (BLANKS rest)? ;
rest : (KEY | EQUALS | VALUE | BLANKS)+ ;
declarations : pair (BLANKS pair)* ;

healthcheck : NONE (BLANKS words)? | CMD (execForm | BEGIN TEXT)? | words ;

execForm : JSON_BEGIN (value (JSON_COMMA value)*)? JSON_END ;
value
    : JSON_STRING
    | JSON_NUMBER
    | JSON_WORD
    | JSON_NESTED (value (JSON_COMMA value)*)? JSON_END
    | JSON_OPEN (member (JSON_COMMA member)*)? JSON_CLOSE
    ;
member : JSON_STRING JSON_COLON value ;
