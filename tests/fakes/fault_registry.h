#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace strata::test {

// What a registry may do wrong. Faults apply to requests that match, in the order given, each so
// often as it says; then the registry behaves.
struct Fault {
  enum class Kind {
    // Answers with `status`, `headers` and `body`.
    Status,
    // Right headers, then closes the connection after `bytes` of the body.
    Truncate,
    // The right length, but the last byte is wrong.
    WrongBytes,
    // `bytes` more than there are, with a length to match.
    ExtraBytes,
    // Says `body` as Content-Type.
    ContentType,
    // Answers a Range request with 206 from another offset.
    StaleRange,
    // Answers a Range request with 200 and the whole.
    IgnoreRange,
    // Answers 307 to `body` + the request's target.
    Redirect,
    // Closes the connection without an answer.
    HangUp,
    // Does what was asked and then closes without an answer.
    LoseAnswer,
    // Keeps the connection and never answers.
    Silent,
    // Right headers, then a byte now and then, without end.
    Drip,
  };
  Kind kind = Kind::Status;
  // A request's method ("" is any) and a part of its target.
  std::string method;
  std::string target;
  int times = 1;
  int status = 500;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::uint64_t bytes = 0;
};

struct RecordedRequest {
  std::string method;
  std::string target;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct FaultRegistryOptions {
  enum class Auth { None, Basic, Bearer };
  enum class Location { Absolute, Relative, WithQuery };
  enum class Mount { Take, OpenSession, Refuse };
  Auth auth = Auth::None;
  std::string username = "alice";
  std::string password = "secret";
  // Bearer: whether a token for pulling is given without credentials.
  enum class Anonymous { MayPull, Nothing };
  Anonymous anonymous = Anonymous::MayPull;
  // Bearer: requests that one token serves before it has expired (0: any number).
  int token_uses = 0;
  // The realm to name; "" is this server's own /token.
  std::string realm;
  Location location = Location::Absolute;
  Mount mount = Mount::Take;
  // Answers 400 to any request with an Authorization header, as S3 does.
  enum class Presigned { No, Yes };
  Presigned presigned = Presigned::No;
  std::uint16_t port = 0;
};

// A registry (distribution-spec 1.1: pull, push, mount; no referrers) on 127.0.0.1, in threads of
// this process, with faults.
class FaultRegistry {
 public:
  explicit FaultRegistry(FaultRegistryOptions options = {});
  ~FaultRegistry();
  FaultRegistry(const FaultRegistry&) = delete;
  FaultRegistry& operator=(const FaultRegistry&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // 127.0.0.1:port
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::string url() const { return "http://" + host(); }

  void add(Fault fault);
  // Puts content there. The digest is the content's.
  std::string put_blob(const std::string& repository, const std::string& bytes);
  std::string put_manifest(const std::string& repository, const std::string& tag,
                           const std::string& bytes, const std::string& media_type);
  // All images of an OCI layout directory, under one name; false when it cannot be read.
  bool load_layout(const std::string& directory, const std::string& repository,
                   const std::string& tag);

  [[nodiscard]] std::vector<RecordedRequest> requests() const;
  // How many requests had this method and a target that holds `part`.
  [[nodiscard]] int count(const std::string& method, const std::string& part) const;
  [[nodiscard]] bool has_blob(const std::string& repository, const std::string& digest) const;
  [[nodiscard]] std::string manifest(const std::string& repository, const std::string& tag) const;
  void forget_requests();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata::test
