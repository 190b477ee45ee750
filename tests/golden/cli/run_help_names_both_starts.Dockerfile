FROM scratch
#---- RUN: strata run --help
# Start an image, or a step of a build; what the process writes is discarded
# Usage: strata run [OPTIONS] IMAGE [COMMAND…]
#        strata run [OPTIONS] --step DIGEST [COMMAND…]
#
# Options:
#   -h,--help                       Print this help message and exit
#   -i,--interactive                Keep standard input open
#   -t,--tty                        Give the process a terminal
#   --rm                            Accepted for familiarity: nothing is ever kept
#   -v,--volume SOURCE:TARGET[:ro] ...
#                                   Mount a file or directory of the host
#   --tmpfs TARGET[:OPTIONS] ...    Mount an empty directory in memory
#   --read-only                     Let only mounts be written to
#   -e,--env TEXT ...               K=V, or K from the environment
#   --env-file TEXT ...             A file with one of these a line
#   -p,--publish [[ADDRESS:]HOST:]PORT[/udp] ...
#                                   Make a port reachable by another number; the host's network is the process's too
#   --network host|none             host (default), or none
#   --name TEXT                     A name that no other process of this store has meanwhile
#   --hostname TEXT                 The name that the process finds as its host's
#   --entrypoint TEXT Excludes: --step
#                                   Replace the image's entrypoint
#   -w,--workdir TEXT               Working directory
#   -u,--user TEXT                  User
#   --runtime TEXT                  runc, crun or a path
#   --step DIGEST                   Start where this step of a build started: its root, and a RUN's environment, user, directory, network and files
#   --after Needs: --step           With --step: where the step ended
#
