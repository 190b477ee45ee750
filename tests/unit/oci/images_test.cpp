// Import and outputs, round trips and hostile input; other tools judge what is written.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "backend/layer/layer.h"
#include "backend/oci/archive_kind.h"
#include "backend/oci/import.h"
#include "backend/oci/layer_trees.h"
#include "backend/oci/outputs.h"
#include "backend/system/files.h"
#include "backend/tree/content.h"
#include "backend/tree/root_view.h"
#include "ir/reference.h"
#include "tests/unit/store/rot.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::backend::oci {
namespace {

const std::string kName = "docker.io/library/thing:1";

class ImagesTest : public TemporaryStoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return directory_ + "/" + name; }
  // The exit code; output goes to `log`.
  [[nodiscard]] int shell(const std::string& command) const {
    const std::string full =
        "cd '" + directory_ + "' && { " + command + " ; } >'" + at("log") + "' 2>&1";
    const int status = std::system(full.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] bool have(const std::string& tool) const {
    return shell("command -v " + tool) == 0;
  }
  [[nodiscard]] std::string log() const { return read(at("log")); }

  // A small root file system as a tar; its name.
  std::string root_tar(const std::string& options = "") {
    EXPECT_EQ(shell("rm -rf r && mkdir -p r/usr/bin r/etc r/tmp && chmod 1777 r/tmp && "
                    "ln -s usr/bin r/bin && echo '#!/bin/sh' >r/usr/bin/tool && "
                    "chmod 755 r/usr/bin/tool && ln r/usr/bin/tool r/usr/bin/tool2 && "
                    "echo root:x:0:0::/: >r/etc/passwd && touch -d @1000000000 r/etc/passwd && "
                    "tar -C r --numeric-owner " +
                    options + " -cf root.tar ."),
              0)
        << log();
    return at("root.tar");
  }

  Descriptor import(Store& store, const std::string& path, const std::string& name = kName) {
    ImportRequest request;
    request.path = path;
    request.name = name;
    // What is an image keeps its config.
    if (!std::filesystem::is_directory(path) && archive_kind(path).ok() &&
        *archive_kind(path) == ArchiveKind::Root) {
      request.created = 1700000000;
      request.config.cmd = ir::Strings{"/bin/tool"};
    }
    const auto manifest = import_image(store, request);
    EXPECT_TRUE(manifest.ok()) << (manifest ? "" : manifest.error().message);
    return manifest ? *manifest : Descriptor();
  }

  ErrorCode import_error(const std::string& path, const std::string& name = kName) {
    ImportRequest request;
    request.path = path;
    request.name = name;
    const auto manifest = import_image(*store_, request);
    EXPECT_FALSE(manifest.ok());
    message_ = manifest ? "" : manifest.error().message;
    return manifest ? ErrorCode::Io : manifest.error().code;
  }

  [[nodiscard]] static Image load(Store& store, const Descriptor& manifest) {
    const auto image = load_image(store, manifest);
    EXPECT_TRUE(image.ok() && *image);
    return **image;
  }

  // An image whose layers are these trees; the bytes of a file are its path.
  Descriptor build(const std::vector<Tree>& trees) {
    Manifest manifest;
    ir::ImageConfig config;
    config.os = "linux";
    config.architecture = "amd64";
    for (const Tree& tree : trees) {
      std::map<std::string, std::string> files;
      for (const TreeEntry& entry : tree.entries) {
        if (entry.type == EntryType::File) {
          files[entry.path] = entry.path;
        }
      }
      auto writer = *store_->new_blob();
      const EmissionProfile profile;
      const auto blob = write_layer(tree, *memory_content(std::move(files)), profile, 1, *writer);
      EXPECT_TRUE(blob.ok()) << (blob ? "" : blob.error().message);
      manifest.layers.push_back(*writer->commit(profile.media_type(), blob->blob));
      config.diff_ids.push_back(blob->diff_id);
    }
    const std::string text = write_config(config);
    manifest.config = {std::string(kConfigType), *store_->put_blob(text), text.size(), {}, ""};
    const std::string document = write_manifest(manifest);
    return {std::string(kManifestType), *store_->put_blob(document), document.size(), {}, ""};
  }

  std::unique_ptr<Store> store_;
  std::string message_;
};

TreeEntry entry_of(const std::string& path, EntryType type, const std::string& link = "") {
  TreeEntry entry;
  entry.path = path;
  entry.type = type;
  entry.link = link;
  if (type == EntryType::Directory) {
    entry.mode = 0755;
  } else if (type == EntryType::File || type == EntryType::Hardlink) {
    entry.mode = 0644;
  } else if (type == EntryType::Symlink) {
    entry.mode = 0777;
  }
  if (type == EntryType::File) {
    entry.size = path.size();
    entry.sha256 = Digest::of(path);
  }
  return entry;
}

TEST_F(ImagesTest, RootTarBecomesAnImageOfOneLayer) {
  const Descriptor manifest = import(*store_, root_tar());
  EXPECT_EQ(manifest.platform, ir::host_platform());
  EXPECT_EQ(*store_->ref(kName), manifest);
  const Image image = load(*store_, manifest);
  EXPECT_EQ(image.config.created, 1700000000);
  EXPECT_EQ(image.config.cmd, ir::Strings{"/bin/tool"});
  ASSERT_EQ(image.config.diff_ids.size(), 1U);
  const auto trees = layer_trees(*store_, image);
  ASSERT_TRUE(trees.ok());
  EXPECT_TRUE(store_->root(trees->at(0)));
  const auto tree = **store_->tree(trees->at(0));
  EXPECT_EQ(tree->find("etc/passwd")->mtime, 1000000000);
  EXPECT_EQ(tree->find("tmp")->mode, 01777U);
  EXPECT_EQ(tree->find("usr/bin/tool2")->type, EntryType::Hardlink);
  EXPECT_EQ(tree->find("bin")->link, "usr/bin");
}

TEST_F(ImagesTest, TheSameRootGivesTheSameImageWhateverTheTarLooksLike) {
  const Descriptor plain = import(*store_, root_tar());
  const auto again = [&](const std::string& command, const std::string& file) {
    const auto other = open("other-" + file);
    EXPECT_EQ(shell(command), 0) << log();
    EXPECT_EQ(import(*other, at(file)), plain) << file;
  };
  again("gzip -9 <root.tar >root.gz", "root.gz");
  again("zstd -q <root.tar >root.zst", "root.zst");
  again("xz <root.tar >root.xz", "root.xz");
  again("bzip2 <root.tar >root.bz2", "root.bz2");
  again(
      "tar -C r --numeric-owner --sort=name --format=pax --pax-option=delete=atime,delete=ctime,"
      "delete=mtime -cf sorted.tar $(ls r | sort -r)"
      " && tar -C r --numeric-owner --no-recursion -rf sorted.tar .",
      "sorted.tar");
}

TEST_F(ImagesTest, EveryOutputImportsAsTheSameImage) {
  const Descriptor manifest = import(*store_, root_tar());
  const ExportRequest request{manifest, {kName}, ""};
  const auto with = [&](const std::string& dest) {
    ExportRequest copy = request;
    copy.dest = at(dest);
    return copy;
  };
  ASSERT_TRUE(export_oci_layout(*store_, with("layout")).ok());
  ASSERT_TRUE(export_oci_archive(*store_, with("oci.tar")).ok());
  ASSERT_TRUE(export_docker_archive(*store_, with("docker.tar")).ok());
  for (const char* name : {"layout", "oci.tar", "docker.tar"}) {
    const auto other = open(std::string("other-") + name);
    EXPECT_EQ(import(*other, at(name), "").digest, manifest.digest) << name;
    EXPECT_TRUE((*other->ref(kName)).has_value()) << name;
    EXPECT_TRUE(other->fsck()->empty());
  }
  // Archives are the same bytes each time.
  const std::string first = read(at("docker.tar"));
  ASSERT_TRUE(export_docker_archive(*store_, with("docker2.tar")).ok());
  EXPECT_EQ(read(at("docker2.tar")), first);
}

TEST_F(ImagesTest, AnOldDockerArchiveIsImported) {
  const Descriptor manifest = import(*store_, root_tar());
  const Image image = load(*store_, manifest);
  const std::string config = image.manifest.config.digest.hex();
  // As docker before 25 writes them: a directory for each layer, and one that is the same by a
  // symlink.
  const std::string first(64, 'a');
  const std::string second(64, 'b');
  ASSERT_EQ(
      shell("mkdir -p a/" + first + " a/" + second + " && gzip -dc <'" +
            store_->blob_path(image.manifest.layers[0].digest) + "' >a/" + first +
            "/layer.tar && ln -s ../" + first + "/layer.tar a/" + second + "/layer.tar && cp '" +
            store_->blob_path(image.manifest.config.digest) + "' a/" + config + ".json"),
      0)
      << log();
  const auto pack = [&](const std::string& config_path) {
    write(at("a/manifest.json"), R"([{"Config":")" + config_path +
                                     R"(","RepoTags":["thing:1"],"Layers":[")" + second +
                                     R"(/layer.tar"]}])");
    EXPECT_EQ(shell("cd a && tar -cf ../docker.tar *"), 0) << log();
  };
  pack(config + ".json");
  const auto other = open("other");
  const Image imported = load(*other, import(*other, at("docker.tar"), ""));
  EXPECT_EQ(imported.config, image.config);
  EXPECT_EQ(imported.manifest.layers[0].media_type, "application/vnd.oci.image.layer.v1.tar");
  EXPECT_TRUE((*other->ref(kName)).has_value());
  // A config outside the archive is not read.
  write(at("secret.json"), read(store_->blob_path(image.manifest.config.digest)));
  for (const std::string& path : {std::string("../secret.json"), at("secret.json")}) {
    pack(path);
    import_error(at("docker.tar"));
  }
  // Nor is one behind a symlink that leaves it.
  ASSERT_EQ(shell("cd a && rm " + config + ".json && ln -s ../secret.json " + config + ".json"), 0);
  pack(config + ".json");
  import_error(at("docker.tar"));
}

// A docker archive's members are named by whatever tool wrote it.
TEST_F(ImagesTest, AListOfConfigsAndLayersIsADockerArchiveWhateverElseIsThere) {
  const Image image = load(*store_, import(*store_, root_tar()));
  const std::string config = image.manifest.config.digest.hex();
  const std::string layer = image.manifest.layers[0].digest.hex();
  struct Case {
    std::string config;
    std::string layer;
    std::string also;
  };
  const std::vector<Case> cases = {{"sha256:" + config, layer + ".tar.gz", ""},  // crane, kaniko
                                   {"config.json", layer + ".tar.gz", ""},       // jib
                                   {"image/config", "image/layer", "README"},
                                   {"etc/config", "usr/layer", "usr/bin/tool"}};
  int number = 0;
  for (const Case& one : cases) {
    const std::string to = "k" + std::to_string(number++);
    const std::string also = one.also.empty() ? "" : fmt::format(" && echo x >{}/{}", to, one.also);
    ASSERT_EQ(
        shell(fmt::format(
            "mkdir -p {0}/image {0}/etc {0}/usr/bin && cp '{1}' {0}/{2} && cp '{3}' {0}/{4}{5}", to,
            store_->blob_path(image.manifest.config.digest), one.config,
            store_->blob_path(image.manifest.layers[0].digest), one.layer, also)),
        0)
        << log();
    write(at(to + "/manifest.json"),
          fmt::format(R"([{{"Config":"{}","RepoTags":["thing:1"],"Layers":["{}"]}}])", one.config,
                      one.layer));
    // manifest.json last, and with `./` before the names, as some write them.
    ASSERT_EQ(shell(fmt::format("cd {0} && find . -mindepth 1 -depth -type d -empty -delete && "
                                "tar -cf ../{0}.tar --exclude manifest.json . && "
                                "tar -rf ../{0}.tar ./manifest.json",
                                to)),
              0)
        << log();
    const auto other = open("other-" + to);
    const Image imported = load(*other, import(*other, at(to + ".tar"), ""));
    EXPECT_EQ(imported.config, image.config) << one.config;
    EXPECT_TRUE((*other->ref(kName)).has_value()) << one.config;
  }
}

TEST_F(ImagesTest, AnOciArchiveMayHoldOtherFiles) {
  const Image image = load(*store_, import(*store_, root_tar()));
  ASSERT_TRUE(export_oci_layout(*store_, {image.manifest_descriptor, {kName}, at("layout")}).ok());
  ASSERT_EQ(shell("echo x >layout/README && tar -C layout -cf layout.tar ."), 0) << log();
  const auto other = open("other");
  EXPECT_EQ(load(*other, import(*other, at("layout.tar"), "")).config, image.config);
}

TEST_F(ImagesTest, ARootMayHoldFilesOfThoseNames) {
  root_tar();
  write(at("r/manifest.json"), R"({"name":"a web application"})");
  write(at("r/index.json"), "{}");
  ASSERT_EQ(shell("tar -C r -cf root.tar ."), 0) << log();
  const Image image = load(*store_, import(*store_, at("root.tar")));
  const auto trees = layer_trees(*store_, image);
  ASSERT_TRUE(trees.ok());
  const auto tree = **store_->tree(trees->at(0));
  EXPECT_NE(tree->find("manifest.json"), nullptr);
  EXPECT_NE(tree->find("usr/bin/tool"), nullptr);
}

TEST_F(ImagesTest, WhatHasNoEndIsNotImported) {
  EXPECT_EQ(import_error("/dev/zero"), ErrorCode::Input);
  ASSERT_EQ(shell("mkfifo pipe"), 0) << log();
  EXPECT_EQ(import_error(at("pipe")), ErrorCode::Input);
}

TEST_F(ImagesTest, ImportRefusesWrongBytes) {
  const Descriptor manifest = import(*store_, root_tar());
  const Image image = load(*store_, manifest);
  ExportRequest request{manifest, {kName}, at("layout")};
  ASSERT_TRUE(export_oci_layout(*store_, request).ok());
  store_ = open("fresh");
  for (const Digest& digest :
       {image.manifest.layers[0].digest, image.manifest.config.digest, manifest.digest}) {
    store_ = open("fresh-" + digest.hex());
    const std::string path = at("layout/blobs/sha256/" + digest.hex());
    const std::string good = read(path);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    write(path, bad);
    EXPECT_EQ(import_error(at("layout")), ErrorCode::Corrupt);
    EXPECT_NE(message_.find(digest.str()), std::string::npos) << message_;
    EXPECT_FALSE(store_->blob_size(digest));
    write(path, good.substr(0, good.size() - 1));
    EXPECT_EQ(import_error(at("layout")), ErrorCode::Corrupt);
    ::unlink(path.c_str());
    import_error(at("layout"));
    EXPECT_NE(message_.find(digest.hex()), std::string::npos) << message_;
    write(path, good);
    EXPECT_FALSE((*store_->ref(kName)).has_value());
  }
  import(*store_, at("layout"));
}

TEST_F(ImagesTest, ImportRefusesAWrongDiffId) {
  const Descriptor manifest = import(*store_, root_tar());
  Image image = load(*store_, manifest);
  image.config.diff_ids = {Digest::of("other")};
  const std::string config = write_config(image.config);
  image.manifest.config.digest = *store_->put_blob(config);
  image.manifest.config.size = config.size();
  const std::string text = write_manifest(image.manifest);
  const Descriptor wrong{std::string(kManifestType), *store_->put_blob(text), text.size(), {}, ""};
  ASSERT_TRUE(export_oci_layout(*store_, {wrong, {}, at("layout")}).ok());
  store_ = open("fresh");
  EXPECT_EQ(import_error(at("layout")), ErrorCode::Corrupt);
  EXPECT_NE(message_.find("diffID"), std::string::npos) << message_;
  EXPECT_FALSE((*store_->ref(kName)).has_value());
}

TEST_F(ImagesTest, ImportSaysWhatItCannotTake) {
  write(at("text"), "hello, this is no archive at all\n");
  EXPECT_EQ(import_error(at("text")), ErrorCode::Input);
  EXPECT_EQ(import_error(at("absent")), ErrorCode::NotFound);
  ASSERT_EQ(shell("mkdir empty && head -c 5000 /dev/zero >zeros && : >nothing"), 0);
  EXPECT_EQ(import_error(at("empty")), ErrorCode::Input);
  import_error(at("nothing"));
  EXPECT_EQ(import_error(root_tar(), "UPPER:bad"), ErrorCode::Input);
}

TEST_F(ImagesTest, LayoutKeepsOtherImages) {
  const Descriptor first = import(*store_, root_tar());
  const Descriptor second = build({Tree{{entry_of("other", EntryType::File)}}});
  ASSERT_TRUE(export_oci_layout(*store_, {first, {"thing:1"}, at("layout")}).ok());
  ASSERT_TRUE(export_oci_layout(*store_, {second, {"thing:2"}, at("layout")}).ok());
  std::string index = read(at("layout/index.json"));
  EXPECT_NE(index.find(first.digest.str()), std::string::npos);
  EXPECT_NE(index.find(second.digest.str()), std::string::npos);
  // The same again changes nothing, not even the file.
  struct stat before {};
  ASSERT_EQ(::stat(at("layout/index.json").c_str(), &before), 0);
  ASSERT_TRUE(export_oci_layout(*store_, {second, {"thing:2"}, at("layout")}).ok());
  struct stat after {};
  ASSERT_EQ(::stat(at("layout/index.json").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  // A name moves.
  ASSERT_TRUE(export_oci_layout(*store_, {second, {"thing:1"}, at("layout")}).ok());
  index = read(at("layout/index.json"));
  EXPECT_EQ(index.find(first.digest.str()), std::string::npos);
  const auto other = open("other");
  ImportRequest request;
  request.path = at("layout");
  request.name = "thing:2";
  EXPECT_EQ(import_image(*other, request)->digest, second.digest);
  request.name = "third:1x";
  EXPECT_FALSE(import_image(*other, request).ok());
}

TEST_F(ImagesTest, AnExportWithoutANameReplacesTheOneBefore) {
  const Descriptor first = import(*store_, root_tar());
  const Descriptor second = build({Tree{{entry_of("other", EntryType::File)}}});
  ASSERT_TRUE(export_oci_layout(*store_, {first, {"thing:1"}, at("layout")}).ok());
  ASSERT_TRUE(export_oci_layout(*store_, {first, {}, at("layout")}).ok());
  // As a tool that signs images leaves it.
  const std::string signature =
      R"({"artifactType":"application/x-signature","digest":"sha256:)" + std::string(64, '5') +
      R"(","mediaType":"application/vnd.oci.image.manifest.v1+json","size":5})";
  std::string index = read(at("layout/index.json"));
  index.insert(index.find('[') + 1, signature + ",");
  write(at("layout/index.json"), index);
  ASSERT_TRUE(export_oci_layout(*store_, {second, {}, at("layout")}).ok());
  index = read(at("layout/index.json"));
  const auto document = read_document(index, std::string(kIndexType));
  ASSERT_TRUE(document.ok());
  ASSERT_EQ(document->index->size(), 3U) << index;
  EXPECT_NE(index.find(signature), std::string::npos) << index;
  EXPECT_EQ(document->index->at(1).digest, first.digest);
  EXPECT_FALSE(document->index->at(1).annotations.empty());
  EXPECT_EQ(document->index->at(2).digest, second.digest);
}

TEST_F(ImagesTest, AnIndexNestedWithoutEndIsRefused) {
  const Descriptor manifest = build({Tree{{entry_of("f", EntryType::File)}}});
  ASSERT_EQ(shell("mkdir layout"), 0);
  const std::string deep = R"({"schemaVersion":2,"manifests":[{"x":)" + std::string(300'000, '[') +
                           std::string(300'000, ']') + "}]}";
  write(at("layout/index.json"), deep);
  write(at("layout/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  const Result<void> exported = export_oci_layout(*store_, {manifest, {}, at("layout")});
  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::Input);
  EXPECT_NE(exported.error().message.find("nested more than"), std::string::npos);
  EXPECT_EQ(read(at("layout/index.json")), deep);
  EXPECT_EQ(import_error(at("layout")), ErrorCode::Corrupt);
}

TEST_F(ImagesTest, LayoutBlobsAreCopiesAndDamagedOnesAreReplaced) {
  const Descriptor manifest = import(*store_, root_tar());
  const ExportRequest request{manifest, {}, at("layout")};
  ASSERT_TRUE(export_oci_layout(*store_, request).ok());
  const std::string blob = at("layout/blobs/sha256/" + manifest.digest.hex());
  struct stat exported {};
  struct stat stored {};
  ASSERT_EQ(::stat(blob.c_str(), &exported), 0);
  ASSERT_EQ(::stat(store_->blob_path(manifest.digest).c_str(), &stored), 0);
  EXPECT_NE(exported.st_ino, stored.st_ino);
  EXPECT_EQ(exported.st_nlink, 1U);
  write(blob, "damaged");
  ASSERT_TRUE(export_oci_layout(*store_, request).ok());
  EXPECT_EQ(Digest::of(read(blob)), manifest.digest);
}

TEST_F(ImagesTest, MissingBlobsAreNamedAndNothingIsPublished) {
  const Descriptor manifest = import(*store_, root_tar());
  const Digest layer = load(*store_, manifest).manifest.layers[0].digest;
  write(store_->blob_path(layer), "short");
  ASSERT_FALSE(*store_->verify_blob(layer));
  const auto layout = export_oci_layout(*store_, {manifest, {}, at("layout")});
  ASSERT_FALSE(layout.ok());
  EXPECT_NE(layout.error().message.find(layer.str()), std::string::npos);
  EXPECT_FALSE(exists(at("layout/index.json")));
  EXPECT_FALSE(export_oci_archive(*store_, {manifest, {}, at("oci.tar")}).ok());
  EXPECT_FALSE(exists(at("oci.tar")));
}

TEST_F(ImagesTest, ArchiveWithADamagedLayerIsNotPublished) {
  const Descriptor manifest = import(*store_, root_tar());
  const Digest layer = load(*store_, manifest).manifest.layers[0].digest;
  std::string bytes = read(store_->blob_path(layer));
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  write(store_->blob_path(layer), bytes);
  EXPECT_FALSE(export_oci_archive(*store_, {manifest, {}, at("oci.tar")}).ok());
  EXPECT_FALSE(exists(at("oci.tar")));
  EXPECT_EQ(shell("test -z \"$(ls -A | grep oci.tar)\""), 0);
}

// The note of an earlier verification says that all is well.
TEST_F(ImagesTest, ABlobThatRottedBelowTheFileSystemIsNotExported) {
  ASSERT_EQ(shell("rm -rf r && mkdir r && head -c 3000000 /dev/urandom >r/large && "
                  "tar -C r -cf large.tar ."),
            0);
  const auto exporters = {&export_oci_layout, &export_oci_archive, &export_docker_archive};
  int number = 0;
  for (const auto exporter : exporters) {
    store_ = open("store-" + std::to_string(++number));
    const Descriptor manifest = import(*store_, at("large.tar"));
    const Digest layer = load(*store_, manifest).manifest.layers[0].digest;
    rot(*store_, layer);
    ASSERT_TRUE(*store_->verify_blob(layer));
    const std::string dest = at("out-" + std::to_string(number));
    const Result<void> exported = exporter(*store_, {manifest, {}, dest});
    ASSERT_FALSE(exported.ok()) << number;
    EXPECT_EQ(exported.error().code, ErrorCode::Corrupt) << exported.error().message;
    EXPECT_NE(exported.error().message.find(layer.str()), std::string::npos)
        << exported.error().message;
    EXPECT_FALSE(store_->blob_size(layer)) << "it is set aside";
    EXPECT_FALSE(exists(dest + "/index.json"));
    EXPECT_EQ(shell("test -z \"$(find . -name '*.strata-*')\" && ! test -f " + dest), 0) << log();
  }
}

TEST_F(ImagesTest, SameBytesLeaveTheArchiveAsItIs) {
  const Descriptor manifest = import(*store_, root_tar());
  ASSERT_TRUE(export_oci_archive(*store_, {manifest, {}, at("oci.tar")}).ok());
  struct stat before {};
  ASSERT_EQ(::stat(at("oci.tar").c_str(), &before), 0);
  ASSERT_TRUE(export_oci_archive(*store_, {manifest, {}, at("oci.tar")}).ok());
  struct stat after {};
  ASSERT_EQ(::stat(at("oci.tar").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(export_oci_archive(*store_, {manifest, {}, directory_}).error().code, ErrorCode::Input);
}

// Layer 1: a, b (hard link to a), c (another), d/x, keep, link → keep.
// Layer 2: removes a, replaces d by a file, and adds new.
TEST_F(ImagesTest, FlattenAppliesLayersAndSavesHardLinks) {
  Tree lower{{entry_of("a", EntryType::File), entry_of("b", EntryType::Hardlink, "a"),
              entry_of("c", EntryType::Hardlink, "a"), entry_of("d", EntryType::Directory),
              entry_of("d/x", EntryType::File), entry_of("keep", EntryType::File),
              entry_of("link", EntryType::Symlink, "keep")}};
  Tree upper{{entry_of("a", EntryType::Whiteout), entry_of("d", EntryType::File),
              entry_of("new", EntryType::File)}};
  const Descriptor manifest = build({lower, upper});
  ASSERT_TRUE(export_tar(*store_, {manifest, {}, at("flat.tar")}).ok());
  ASSERT_TRUE(export_local(*store_, {manifest, {}, at("flat")}).ok());
  ASSERT_EQ(shell("mkdir t && tar -C t -xf flat.tar && rm -f log2 && diff -r t flat && "
                  "cd flat && ls -A | tr '\\n' ' ' && cat b d new && test b -ef c && "
                  "test $(stat -c %h b) = 2 && test $(readlink link) = keep"),
            0)
      << log();
  EXPECT_EQ(log(), "b c d keep link new adnew");
}

TEST_F(ImagesTest, LocalMergesIntoADirectoryThatHoldsFiles) {
  const Descriptor manifest =
      build({Tree{{entry_of("d", EntryType::Directory), entry_of("d/new", EntryType::File),
                   entry_of("over", EntryType::File)}}});
  ASSERT_EQ(shell("mkdir -p out/d && echo mine >out/d/mine && echo old >out/over"), 0);
  const auto merged = export_local(*store_, {manifest, {}, at("out")});
  ASSERT_TRUE(merged.ok()) << merged.error().message;
  EXPECT_EQ(read(at("out/d/mine")), "mine\n");
  EXPECT_EQ(read(at("out/d/new")), "d/new");
  EXPECT_EQ(read(at("out/over")), "over");
  EXPECT_EQ(shell("test -z \"$(find . -name '*.strata-*')\""), 0);
  // A symlink in the destination is not followed.
  ASSERT_EQ(shell("rm -rf out/d && mkdir elsewhere && ln -s ../elsewhere out/d"), 0);
  EXPECT_FALSE(export_local(*store_, {manifest, {}, at("out")}).ok());
  EXPECT_TRUE(list_directory(at("elsewhere"))->empty());
  EXPECT_EQ(shell("test -z \"$(find . -name '*.strata-*')\""), 0);
}

TEST_F(ImagesTest, LayerTreesAreRememberedAndRootsComeBack) {
  Tree lower{{entry_of("d", EntryType::Directory), entry_of("d/a", EntryType::File),
              entry_of("d/b", EntryType::File)}};
  Tree upper{{entry_of("d", EntryType::Directory), entry_of("d/a", EntryType::Whiteout),
              entry_of("d/c", EntryType::File)}};
  const Image image = load(*store_, build({lower, upper}));
  const auto trees = layer_trees(*store_, image, {.unpack = Unpack::Yes});
  ASSERT_TRUE(trees.ok()) << trees.error().message;
  EXPECT_EQ(trees->at(0), tree_digest(lower));
  EXPECT_EQ(trees->at(1), tree_digest(upper));
  const std::string root = *store_->root(trees->at(1));
  ASSERT_EQ(shell(fmt::format("rm -rf '{0}' '{0}.ok'", root)), 0);
  const auto again = ensure_root(*store_, trees->at(1));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(read(*again + "/d/c"), "d/c");
  EXPECT_TRUE(store_->fsck()->empty());
  EXPECT_EQ((*store_->any_layer(trees->at(1)))->blob, image.manifest.layers[1].digest);
  EXPECT_FALSE(ensure_root(*store_, Digest::of("unknown")).ok());
  EXPECT_TRUE(ensure_root(*store_, empty_tree_digest()).ok());
}

// Layers of other tools: opaque directories, entries through a symlink of a lower layer, no
// parents.
TEST_F(ImagesTest, PulledLayersOfOthersUnpackAgain) {
  ASSERT_EQ(shell("mkdir -p l/usr/bin l/o l/p && ln -s usr/bin l/bin && echo 1 >l/o/old && "
                  "chmod 750 l/p && mkdir -p u/o && echo 2 >u/o/new && : >u/o/.wh..wh..opq && "
                  "mkdir u/p && echo 3 >u/p/x && "
                  "tar -C l -cf 0.tar . && tar -C u -cf 1.tar o p/x"),
            0)
      << log();
  Manifest manifest;
  ir::ImageConfig config;
  config.os = "linux";
  config.architecture = "amd64";
  for (const char* name : {"0.tar", "1.tar"}) {
    const std::string bytes = read(at(name));
    const Digest digest = *store_->put_blob(bytes);
    manifest.layers.push_back(
        {"application/vnd.oci.image.layer.v1.tar", digest, bytes.size(), {}, ""});
    config.diff_ids.push_back(digest);
  }
  const Image image{{}, manifest, config};
  const auto trees = layer_trees(*store_, image);
  ASSERT_TRUE(trees.ok()) << trees.error().message;
  const auto upper = **store_->tree(trees->at(1));
  ASSERT_NE(upper->find("o/old"), nullptr);
  EXPECT_EQ(upper->find("o/old")->type, EntryType::Whiteout);
  EXPECT_EQ(upper->find("p")->mode, 0750U);
  EXPECT_FALSE(store_->root(trees->at(1)));
  const auto root = ensure_root(*store_, trees->at(1));
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_TRUE(store_->fsck()->empty());
}

// Layers of other tools: the second one's hard links name files of the first, one of them by a name
// that is a link itself, and the third replaces that file and links to what is left.
class LinksIntoLowerLayers : public ImagesTest {
 protected:
  void SetUp() override {
    ImagesTest::SetUp();
    ASSERT_EQ(shell("mkdir l m u && echo low >l/abc && ln l/abc l/second && chmod 4755 l/abc && "
                    "ln -s abc l/sym && touch -d @1000000000 l/abc && "
                    "cp -a l/abc l/second m/ && ln m/second m/one && ln m/second m/two && "
                    "tar -C l -cf 0.tar abc second sym && "
                    "tar -C m -cf 1.tar --no-recursion abc second one two && "
                    "tar -f 1.tar --delete abc --delete second && "
                    "echo new >u/abc && ln l/second u/second && ln u/second u/three && "
                    "tar -C u -cf 2.tar abc second three && tar -f 2.tar --delete second"),
              0)
        << log();
    ir::ImageConfig config;
    config.os = "linux";
    config.architecture = "amd64";
    Manifest manifest;
    for (const char* name : {"0.tar", "1.tar", "2.tar"}) {
      const std::string bytes = read(at(name));
      const Digest digest = *store_->put_blob(bytes);
      manifest.layers.push_back(
          {"application/vnd.oci.image.layer.v1.tar", digest, bytes.size(), {}, ""});
      config.diff_ids.push_back(digest);
    }
    const std::string text = write_config(config);
    manifest.config = {std::string(kConfigType), *store_->put_blob(text), text.size(), {}, ""};
    const std::string document = write_manifest(manifest);
    descriptor_ = {
        std::string(kManifestType), *store_->put_blob(document), document.size(), {}, ""};
  }

  Descriptor descriptor_;
};

TEST_F(LinksIntoLowerLayers, AreReadUnpackedAndUnpackedAgain) {
  const Image image = load(*store_, descriptor_);
  const auto trees = layer_trees(*store_, image, {.unpack = Unpack::Yes});
  ASSERT_TRUE(trees.ok()) << trees.error().message;
  const auto middle = **store_->tree(trees->at(1));
  ASSERT_NE(middle->find("one"), nullptr);
  EXPECT_EQ(middle->find("one")->type, EntryType::File);
  EXPECT_EQ(middle->find("two")->link, "one");
  for (const std::size_t layer : {0U, 1U, 2U}) {
    const std::string root = *store_->root(trees->at(layer));
    ASSERT_EQ(shell(fmt::format("rm -rf '{0}' '{0}.ok'", root)), 0);
  }
  const auto again = ensure_root(*store_, trees->at(2), {trees->at(0), trees->at(1)});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(read(*again + "/three"), "low\n");
  const auto below = ensure_root(*store_, trees->at(1), {trees->at(0)});
  ASSERT_TRUE(below.ok()) << below.error().message;
  EXPECT_EQ(shell("cd '" + *below + "' && test one -ef two && test $(stat -c %a one) = 4755"), 0);
  EXPECT_TRUE(store_->fsck()->empty());
}

TEST_F(LinksIntoLowerLayers, AreUnpackedWhenTheirTreesWereReadBefore) {
  const Image image = load(*store_, descriptor_);
  const auto trees = layer_trees(*store_, image);
  ASSERT_TRUE(trees.ok()) << trees.error().message;
  EXPECT_FALSE(store_->root(trees->at(0)));
  const auto unpacked = layer_trees(*store_, image, {.unpack = Unpack::Yes});
  ASSERT_TRUE(unpacked.ok()) << unpacked.error().message;
  EXPECT_EQ(*unpacked, *trees);
  EXPECT_EQ(read(*store_->root(trees->at(1)) + "/two"), "low\n");
}

TEST_F(LinksIntoLowerLayers, AreFlattenedAndExported) {
  ASSERT_TRUE(export_tar(*store_, {descriptor_, {}, at("flat.tar")}).ok());
  ASSERT_TRUE(export_local(*store_, {descriptor_, {}, at("flat")}).ok());
  ASSERT_EQ(shell("mkdir t && tar -C t -xf flat.tar && diff -r t flat && cd flat && "
                  "cat abc second one two three && test one -ef two && ! test one -ef second"),
            0)
      << log();
  EXPECT_EQ(log(), "new\nlow\nlow\nlow\nlow\n");
}

TEST_F(ImagesTest, ADamagedLayerIsSetAside) {
  const Image image = load(*store_, build({Tree{{entry_of("a", EntryType::File)}}}));
  const Digest blob = image.manifest.layers[0].digest;
  write(store_->blob_path(blob), "garbage");
  const auto trees = layer_trees(*store_, image);
  ASSERT_FALSE(trees.ok());
  EXPECT_EQ(trees.error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(store_->blob_size(blob));
  // Not NotFound: nobody named it.
  EXPECT_EQ(layer_trees(*store_, image).error().code, ErrorCode::Corrupt);
}

// Of a tree that is known neither a root nor a blob is left: its layer is read again.
TEST_F(ImagesTest, ALayerWhoseRecordIsLostIsReadAgain) {
  const Image image = load(*store_, build({Tree{{entry_of("a", EntryType::File)}}}));
  const Digest tree = layer_trees(*store_, image)->at(0);
  ASSERT_TRUE(remove_tree(home_ + "/layers/" + tree.hex()).ok());
  EXPECT_FALSE(ensure_root(*store_, tree).ok());
  ASSERT_TRUE(layer_trees(*store_, image).ok());
  EXPECT_TRUE(ensure_root(*store_, tree).ok());
}

TEST_F(ImagesTest, OtherToolsReadTheOutputs) {
  const Descriptor manifest = import(*store_, root_tar());
  ASSERT_TRUE(export_oci_layout(*store_, {manifest, {kName}, at("layout")}).ok());
  ASSERT_TRUE(export_oci_archive(*store_, {manifest, {kName}, at("oci.tar")}).ok());
  ASSERT_TRUE(export_docker_archive(*store_, {manifest, {kName}, at("docker.tar")}).ok());
  int checked = 0;
  const auto check = [&](const std::string& tool, const std::string& command) {
    if (!have(tool)) {
      std::printf("skipped: %s is not installed\n", tool.c_str());
      return;
    }
    ++checked;
    EXPECT_EQ(shell(command), 0) << command << "\n" << log();
  };
  check("skopeo", "skopeo inspect oci:layout:1 | grep -q '" + manifest.digest.str() + "'");
  check("skopeo", "skopeo inspect oci:home:" + kName);
  check("skopeo", "skopeo inspect oci-archive:oci.tar:1");
  check("skopeo", "skopeo inspect docker-archive:docker.tar:" + kName);
  check("skopeo", "skopeo copy --insecure-policy oci:layout:1 dir:copied");
  check("skopeo", "skopeo copy --insecure-policy docker-archive:docker.tar dir:copied2");
  check("umoci",
        "umoci unpack --image layout:1 bundle && diff -r --no-dereference r "
        "bundle/rootfs");
  check("oci-image-tool", "oci-image-tool validate --type image --ref name=1 layout");
  if (checked == 0) {
    GTEST_SKIP() << "no tool that reads images is installed";
  }
}

}  // namespace
}  // namespace strata::backend::oci
