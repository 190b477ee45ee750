// Outputs that are one tar: OCI archive, docker archive, flattened root.
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "backend/layer/layer.h"
#include "backend/oci/export_parts.h"
#include "backend/store/descriptor_json.h"
#include "backend/system/output_file.h"
#include "ir/base/canonical_json.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

class OutputSink final : public ByteSink {
 public:
  explicit OutputSink(OutputFile& file) : file_(&file) {}
  Result<void> write(const void* data, std::size_t size) override {
    return file_->write({static_cast<const char*>(data), size});
  }

 private:
  OutputFile* file_;
};

}  // namespace

Result<void> write_archive(const TreeWithContent& members, const std::string& dest) {
  STRATA_ASSIGN(OutputFile file, OutputFile::open(dest));
  OutputSink sink(file);
  STRATA_TRY(write_tar(*members.tree, *members.content, sink));
  return file.finish(OutputFile::SameBytes::Keep);
}

Result<void> export_oci_archive(const Store& store, const ExportRequest& request) {
  STRATA_ASSIGN(const auto blobs, blobs_of(store, request.manifest));
  std::map<std::string, std::string> files;
  files["index.json"] = write_index(index_entries(request.manifest, request.names));
  files["oci-layout"] = kLayoutFile;
  return write_blob_archive(store, blobs, std::move(files), request.dest);
}

Result<void> export_docker_archive(const Store& store, const ExportRequest& request) {
  // docker's list has no platforms: an index stands for its image of this machine.
  STRATA_ASSIGN(const std::optional<Image> image, load_image(store, request.manifest));
  if (!image) {
    return Error{ErrorCode::NotFound,
                 "image " + request.manifest.digest.str() + ": is not in the store"};
  }
  STRATA_ASSIGN(const auto blobs, blobs_of(store, image->manifest_descriptor));
  CanonicalJson json;
  json.begin_array().begin_object();
  json.key("Config").string("blobs/sha256/" + image->manifest.config.digest.hex());
  json.key("Layers").begin_array();
  for (const Descriptor& layer : image->manifest.layers) {
    json.string("blobs/sha256/" + layer.digest.hex());
  }
  json.end_array().key("RepoTags").begin_array();
  for (const std::string& name : request.names) {
    const std::optional<ir::Reference> reference = ir::Reference::parse(name);
    json.string(utf8_lossy(reference ? reference->str() : name));
  }
  json.end_array().end_object().end_array();
  std::map<std::string, std::string> files;
  files["index.json"] = write_index(index_entries(image->manifest_descriptor, request.names));
  files["manifest.json"] = json.take();
  files["oci-layout"] = kLayoutFile;
  return write_blob_archive(store, blobs, std::move(files), request.dest);
}

Result<void> export_tar(Store& store, const ExportRequest& request) {
  STRATA_ASSIGN(const TreeWithContent root, flatten(store, request.manifest));
  return write_archive(root, request.dest);
}

}  // namespace strata::backend::oci
