# escape=\
FROM alpine
# why
RUN <<E
x
E
COPY --chmod=644 a /b
ENV k=v
#---- RUN: strata dump ast --format json input
# {
#   "directives": {
#     "escape": "\\"
#   },
#   "instructions": [
#     {
#       "keyword": "FROM",
#       "flags": [],
#       "form": "shell",
#       "args": [
#         {
#           "text": "alpine",
#           "location": {
#             "file": "input",
#             "line": 2,
#             "column": 6,
#             "endLine": 2,
#             "endColumn": 12
#           }
#         }
#       ],
#       "heredocs": [],
#       "comments": [],
#       "location": {
#         "file": "input",
#         "line": 2,
#         "column": 1,
#         "endLine": 2,
#         "endColumn": 12
#       }
#     },
#     {
#       "keyword": "RUN",
#       "flags": [],
#       "form": "shell",
#       "args": [
#         {
#           "text": "<<E",
#           "location": {
#             "file": "input",
#             "line": 4,
#             "column": 5,
#             "endLine": 4,
#             "endColumn": 8
#           }
#         }
#       ],
#       "heredocs": [
#         {
#           "name": "E",
#           "fd": "",
#           "expand": true,
#           "stripTabs": false,
#           "body": "x\n",
#           "location": {
#             "file": "input",
#             "line": 5,
#             "column": 1,
#             "endLine": 6,
#             "endColumn": 1
#           }
#         }
#       ],
#       "comments": [
#         "# why"
#       ],
#       "location": {
#         "file": "input",
#         "line": 4,
#         "column": 1,
#         "endLine": 6,
#         "endColumn": 2
#       }
#     },
#     {
#       "keyword": "COPY",
#       "flags": [
#         {
#           "name": "chmod",
#           "value": "644",
#           "location": {
#             "file": "input",
#             "line": 7,
#             "column": 6,
#             "endLine": 7,
#             "endColumn": 17
#           }
#         }
#       ],
#       "form": "shell",
#       "args": [
#         {
#           "text": "a",
#           "location": {
#             "file": "input",
#             "line": 7,
#             "column": 18,
#             "endLine": 7,
#             "endColumn": 19
#           }
#         },
#         {
#           "text": "/b",
#           "location": {
#             "file": "input",
#             "line": 7,
#             "column": 20,
#             "endLine": 7,
#             "endColumn": 22
#           }
#         }
#       ],
#       "heredocs": [],
#       "comments": [],
#       "location": {
#         "file": "input",
#         "line": 7,
#         "column": 1,
#         "endLine": 7,
#         "endColumn": 22
#       }
#     },
#     {
#       "keyword": "ENV",
#       "flags": [],
#       "form": "shell",
#       "args": [],
#       "pairs": [
#         {
#           "key": "k",
#           "value": "v",
#           "location": {
#             "file": "input",
#             "line": 8,
#             "column": 5,
#             "endLine": 8,
#             "endColumn": 8
#           }
#         }
#       ],
#       "heredocs": [],
#       "comments": [],
#       "location": {
#         "file": "input",
#         "line": 8,
#         "column": 1,
#         "endLine": 8,
#         "endColumn": 8
#       }
#     }
#   ]
# }
