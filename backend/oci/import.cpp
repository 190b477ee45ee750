// `strata import`: finds out what it was given, and names what came in.
#include "backend/oci/import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "backend/layer/layer.h"
#include "backend/oci/archive_kind.h"
#include "backend/oci/import_parts.h"
#include "backend/oci/layer_trees.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "ir/reference.h"

namespace strata::backend::oci {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::uint64_t kMaxDocument = std::uint64_t{64} << 20;

Result<Imported> import_archive(Store& store, const ImportRequest& request, ArchiveKind kind) {
  STRATA_ASSIGN(const std::string directory, store.new_scratch("import"));
  STRATA_ASSIGN(const Fd file, open_read(request.path));
  STRATA_TRY(unpack_archive(file, directory));
  Result<Imported> imported = kind == ArchiveKind::OciLayout
                                  ? import_layout(store, request, directory)
                                  : import_docker(store, request, directory);
  STRATA_TRY(remove_tree(directory));
  return imported;
}

// An image comes with a config of its own, which its digest is of.
Result<void> check_for_image(const ImportRequest& request) {
  if (request.config == ir::Config() && request.created == 0) {
    return {};
  }
  return Error{
      ErrorCode::Input,
      fmt::format("`{}` is an image, whose config stays as it is; changes and `created` are "
                  "for the tar of a root file system",
                  request.path)};
}

Result<Imported> import_any(Store& store, const ImportRequest& request) {
  struct stat status {};
  if (::stat(request.path.c_str(), &status) != 0) {
    return errno_error(request.path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    if (!exists(request.path + "/oci-layout") || !exists(request.path + "/index.json")) {
      return Error{ErrorCode::Input,
                   fmt::format("`{}`: a directory, but no OCI image layout", request.path)};
    }
    STRATA_TRY(check_for_image(request));
    return import_layout(store, request, request.path);
  }
  // A device or a pipe may have no end, and cannot be read twice.
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::Input,
                 fmt::format("`{}`: neither a regular file nor a directory", request.path)};
  }
  STRATA_ASSIGN(const ArchiveKind kind, archive_kind(request.path));
  if (kind == ArchiveKind::Root) {
    return import_root(store, request);
  }
  STRATA_TRY(check_for_image(request));
  return import_archive(store, request, kind);
}

// What was asked for and what came in are one.
Result<void> check_imported(const ImportRequest& request, const Image& image) {
  const ir::Platform wanted = ir::split_platform(request.platform);
  const ir::ImageConfig& config = image.config;
  if (!request.platform.empty() &&
      (wanted.os != config.os || wanted.architecture != config.architecture)) {
    return Error{ErrorCode::Input,
                 fmt::format("`{}` is an image for {}/{}, not for {}", request.path, config.os,
                             config.architecture, request.platform)};
  }
  const auto reference = ir::Reference::parse(request.name);
  const Digest& digest = image.manifest_descriptor.digest;
  if (reference && reference->digest && *reference->digest != digest) {
    return Error{ErrorCode::Input, fmt::format("`{}` cannot be the name of this image, whose "
                                               "digest is {}",
                                               request.name, digest.str())};
  }
  return {};
}

// The normalized name to set; "" when there is none. A bare tag, as layouts have it, is no name.
Result<std::string> name_for(const ImportRequest& request, const Imported& imported) {
  if (!request.name.empty()) {
    const std::optional<ir::Reference> reference = ir::Reference::parse(request.name);
    if (!reference) {
      return Error{ErrorCode::Input, fmt::format("`{}` is no image name", request.name)};
    }
    return reference->str();
  }
  const bool is_bare_tag = imported.name.find_first_of("/:") == std::string::npos;
  const std::optional<ir::Reference> reference =
      is_bare_tag ? std::nullopt : ir::Reference::parse(imported.name);
  return reference ? reference->str() : std::string();
}

}  // namespace

Result<Fd> open_inside(const std::string& directory, const std::string& path) {
  const Fd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return errno_error(directory, errno);
  }
  struct open_how how {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  if (!fd.valid()) {
    return errno_error(directory + "/" + path, errno);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::Input, fmt::format("`{}/{}`: not a regular file", directory, path)};
  }
  return fd;
}

Result<std::string> read_inside(const std::string& directory, const std::string& path) {
  STRATA_ASSIGN(const Fd fd, open_inside(directory, path));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 ||
      static_cast<std::uint64_t>(status.st_size) > kMaxDocument) {
    return Error{ErrorCode::Corrupt, fmt::format("`{}`: more than 64 MiB", path)};
  }
  return read_all(fd, path);
}

Result<Descriptor> put_file(Store& store, const Fd& file, const std::string& media_type,
                            const std::optional<Digest>& expected) {
  STRATA_ASSIGN(const std::unique_ptr<Store::BlobWriter> writer, store.new_blob());
  std::vector<char> buffer(kBuffer);
  for (;;) {
    STRATA_TRY(check_interrupted());
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return errno_error("blob", errno);
    }
    if (size == 0) {
      return writer->commit(media_type, expected);
    }
    STRATA_TRY(writer->write(buffer.data(), static_cast<std::size_t>(size)));
  }
}

Result<Descriptor> import_image(Store& store, const ImportRequest& request) {
  STRATA_ASSIGN(const Imported imported, import_any(store, request));
  STRATA_ASSIGN(const std::string name, name_for(request, imported));
  STRATA_ASSIGN(const std::optional<Image> image, load_image(store, imported.manifest));
  if (!image) {
    return Error{ErrorCode::Corrupt, "image " + imported.manifest.digest.str() + ": is not whole"};
  }
  STRATA_TRY(check_imported(request, *image));
  // Checks every diffID, and leaves the trees that a build asks for.
  STRATA_TRY(layer_trees(store, *image));
  Descriptor manifest = image->manifest_descriptor;
  manifest.annotations.clear();
  const ir::ImageConfig& config = image->config;
  manifest.platform = ir::Platform{config.os, config.architecture, config.variant}.str();
  if (!name.empty()) {
    STRATA_TRY(store.set_ref(name, manifest));
  }
  return manifest;
}

}  // namespace strata::backend::oci
