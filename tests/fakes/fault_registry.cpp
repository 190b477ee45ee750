// A registry that misbehaves on demand.
#include "tests/fakes/fault_registry.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "ir/base/digest.h"
#include "ir/base/text.h"
#include "tests/fakes/http_server.h"

namespace strata::test {
namespace {

using nlohmann::json;
using Options = FaultRegistryOptions;

std::string query_value(const std::string& target, const std::string& name) {
  const std::size_t query = target.find('?');
  std::size_t at = query == std::string::npos ? query : target.find(name + "=", query);
  if (at == std::string::npos) {
    return "";
  }
  at += name.size() + 1;
  std::string out;
  for (; at < target.size() && target[at] != '&'; ++at) {
    if (target[at] == '%' && at + 2 < target.size()) {
      out += static_cast<char>(std::stoi(target.substr(at + 1, 2), nullptr, 16));
      at += 2;
    } else {
      out += target[at];
    }
  }
  return out;
}

std::vector<std::string> all_query_values(const std::string& target, const std::string& name) {
  std::vector<std::string> values;
  std::string rest = target;
  while (true) {
    const std::string value = query_value(rest, name);
    if (value.empty()) {
      return values;
    }
    values.push_back(value);
    const std::size_t at = rest.find(name + "=", rest.find('?'));
    rest = "?" + rest.substr(at + name.size() + 1);
  }
}

ServerResponse error(int status, const std::string& code, const std::string& message) {
  ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = json{{"errors", {{{"code", code}, {"message", message}}}}}.dump();
  return response;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace

struct FaultRegistry::State {
  struct StoredManifest {
    std::string bytes;
    std::string media_type;
  };
  struct Repository {
    std::map<std::string, std::string> blobs;
    std::map<std::string, StoredManifest> manifests;  // by tag and by digest
  };

  Options options;
  std::mutex mutex;
  std::vector<Fault> faults;
  std::vector<RecordedRequest> requests;
  std::map<std::string, Repository> repositories;
  std::map<std::string, std::string> sessions;                // id → repository
  std::map<std::string, std::pair<std::string, int>> tokens;  // token → scopes, uses
  int counter = 0;
  std::string self;
  // Last, so that it stops first.
  std::unique_ptr<HttpServer> server;

  ServerResponse handle(const ServerRequest& request);
  std::optional<Fault> take_fault(const ServerRequest& request);
  ServerResponse apply(const Fault& fault, const ServerRequest& request);
  std::optional<ServerResponse> refuse(const ServerRequest& request);
  ServerResponse token(const ServerRequest& request);
  ServerResponse route(const ServerRequest& request);
  ServerResponse manifests(const ServerRequest& request, const std::string& repository,
                           const std::string& name);
  ServerResponse blobs(const ServerRequest& request, const std::string& repository,
                       const std::string& digest);
  ServerResponse start_upload(const ServerRequest& request, const std::string& repository);
  ServerResponse finish_upload(const ServerRequest& request, const std::string& repository,
                               const std::string& session);
};

ServerResponse FaultRegistry::State::handle(const ServerRequest& request) {
  const std::lock_guard lock(mutex);
  requests.push_back({request.method, request.target, request.headers, request.body});
  if (const std::optional<Fault> fault = take_fault(request)) {
    return apply(*fault, request);
  }
  return route(request);
}

std::optional<Fault> FaultRegistry::State::take_fault(const ServerRequest& request) {
  for (Fault& fault : faults) {
    const bool about_range =
        fault.kind == Fault::Kind::StaleRange || fault.kind == Fault::Kind::IgnoreRange;
    if (fault.times > 0 && (fault.method.empty() || fault.method == request.method) &&
        request.target.find(fault.target) != std::string::npos &&
        (!about_range || request.headers.count("range") > 0)) {
      --fault.times;
      return fault;
    }
  }
  return std::nullopt;
}

ServerResponse FaultRegistry::State::apply(const Fault& fault, const ServerRequest& request) {
  ServerResponse response;
  switch (fault.kind) {
    case Fault::Kind::Status:
      response.status = fault.status;
      response.headers = fault.headers;
      response.body = fault.body;
      return response;
    case Fault::Kind::Redirect:
      response.status = 307;
      response.headers.emplace_back("Location", fault.body + request.target);
      return response;
    case Fault::Kind::HangUp:
      response.end = ServerResponse::End::NoAnswer;
      return response;
    case Fault::Kind::LoseAnswer:
      response = route(request);
      response.end = ServerResponse::End::NoAnswer;
      return response;
    case Fault::Kind::Silent:
      response.end = ServerResponse::End::Silent;
      return response;
    case Fault::Kind::Drip:
      response = route(request);
      response.end = ServerResponse::End::Drip;
      return response;
    case Fault::Kind::IgnoreRange: {
      ServerRequest whole = request;
      whole.headers.erase("range");
      return route(whole);
    }
    case Fault::Kind::StaleRange: {
      ServerRequest stale = request;
      stale.headers["range"] = "bytes=" + std::to_string(fault.bytes) + "-";
      return route(stale);
    }
    case Fault::Kind::Truncate:
      response = route(request);
      response.claimed = response.body.size();
      response.body.resize(std::min<std::size_t>(response.body.size(), fault.bytes));
      response.end = ServerResponse::End::Close;
      return response;
    case Fault::Kind::WrongBytes:
      response = route(request);
      if (!response.body.empty()) {
        response.body.back() = static_cast<char>(response.body.back() ^ 1);
      }
      return response;
    case Fault::Kind::ExtraBytes:
      response = route(request);
      response.body.append(fault.bytes, 'x');
      return response;
    case Fault::Kind::ContentType:
      response = route(request);
      for (auto& [name, value] : response.headers) {
        if (name == "Content-Type") {
          value = fault.body;
        }
      }
      return response;
  }
  return response;
}

// The answer to a request without the right to what it asks for.
std::optional<ServerResponse> FaultRegistry::State::refuse(const ServerRequest& request) {
  const auto found = request.headers.find("authorization");
  const std::string sent = found == request.headers.end() ? "" : found->second;
  if (options.presigned == Options::Presigned::Yes && !sent.empty()) {
    return error(400, "InvalidArgument", "only one auth mechanism allowed");
  }
  ServerResponse refused = error(401, "UNAUTHORIZED", "authentication required");
  if (options.auth == Options::Auth::Basic) {
    if (sent == "Basic " + base64_encode(options.username + ":" + options.password)) {
      return std::nullopt;
    }
    refused.headers.emplace_back("WWW-Authenticate", "Basic realm=\"fault\"");
    return refused;
  }
  if (options.auth == Options::Auth::None || request.target == "/v2/") {
    return std::nullopt;
  }
  const std::string path = request.target.substr(0, request.target.find('?'));
  const std::size_t end = std::min(path.find("/blobs/"), path.find("/manifests/"));
  const std::string repository = path.substr(4, end == std::string::npos ? end : end - 4);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  std::vector<std::string> wanted = {"repository:" + repository + (reads ? ":pull" : ":pull,push")};
  const std::string from = query_value(request.target, "from");
  if (!from.empty()) {
    wanted.push_back("repository:" + from + ":pull");
  }
  const auto token = tokens.find(sent.starts_with("Bearer ") ? sent.substr(7) : "");
  if (token != tokens.end() && (options.token_uses == 0 || token->second.second > 0)) {
    const bool enough = std::all_of(wanted.begin(), wanted.end(), [&](const std::string& scope) {
      return token->second.first.find(" " + scope) != std::string::npos;
    });
    if (enough) {
      --token->second.second;
      return std::nullopt;
    }
  }
  std::string scope;
  for (const std::string& one : wanted) {
    scope += (scope.empty() ? "" : " ") + one;
  }
  refused.headers.emplace_back("WWW-Authenticate",
                               "Bearer realm=\"" +
                                   (options.realm.empty() ? self + "/token" : options.realm) +
                                   "\",service=\"fault\",scope=\"" + scope + "\"");
  return refused;
}

ServerResponse FaultRegistry::State::token(const ServerRequest& request) {
  std::vector<std::string> scopes = all_query_values(request.target, "scope");
  const auto sent = request.headers.find("authorization");
  bool known = sent != request.headers.end() &&
               sent->second == "Basic " + base64_encode(options.username + ":" + options.password);
  if (request.method == "POST") {
    // An identity token is the password here.
    known = query_value("?" + request.body, "refresh_token") == options.password;
    scopes.clear();
    std::string rest = query_value("?" + request.body, "scope");
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      scopes.push_back(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
  } else if (sent != request.headers.end() && !known) {
    return error(401, "UNAUTHORIZED", "wrong user or password");
  }
  std::string granted;
  for (const std::string& scope : scopes) {
    if (known || (options.anonymous == Options::Anonymous::MayPull && scope.ends_with(":pull"))) {
      granted += " " + scope;
    }
  }
  const std::string name = "token" + std::to_string(++counter);
  tokens[name] = {granted, options.token_uses};
  ServerResponse response;
  response.body =
      json{{request.method == "POST" ? "access_token" : "token", name}, {"expires_in", 300}}.dump();
  return response;
}

ServerResponse FaultRegistry::State::route(const ServerRequest& request) {
  if (request.target.starts_with("/token")) {
    return token(request);
  }
  if (std::optional<ServerResponse> refused = refuse(request)) {
    return *std::move(refused);
  }
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/v2/") {
    return ServerResponse{};
  }
  for (const std::string part : {"/blobs/uploads/", "/blobs/", "/manifests/"}) {
    const std::size_t at = path.find(part);
    if (!path.starts_with("/v2/") || at == std::string::npos) {
      continue;
    }
    const std::string repository = path.substr(4, at - 4);
    const std::string name = path.substr(at + part.size());
    if (part == "/manifests/") {
      return manifests(request, repository, name);
    }
    if (part == "/blobs/") {
      return blobs(request, repository, name);
    }
    return request.method == "POST" ? start_upload(request, repository)
                                    : finish_upload(request, repository, name);
  }
  return error(404, "UNSUPPORTED", "no such endpoint");
}

ServerResponse FaultRegistry::State::manifests(const ServerRequest& request,
                                               const std::string& repository,
                                               const std::string& name) {
  Repository& place = repositories[repository];
  ServerResponse response;
  if (request.method == "PUT") {
    const std::string digest = Digest::of(request.body).str();
    const StoredManifest stored{request.body, request.headers.at("content-type")};
    place.manifests[digest] = stored;
    place.manifests[name] = stored;
    response.status = 201;
    response.headers.emplace_back("Docker-Content-Digest", digest);
    return response;
  }
  const auto found = place.manifests.find(name);
  if (found == place.manifests.end()) {
    return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }
  response.headers.emplace_back("Content-Type", found->second.media_type);
  response.headers.emplace_back("Docker-Content-Digest", Digest::of(found->second.bytes).str());
  response.body = found->second.bytes;
  return response;
}

ServerResponse FaultRegistry::State::blobs(const ServerRequest& request,
                                           const std::string& repository,
                                           const std::string& digest) {
  const Repository& place = repositories[repository];
  const auto found = place.blobs.find(digest);
  if (found == place.blobs.end()) {
    return error(404, "BLOB_UNKNOWN", "blob unknown to registry");
  }
  ServerResponse response;
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  response.body = found->second;
  const auto range = request.headers.find("range");
  if (range != request.headers.end() && range->second.starts_with("bytes=")) {
    const std::size_t first = std::stoull(range->second.substr(6));
    if (first >= response.body.size()) {
      return error(416, "RANGE_INVALID", "range not satisfiable");
    }
    response.status = 206;
    response.headers.emplace_back("Content-Range", "bytes " + std::to_string(first) + "-" +
                                                       std::to_string(response.body.size() - 1) +
                                                       "/" + std::to_string(response.body.size()));
    response.body.erase(0, first);
  }
  return response;
}

ServerResponse FaultRegistry::State::start_upload(const ServerRequest& request,
                                                  const std::string& repository) {
  const std::string from = query_value(request.target, "from");
  const std::string mounted = query_value(request.target, "mount");
  if (!mounted.empty() && options.mount == Options::Mount::Refuse) {
    return error(403, "DENIED", "no access to the source");
  }
  ServerResponse response;
  if (!mounted.empty() && options.mount == Options::Mount::Take) {
    const auto& source = repositories[from].blobs;
    if (const auto blob = source.find(mounted); blob != source.end()) {
      repositories[repository].blobs[mounted] = blob->second;
      response.status = 201;
      return response;
    }
  }
  const std::string session = "session" + std::to_string(++counter);
  sessions[session] = repository;
  const std::string path = "/v2/" + repository + "/blobs/uploads/" + session;
  response.status = 202;
  switch (options.location) {
    case Options::Location::Absolute:
      response.headers.emplace_back("Location", self + path);
      break;
    case Options::Location::Relative:
      response.headers.emplace_back("Location", path);
      break;
    case Options::Location::WithQuery:
      response.headers.emplace_back("Location", path + "?_state=a%2Fb%3D");
      break;
  }
  return response;
}

ServerResponse FaultRegistry::State::finish_upload(const ServerRequest& request,
                                                   const std::string& repository,
                                                   const std::string& session) {
  const auto found = sessions.find(session);
  if (request.method != "PUT" || found == sessions.end() || found->second != repository) {
    return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  }
  if (options.location == Options::Location::WithQuery &&
      query_value(request.target, "_state") != "a/b=") {
    return error(400, "BLOB_UPLOAD_INVALID", "the state is lost");
  }
  sessions.erase(found);
  const std::string digest = query_value(request.target, "digest");
  if (Digest::of(request.body).str() != digest) {
    return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  repositories[repository].blobs[digest] = request.body;
  ServerResponse response;
  response.status = 201;
  response.headers.emplace_back("Docker-Content-Digest", digest);
  return response;
}

FaultRegistry::FaultRegistry(FaultRegistryOptions options) : state_(std::make_unique<State>()) {
  const std::uint16_t port = options.port;
  state_->options = std::move(options);
  State* const state = state_.get();
  // Requests wait on the mutex until the server's own name is known.
  const std::lock_guard lock(state->mutex);
  state_->server = std::make_unique<HttpServer>(
      port, [state](const ServerRequest& request) { return state->handle(request); });
  state_->self = url();
}

FaultRegistry::~FaultRegistry() = default;

std::uint16_t FaultRegistry::port() const { return state_->server->port(); }

std::string FaultRegistry::host() const { return "127.0.0.1:" + std::to_string(port()); }

void FaultRegistry::add(Fault fault) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.push_back(std::move(fault));
}

std::string FaultRegistry::put_blob(const std::string& repository, const std::string& bytes) {
  const std::lock_guard lock(state_->mutex);
  std::string digest = Digest::of(bytes).str();
  state_->repositories[repository].blobs[digest] = bytes;
  return digest;
}

std::string FaultRegistry::put_manifest(const std::string& repository, const std::string& tag,
                                        const std::string& bytes, const std::string& media_type) {
  const std::lock_guard lock(state_->mutex);
  std::string digest = Digest::of(bytes).str();
  auto& manifests = state_->repositories[repository].manifests;
  manifests[digest] = {bytes, media_type};
  if (!tag.empty()) {
    manifests[tag] = {bytes, media_type};
  }
  return digest;
}

bool FaultRegistry::load_layout(const std::string& directory, const std::string& repository,
                                const std::string& tag) {
  const auto blob = [&](const std::string& digest) {
    return read_file(directory + "/blobs/sha256/" + digest.substr(digest.find(':') + 1));
  };
  const std::optional<std::string> top = read_file(directory + "/index.json");
  json todo =
      top ? json::parse(*top, nullptr, false).value("manifests", json::array()) : json::array();
  if (todo.empty()) {
    return false;
  }
  std::string name = tag;
  while (!todo.empty()) {
    const json entry = todo.front();
    todo.erase(todo.begin());
    const std::optional<std::string> bytes = blob(entry.at("digest"));
    if (!bytes) {
      return false;
    }
    put_manifest(repository, name, *bytes, entry.at("mediaType"));
    name.clear();
    const json document = json::parse(*bytes);
    for (const json& child : document.value("manifests", json::array())) {
      todo.push_back(child);
    }
    json blobs = document.value("layers", json::array());
    if (document.contains("config")) {
      blobs.push_back(document["config"]);
    }
    for (const json& one : blobs) {
      const std::optional<std::string> content = blob(one.at("digest"));
      if (!content) {
        return false;
      }
      put_blob(repository, *content);
    }
  }
  return true;
}

std::vector<RecordedRequest> FaultRegistry::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int FaultRegistry::count(const std::string& method, const std::string& part) const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<int>(std::count_if(
      state_->requests.begin(), state_->requests.end(), [&](const RecordedRequest& request) {
        return request.method == method && request.target.find(part) != std::string::npos;
      }));
}

bool FaultRegistry::has_blob(const std::string& repository, const std::string& digest) const {
  const std::lock_guard lock(state_->mutex);
  return state_->repositories[repository].blobs.count(digest) > 0;
}

std::string FaultRegistry::manifest(const std::string& repository, const std::string& tag) const {
  const std::lock_guard lock(state_->mutex);
  return state_->repositories[repository].manifests[tag].bytes;
}

void FaultRegistry::forget_requests() {
  const std::lock_guard lock(state_->mutex);
  state_->requests.clear();
}

}  // namespace strata::test
