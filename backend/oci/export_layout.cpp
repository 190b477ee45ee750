// Output to an OCI image layout directory, which other images may share.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "backend/oci/export_parts.h"
#include "backend/store/descriptor_json.h"
#include "backend/system/files.h"
#include "backend/system/json.h"
#include "backend/system/temporary_file.h"
#include "backend/system/wait_ready.h"

namespace strata::backend::oci {
namespace {

using nlohmann::json;

constexpr const char* kRefName = "org.opencontainers.image.ref.name";

// Two exports into one layout take turns; freed when closed.
Result<Fd> lock_directory(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return errno_error(path, errno);
    }
    STRATA_TRY(pause_briefly());
  }
  return fd;
}

// By reflink or copy, never by hard link: whoever changes the export must not change the store.
Result<void> export_blob(const Store& store, const Digest& digest, const std::string& directory) {
  const std::string path = directory + "/" + digest.hex();
  STRATA_ASSIGN(const bool is_there, store.verify_copy(path, digest));
  if (is_there) {
    return {};
  }
  STRATA_ASSIGN(const bool is_right, store.verify_blob(digest));
  if (!is_right) {
    return Error{ErrorCode::Corrupt,
                 "blob " + digest.str() + ": is missing or damaged in the store"};
  }
  STRATA_ASSIGN(TemporaryFile file, TemporaryFile::beside(path, 0666));
  STRATA_TRY(copy_file(store.blob_path(digest), file.fd(), path));
  return file.put();
}

// A link at its place is replaced, not followed: others may write to a layout.
Result<void> write_text(const std::string& path, std::string_view text) {
  const Result<std::string> existing = read_file(path);
  if (existing && *existing == text) {
    return {};
  }
  STRATA_ASSIGN(TemporaryFile file, TemporaryFile::beside(path, 0666));
  STRATA_TRY(write_all(file.fd(), text, path));
  return file.put();
}

std::string ref_name(const json& entry) {
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object() || !annotations->contains(kRefName) ||
      !annotations->at(kRefName).is_string()) {
    return "";
  }
  return annotations->at(kRefName).get<std::string>();
}

// The index with these entries in it: they replace those of the same name, or without a name the
// one of the same digest. What others wrote is kept as it is.
Result<std::string> merged_index(const std::string& path, const std::vector<Descriptor>& entries) {
  json index;
  const Result<std::string> text = read_file(path);
  if (text) {
    index = parse_json(*text);
    if (!index.is_object() || !index.contains("manifests") || !index["manifests"].is_array()) {
      return Error{ErrorCode::Input, fmt::format("`{}` is no index of an OCI image layout", path)};
    }
  } else if (text.error().code != ErrorCode::NotFound) {
    return text.error();
  } else {
    index["mediaType"] = kIndexType;
    index["schemaVersion"] = 2;
  }
  json manifests = json::array();
  for (const json& old : index["manifests"].is_array() ? index["manifests"] : json::array()) {
    const bool replaced = std::any_of(entries.begin(), entries.end(), [&](const Descriptor& entry) {
      const std::string name = entry.annotations.empty() ? "" : entry.annotations.back().second;
      const bool same_digest =
          old.is_object() && old.contains("digest") && old["digest"] == entry.digest.str();
      return old.is_object() && ref_name(old) == name && (!name.empty() || same_digest);
    });
    if (!replaced) {
      manifests.push_back(old);
    }
  }
  for (const Descriptor& entry : entries) {
    CanonicalJson out;
    write_descriptor(out, entry);
    manifests.push_back(parse_json(out.text()));
  }
  index["manifests"] = std::move(manifests);
  return index.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Result<void> export_oci_layout(const Store& store, const ExportRequest& request) {
  const std::string blobs_directory = request.dest + "/blobs/sha256";
  STRATA_ASSIGN(const auto blobs, blobs_of(store, request.manifest));
  STRATA_TRY(make_directories(blobs_directory));
  STRATA_ASSIGN(const Fd guard, lock_directory(request.dest));
  for (const auto& [digest, descriptor] : blobs) {
    STRATA_TRY(export_blob(store, digest, blobs_directory));
  }
  STRATA_TRY(write_text(request.dest + "/oci-layout", kLayoutFile));
  const std::string index = request.dest + "/index.json";
  STRATA_ASSIGN(const std::string text,
                merged_index(index, index_entries(request.manifest, request.names)));
  return write_text(index, text);
}

}  // namespace strata::backend::oci
