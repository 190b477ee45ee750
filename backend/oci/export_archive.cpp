// Outputs that are one tar: OCI archive, docker archive, flattened root.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "backend/layer/layer.h"
#include "backend/oci/export_parts.h"
#include "backend/store/descriptor_json.h"
#include "backend/system/files.h"
#include "ir/base/canonical_json.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

class FdSink final : public ByteSink {
 public:
  FdSink(const Fd& fd, std::string name) : fd_(&fd), name_(std::move(name)) {}
  Result<void> write(const void* data, std::size_t size) override {
    return write_all(*fd_, {static_cast<const char*>(data), size}, name_);
  }

 private:
  const Fd* fd_;
  std::string name_;
};

Result<void> write_to(const TreeWithContent& members, const Fd& fd, const std::string& name) {
  FdSink sink(fd, name);
  return write_tar(*members.tree, *members.content, sink);
}

// Reads both to the end, or to the first difference.
Result<bool> same_bytes(const Fd& a, const Fd& b) {
  struct stat first {};
  struct stat second {};
  if (::fstat(a.get(), &first) != 0 || ::fstat(b.get(), &second) != 0 ||
      first.st_size != second.st_size) {
    return false;
  }
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  std::vector<char> left(kBuffer);
  std::vector<char> right(kBuffer);
  for (off_t offset = 0; offset < first.st_size;) {
    const ssize_t size = ::pread(a.get(), left.data(), kBuffer, offset);
    if (size <= 0 ||
        ::pread(b.get(), right.data(), static_cast<std::size_t>(size), offset) != size) {
      return errno_error("comparing archives", errno);
    }
    const auto length = static_cast<std::size_t>(size);
    if (std::string_view(left.data(), length) != std::string_view(right.data(), length)) {
      return false;
    }
    offset += size;
  }
  return true;
}

Result<void> replace_file(const TreeWithContent& members, const std::string& dest) {
  std::string beside = dest + ".strata-XXXXXX";
  const Fd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(dest, errno);
  }
  // mkstemp makes it 0600; an output has the mode of any new file.
  Result<void> written = write_to(members, fd, dest);
  if (written && ::fchmod(fd.get(), new_file_mode()) != 0) {
    written = errno_error(dest, errno);
  }
  if (written) {
    const Result<Fd> existing = open_read(dest);
    const Result<bool> same = existing ? same_bytes(fd, *existing) : Result<bool>(false);
    if ((same && *same) || ::rename(beside.c_str(), dest.c_str()) == 0) {
      if (same && *same) {
        ::unlink(beside.c_str());
      }
      return {};
    }
    written = errno_error(dest, errno);
  }
  ::unlink(beside.c_str());
  return written;
}

}  // namespace

Result<void> write_archive(const TreeWithContent& members, const std::string& dest) {
  if (dest == "-") {
    Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    return out.valid() ? write_to(members, out, "standard output")
                       : Result<void>(errno_error("standard output", errno));
  }
  struct stat status {};
  const bool is_there = ::stat(dest.c_str(), &status) == 0;
  if (is_there && S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::Input, fmt::format("`{}` is a directory, not an archive", dest)};
  }
  if (is_there && !S_ISREG(status.st_mode)) {
    // A pipe or a device is written to, not replaced.
    const Fd out(::open(dest.c_str(), O_WRONLY | O_CLOEXEC));
    return out.valid() ? write_to(members, out, dest) : Result<void>(errno_error(dest, errno));
  }
  return replace_file(members, dest);
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
