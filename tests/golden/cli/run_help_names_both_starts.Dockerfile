FROM scratch
#---- RUN: strata run --help
# Start an image, or a RUN that failed; what the process writes is discarded
# Usage: strata run [OPTIONS] IMAGE [COMMAND…]
#        strata run [OPTIONS] --step DIGEST [COMMAND…]
#
# Options:
#   -h,--help                       Print this help message and exit
#   -i,--interactive                Keep standard input open
#   -t,--tty                        Give the process a terminal
#   --rm                            Accepted for familiarity: nothing is ever kept
#   -v,--volume TEXT ...            SOURCE:TARGET[:ro]
#   -e,--env TEXT ...               K=V, or K from the environment
#   --entrypoint TEXT Excludes: --step
#                                   Replace the image's entrypoint
#   -w,--workdir TEXT               Working directory
#   -u,--user TEXT                  User
#   --runtime TEXT                  runc, crun or a path
#   --step DIGEST                   Start where this RUN failed: its root, environment, user, directory and network
#
