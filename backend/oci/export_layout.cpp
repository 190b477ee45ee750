// Output to an OCI image layout directory, which other images may share.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/oci/export_parts.h"
#include "backend/store/descriptor_json.h"
#include "backend/store/outgoing.h"
#include "backend/system/file_lock.h"
#include "backend/system/files.h"
#include "backend/system/temporary_file.h"
#include "ir/base/parse_json.h"

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
  STRATA_TRY(lock_file(fd, LOCK_EX, path));
  return fd;
}

// The directories of a layout; those that are new and stay empty go when the export fails.
class LayoutDirectories {
 public:
  ~LayoutDirectories() {
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
      (void)::rmdir(path->c_str());
    }
  }
  LayoutDirectories() = default;
  LayoutDirectories(const LayoutDirectories&) = delete;
  LayoutDirectories& operator=(const LayoutDirectories&) = delete;

  Result<void> make(const std::string& layout) {
    for (const char* below : {"", "/blobs", "/blobs/sha256"}) {
      const std::string path = layout + below;
      const bool is_new = !exists(path);
      STRATA_TRY(make_directories(path));
      if (is_new) {
        made_.push_back(path);
      }
    }
    return {};
  }
  void keep() { made_.clear(); }

 private:
  std::vector<std::string> made_;
};

// By reflink or copy, never by hard link: whoever changes the export must not change the store.
Result<void> export_blob(const Store& store, const Digest& digest, const std::string& directory) {
  const std::string path = directory + "/" + digest.hex();
  STRATA_ASSIGN(const bool is_there, store.verify_copy(path, digest));
  if (is_there) {
    return {};
  }
  STRATA_ASSIGN(TemporaryFile file, TemporaryFile::beside(path, 0666));
  Result<void> copied = copy_file(store.blob_path(digest), file.fd(), path);
  if (copied) {
    copied = check_copy(store, digest, file.fd(), path);
  }
  if (!copied) {
    if (copied.error().code == ErrorCode::Interrupted) {
      return copied;
    }
    // A blob that the disk cannot give back is damaged too.
    STRATA_ASSIGN(const bool is_right, store.rehash_blob(digest));
    return is_right ? copied : blob_error(digest);
  }
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

std::string annotation(const json& entry, const char* name) {
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object()) {
    return "";
  }
  const auto found = annotations->find(name);
  return found != annotations->end() && found->is_string() ? found->get<std::string>() : "";
}

// An entry as an export without a name writes it. What others attach to an image (signatures, say)
// has an artifact type or annotations.
bool is_plain_image(const json& entry) {
  const std::string type = entry.value("mediaType", json()).is_string()
                               ? entry["mediaType"].get<std::string>()
                               : std::string();
  return (type == kManifestType || type == kIndexType || type == kDockerManifestType ||
          type == kDockerListType) &&
         std::all_of(entry.items().begin(), entry.items().end(), [](const auto& member) {
           return member.key() == "mediaType" || member.key() == "digest" ||
                  member.key() == "size" || member.key() == "platform";
         });
}

// Whether `entry` takes the place of `old`: that of the same name, or the one without a name.
bool replaces(const Descriptor& entry, const json& old) {
  if (!old.is_object()) {
    return false;
  }
  const std::string name = entry.annotations.empty() ? "" : entry.annotations.back().second;
  const std::string old_name = annotation(old, kRefName);
  if (!name.empty() || !old_name.empty()) {
    return name == old_name;
  }
  return is_plain_image(old) || (old.contains("digest") && old["digest"] == entry.digest.str());
}

// The index with these entries in it. What others wrote is kept as it is.
Result<std::string> merged_index(const std::string& path, const std::vector<Descriptor>& entries) {
  json index;
  const Result<std::string> text = read_file(path);
  if (text) {
    Result<json> document = parse_json(*text);
    if (!document || !document->is_object() || !document->contains("manifests") ||
        !document->at("manifests").is_array()) {
      return Error{ErrorCode::Input, fmt::format("`{}` is no index of an OCI image layout{}", path,
                                                 document ? "" : ": " + document.error().message)};
    }
    index = *std::move(document);
  } else if (text.error().code != ErrorCode::NotFound) {
    return text.error();
  } else {
    index["mediaType"] = kIndexType;
    index["schemaVersion"] = 2;
  }
  json manifests = json::array();
  for (const json& old : index["manifests"].is_array() ? index["manifests"] : json::array()) {
    const bool replaced = std::any_of(entries.begin(), entries.end(), [&](const Descriptor& entry) {
      return replaces(entry, old);
    });
    if (!replaced) {
      manifests.push_back(old);
    }
  }
  for (const Descriptor& entry : entries) {
    CanonicalJson out;
    write_descriptor(out, entry);
    STRATA_ASSIGN(json written, parse_json(out.text()));
    manifests.push_back(std::move(written));
  }
  index["manifests"] = std::move(manifests);
  return index.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Result<void> export_oci_layout(const Store& store, const ExportRequest& request) {
  const std::string blobs_directory = request.dest + "/blobs/sha256";
  STRATA_ASSIGN(const auto blobs, blobs_of(store, request.manifest));
  LayoutDirectories directories;
  STRATA_TRY(directories.make(request.dest));
  STRATA_ASSIGN(const Fd guard, lock_directory(request.dest));
  for (const auto& [digest, descriptor] : blobs) {
    STRATA_TRY(export_blob(store, digest, blobs_directory));
  }
  STRATA_TRY(write_text(request.dest + "/oci-layout", kLayoutFile));
  const std::string index = request.dest + "/index.json";
  STRATA_ASSIGN(const std::string text,
                merged_index(index, index_entries(request.manifest, request.names)));
  STRATA_TRY(write_text(index, text));
  directories.keep();
  return {};
}

}  // namespace strata::backend::oci
