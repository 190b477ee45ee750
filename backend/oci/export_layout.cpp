// Output to an OCI image layout directory, which other images may share.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "backend/oci/export_parts.h"
#include "backend/store/descriptor_json.h"
#include "backend/system/files.h"
#include "backend/system/json.h"

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
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      return errno_error(path, errno);
    }
  }
  return fd;
}

Result<void> rename_over(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(from.c_str());
    return errno_error(to, error_number);
  }
  return {};
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
  const std::string beside = directory + "/.strata-" + store.build_id();
  if (Result<void> copied = copy_file(store.blob_path(digest), beside); !copied) {
    ::unlink(beside.c_str());
    return copied;
  }
  if (::chmod(beside.c_str(), new_file_mode()) != 0) {
    return errno_error(beside, errno);
  }
  return rename_over(beside, path);
}

Result<void> write_beside(const Store& store, const std::string& path, std::string_view text) {
  const Result<std::string> existing = read_file(path);
  if (existing && *existing == text) {
    return {};
  }
  const std::string beside = path + ".strata-" + store.build_id();
  const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  if (Result<void> written = write_all(fd, text, path); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  return rename_over(beside, path);
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
  STRATA_TRY(write_beside(store, request.dest + "/oci-layout", kLayoutFile));
  const std::string index = request.dest + "/index.json";
  STRATA_ASSIGN(const std::string text,
                merged_index(index, index_entries(request.manifest, request.names)));
  return write_beside(store, index, text);
}

}  // namespace strata::backend::oci
