// Configs, manifests, indexes, platforms, times.
#include <gtest/gtest.h>

#include "backend/oci/image.h"
#include "backend/oci/rfc3339.h"

namespace strata::backend::oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

ErrorCode code_of(const Result<Document>& result) {
  EXPECT_FALSE(result.ok());
  return result ? ErrorCode::Io : result.error().code;
}

ir::ImageConfig full_config() {
  ir::ImageConfig config;
  config.os = "linux";
  config.architecture = "arm64";
  config.variant = "v8";
  config.author = "a";
  config.created = 1683221823;
  config.env = {{"PATH", "/bin"}, {"A", "x=y"}, {"B", ""}};
  config.labels = {{"b", "2"}, {"a", "1"}, {"ä", "ü"}};
  config.cmd = ir::Strings{"sh", "-c", "echo \"hi\""};
  config.entrypoint = ir::Strings{};
  config.shell = ir::Strings{"/bin/sh", "-c"};
  config.user = "1000:1000";
  config.workdir = "/w";
  config.stop_signal = "SIGTERM";
  config.ports = {"80/tcp", "443/tcp"};
  config.volumes = {"/v", "/data"};
  ir::Healthcheck check;
  check.test = {"CMD", "true"};
  check.interval = std::int64_t{1} << 60;
  check.retries = 3;
  config.healthcheck = check;
  config.on_build = {"RUN x"};
  config.diff_ids = {*Digest::parse(kDigest)};
  ir::HistoryEntry entry;
  entry.created = 0;
  entry.created_by = "RUN x";
  entry.empty_layer = true;
  config.history = {entry, {}};
  return config;
}

TEST(Config, IsWrittenWithOciNamesInByteOrder) {
  EXPECT_EQ(
      write_config(full_config()),
      R"({"architecture":"arm64","author":"a","config":{"Cmd":["sh","-c","echo \"hi\""],)"
      R"("Entrypoint":[],"Env":["PATH=/bin","A=x=y","B="],)"
      R"("ExposedPorts":{"443/tcp":{},"80/tcp":{}},)"
      R"("Healthcheck":{"Interval":1152921504606846976,"Retries":3,"Test":["CMD","true"]},)"
      R"("Labels":{"a":"1","b":"2","ä":"ü"},"OnBuild":["RUN x"],"Shell":["/bin/sh","-c"],)"
      R"("StopSignal":"SIGTERM","User":"1000:1000","Volumes":{"/data":{},"/v":{}},)"
      R"("WorkingDir":"/w"},"created":"2023-05-04T17:37:03Z",)"
      R"("history":[{"created":"1970-01-01T00:00:00Z","created_by":"RUN x","empty_layer":true},{}],)"
      R"("os":"linux","rootfs":{"diff_ids":[")" +
          kDigest + R"("],"type":"layers"},"variant":"v8"})");
}

TEST(Config, ReadsWhatItWrites) {
  ir::ImageConfig expected = full_config();
  // Sets and maps come back in order.
  expected.labels = {{"a", "1"}, {"b", "2"}, {"ä", "ü"}};
  expected.ports = {"443/tcp", "80/tcp"};
  expected.volumes = {"/data", "/v"};
  const auto read = read_config(write_config(full_config()));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, expected);
  EXPECT_EQ(write_config(*read), write_config(full_config()));
}

TEST(Config, BytesThatAreNotUtf8AreReplacedAsGoDoes) {
  ir::ImageConfig config;
  config.env = {{"A", "x\xff\xc3"}};
  config.labels = {{"\xff", "\xed\xa0\x80"}};
  const std::string text = write_config(config);
  EXPECT_NE(text.find("A=x\xef\xbf\xbd\xef\xbf\xbd\""), std::string::npos);
  const auto read = read_config(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->labels.at(0).first, "\xef\xbf\xbd");
}

TEST(Config, ReadsDockersNullsFractionsAndOffsets) {
  const auto config = read_config(R"({"architecture":"amd64","os":"linux","container":"x",
    "created":"2023-05-04T19:37:03.872958712+02:00","docker_version":"20",
    "config":{"Hostname":"h","AttachStdin":false,"Env":["PATH=/bin","EMPTY=","NOVALUE"],"Cmd":null,
      "Image":"","Volumes":null,"Entrypoint":null,"OnBuild":null,"Labels":null,"Healthcheck":{}},
    "container_config":{"Cmd":["x"]},
    "history":[{"created":"0001-01-01T00:00:00Z","created_by":"x"}],
    "rootfs":{"type":"layers","diff_ids":null}})");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->created, 1683221823);
  EXPECT_FALSE(config->cmd);
  EXPECT_FALSE(config->healthcheck);
  EXPECT_EQ(config->env, (ir::Pairs{{"PATH", "/bin"}, {"EMPTY", ""}, {"NOVALUE", ""}}));
  EXPECT_FALSE(config->history.at(0).created);
}

TEST(Config, RefusesWrongTypesByName) {
  for (const char* text :
       {"", "[]", "{", R"({"os":3})", R"({"config":[]})", R"({"config":{"Env":[1]}})",
        R"({"config":{"Env":"PATH"}})", R"({"config":{"Labels":{"a":1}}})",
        R"({"rootfs":{"diff_ids":["sha256:../../etc"]}})", R"({"rootfs":{"diff_ids":["md5:a"]}})",
        R"({"history":[1]})", R"({"created":"yesterday"})", R"({"created":"2023-02-30T00:00:00Z"})",
        R"({"config":{"Healthcheck":{"Interval":"1s"}}})", R"({"config":{"User":"a\u0000b"}})",
        R"({"config":{"Env":["A=\u0000"]}})"}) {
    const auto config = read_config(text);
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_EQ(config.error().code, ErrorCode::Corrupt);
  }
  EXPECT_NE(read_config(R"({"config":{"Env":"PATH"}})").error().message.find("config.Env"),
            std::string::npos);
}

TEST(Time, RoundTripsAndClamps) {
  for (const std::int64_t seconds :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{315532800}, std::int64_t{951782400},
        std::int64_t{4107542400}, std::int64_t{-62167219200}, std::int64_t{253402300799}}) {
    EXPECT_EQ(parse_time(format_time(seconds)), seconds) << format_time(seconds);
  }
  EXPECT_EQ(format_time(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_time(INT64_MAX), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_time(INT64_MIN), "0000-01-01T00:00:00Z");
  EXPECT_EQ(parse_time("2023-05-04T17:37:03-00:30"), 1683223623);
  for (const char* text : {"", "2023", "2023-05-04", "2023-05-04T17:37:03", "2023-05-04T17:37:03.Z",
                           "2023-13-04T17:37:03Z", "2023-05-04T24:00:00Z", "2023-05-04T17:37:03Zx",
                           "+023-05-04T17:37:03Z", "2023-05-04T17:37:03+0200"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

std::string manifest_text(const std::string& layer_type) {
  return R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.docker.container.image.v1+json",)"
         R"("size":1,"digest":")" +
         kDigest + R"("},"layers":[{"mediaType":")" + layer_type + R"(","size":2,"digest":")" +
         kDigest + R"("}]})";
}

TEST(Documents, ManifestRoundTrips) {
  Manifest manifest;
  manifest.config = {std::string(kConfigType), *Digest::parse(kDigest), 5, {}, ""};
  manifest.layers = {
      {"application/vnd.oci.image.layer.v1.tar+gzip", Digest::of("l"), 7, {{"k", "v"}}, ""}};
  manifest.annotations = {{"b", "2"}, {"a", "1"}};
  const std::string text = write_manifest(manifest);
  EXPECT_EQ(text.rfind(R"({"annotations":{"a":"1","b":"2"},"config":{"digest":)", 0), 0U);
  const auto document = read_document(text, std::string(kManifestType));
  ASSERT_TRUE(document.ok()) << document.error().message;
  ASSERT_TRUE(document->manifest);
  EXPECT_EQ(document->manifest->layers, manifest.layers);
  EXPECT_EQ(document->manifest->config, manifest.config);
  EXPECT_EQ(write_manifest(*document->manifest), text);
}

TEST(Documents, IndexRoundTripsWithPlatforms) {
  const std::vector<Descriptor> entries{
      {std::string(kManifestType), Digest::of("1"), 1, {}, "linux/arm/v7"},
      {std::string(kManifestType), Digest::of("2"), 2, {}, "linux/amd64"},
      {std::string(kManifestType), Digest::of("3"), 3, {{"a", "b"}}, ""}};
  const auto document = read_document(write_index(entries), "");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->index, entries);
  EXPECT_FALSE(document->manifest);
}

TEST(Documents, DockerSchema2IsRead) {
  const auto document =
      read_document(manifest_text("application/vnd.docker.image.rootfs.diff.tar.gzip"),
                    std::string(kDockerManifestType) + "; charset=utf-8");
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(document->manifest->layers.size(), 1U);
}

TEST(Documents, RefusesConfusion) {
  const std::string both = R"({"schemaVersion":2,"manifests":[],"layers":[],"config":{}})";
  EXPECT_EQ(code_of(read_document(both, std::string(kIndexType))), ErrorCode::Corrupt);
  EXPECT_EQ(code_of(read_document(both, std::string(kManifestType))), ErrorCode::Corrupt);
  EXPECT_EQ(code_of(read_document(R"({"schemaVersion":2,"manifests":[],"mediaType":")" +
                                      std::string(kIndexType) + "\"}",
                                  std::string(kManifestType))),
            ErrorCode::Corrupt);
  EXPECT_EQ(
      code_of(read_document(R"({"schemaVersion":2,"manifests":[]})", std::string(kManifestType))),
      ErrorCode::Corrupt);
  for (const char* text :
       {"", "null", "[]", "{}", R"({"schemaVersion":"2","manifests":[]})",
        R"({"schemaVersion":2,"manifests":{}})", R"({"schemaVersion":2,"manifests":[1]})",
        R"({"schemaVersion":2,"manifests":[{"digest":"sha256:../x","size":1}]})",
        R"({"schemaVersion":2,"layers":[]})"}) {
    EXPECT_EQ(code_of(read_document(text, "")), ErrorCode::Corrupt) << text;
  }
  std::string upper = manifest_text("application/vnd.oci.image.layer.v1.tar");
  upper.replace(upper.find(kDigest), kDigest.size(), "sha256:" + std::string(64, 'A'));
  EXPECT_EQ(code_of(read_document(upper, "")), ErrorCode::Corrupt);
  std::string negative = manifest_text("application/vnd.oci.image.layer.v1.tar");
  negative.replace(negative.find(R"("size":2)"), 8, R"("size":-2)");
  EXPECT_EQ(code_of(read_document(negative, "")), ErrorCode::Corrupt);
}

TEST(Documents, RefusesByName) {
  const auto schema1 = read_document(R"({"schemaVersion":1,"fsLayers":[],"history":[]})", "");
  ASSERT_EQ(code_of(schema1), ErrorCode::Input);
  EXPECT_NE(schema1.error().message.find("schema 1"), std::string::npos);
  const auto unknown = read_document(manifest_text("application/x-squashfs"), "");
  ASSERT_EQ(code_of(unknown), ErrorCode::Input);
  EXPECT_NE(unknown.error().message.find("application/x-squashfs"), std::string::npos);
  const auto foreign =
      read_document(manifest_text("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), "");
  ASSERT_EQ(code_of(foreign), ErrorCode::Input);
  EXPECT_NE(foreign.error().message.find("Windows"), std::string::npos);
  std::string chart = manifest_text("application/vnd.oci.image.layer.v1.tar");
  chart.replace(chart.find("application/vnd.docker.container.image.v1+json"), 46, "helm");
  EXPECT_EQ(code_of(read_document(chart, "")), ErrorCode::Input);
}

TEST(Documents, DeepNestingIsNoCrash) {
  const std::string deep(200'000, '[');
  EXPECT_FALSE(read_document(deep, "").ok());
  const std::string closed =
      R"({"schemaVersion":2,"manifests":)" + deep + std::string(200'000, ']') + "}";
  EXPECT_FALSE(read_document(closed, "").ok());
}

std::string chosen(const std::vector<std::string>& platforms, const std::string& wanted) {
  std::vector<Descriptor> index;
  index.reserve(platforms.size());
  for (const std::string& platform : platforms) {
    index.push_back({std::string(kManifestType), Digest::of(platform), 1, {}, platform});
  }
  const auto found = select_platform(index, wanted);
  return found ? found->platform : "none";
}

TEST(Platforms, ContainerdsOrder) {
  EXPECT_EQ(chosen({"linux/arm64", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/386", "linux/amd64/v2", "linux/amd64"}, "linux/amd64/v3"),
            "linux/amd64/v2");
  EXPECT_EQ(chosen({"linux/386", "linux/amd64"}, "linux/amd64/v3"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/386"}, "linux/amd64"), "linux/386");
  EXPECT_EQ(chosen({"linux/amd64/v3"}, "linux/amd64"), "none");
  EXPECT_EQ(chosen({"linux/arm/v5", "linux/arm/v6"}, "linux/arm"), "linux/arm/v6");
  EXPECT_EQ(chosen({"linux/arm/v7"}, "linux/arm/v6"), "none");
  EXPECT_EQ(chosen({"linux/arm", "linux/arm/v6"}, "linux/arm/v7"), "linux/arm");
  EXPECT_EQ(chosen({"linux/arm/v7", "linux/arm64/v8"}, "linux/arm64"), "linux/arm64/v8");
  EXPECT_EQ(chosen({"linux/arm/v7"}, "linux/arm64"), "linux/arm/v7");
  EXPECT_EQ(chosen({"linux/x86_64"}, "linux/amd64"), "linux/x86_64");
  EXPECT_EQ(chosen({"windows/amd64"}, "linux/amd64"), "none");
  EXPECT_EQ(chosen({"unknown/unknown"}, "linux/amd64"), "none");
  EXPECT_EQ(chosen({""}, "linux/amd64"), "");
  EXPECT_EQ(chosen({"", ""}, "linux/amd64"), "none");
}

TEST(Platforms, FirstOfEqualsWins) {
  const std::vector<Descriptor> index{
      {std::string(kManifestType), Digest::of("1"), 1, {}, "linux/amd64"},
      {std::string(kManifestType), Digest::of("2"), 1, {}, "linux/amd64"}};
  EXPECT_EQ(select_platform(index, "linux/amd64")->digest, Digest::of("1"));
}

TEST(ChainIds, AreThoseOfTheSpecification) {
  const Digest a = Digest::of("a");
  const Digest b = Digest::of("b");
  const auto chain = chain_ids({a, b});
  EXPECT_EQ(chain.at(0), a);
  EXPECT_EQ(chain.at(1), Digest::of(a.str() + " " + b.str()));
}

}  // namespace
}  // namespace strata::backend::oci
