#pragma once

#include "ir/builder.h"
#include "ir/module.h"

namespace strata::ir {

// A module with one op of each kind and every field set, bound.
inline Module sample_module() {
  Module module;
  Builder builder(module);
  const OpId image = builder.add(Image{.config = Digest::of("config"),
                                       .diff_ids = {Digest::of("layer 1"), Digest::of("layer 2")},
                                       .epoch = 1700000000,
                                       .manifest = Digest::of("manifest"),
                                       .platform = "linux/amd64",
                                       .ref = "docker.io/library/debian:bookworm-slim"},
                                 {});
  const OpId scratch = builder.add(Scratch{.epoch = 315532800, .platform = "linux/amd64"}, {});
  const OpId local = builder.add(Local{.context = "ctx",
                                       .ignore = {"*.o", "!keep.o"},
                                       .source = "src",
                                       .tree = Digest::of("tree")},
                                 {});
  const OpId files =
      builder.add(Inline{.files = {{.content = "hello\n", .mode = 0755, .path = "hello.sh"}}}, {});
  const OpId exec =
      builder.add(Exec{.args = {"/bin/sh", "-c", "make \"all\""},
                       .cwd = "/src",
                       .env = {{"A", "1"}, {"PATH", "/bin"}},
                       .mounts = {{.path = "/usr", .source = scratch, .target = "/mnt"}},
                       .network = "none",
                       .root = image,
                       .user = "app:app"},
                  {});
  const OpId copy = builder.add(Copy{.dest = "/app/",
                                     .mode = "644",
                                     .owner = "1:2",
                                     .root = exec,
                                     .sources = {{.path = "", .tree = local},
                                                 {.path = "", .tree = files},
                                                 {.path = "/out/*", .tree = image}},
                                     .unpack = true},
                                {});
  const OpId mkdir = builder.add(Mkdir{.owner = "app", .path = "/work", .root = copy}, {});
  const OpId config = builder.add(Config{.base = image,
                                         .cmd = Strings{},
                                         .entrypoint = Strings{"/app/run", "-v"},
                                         .env = {{"A", "1"}},
                                         .healthcheck = Healthcheck{.interval = 30000000000,
                                                                    .retries = 3,
                                                                    .start_interval = 1,
                                                                    .start_period = 2,
                                                                    .test = {"CMD-SHELL", "true"},
                                                                    .timeout = 1500000000},
                                         .labels = {{"l", "v w"}},
                                         .ports = {"80/tcp"},
                                         .shell = Strings{"/bin/bash", "-c"},
                                         .stop_signal = "SIGTERM",
                                         .user = "app",
                                         .volumes = {"/data"},
                                         .workdir = "/work"},
                                  {});
  const StageId stage = builder.add_stage("final", mkdir, config, {});
  builder.add_target({.name = "default",
                      .stage = stage,
                      .platform = "linux/amd64",
                      .run_mounts = {{.source = "src", .target = "/src", .ignore = {"*.o"}}},
                      .loc = {}});
  return module;
}

}  // namespace strata::ir
