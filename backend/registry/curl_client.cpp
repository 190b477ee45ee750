// The HttpClient over libcurl: a pool of easy handles, each with its live connections.
#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <mutex>

#include "backend/registry/http.h"
#include "backend/registry/redirect.h"
#include "backend/registry/url.h"
#include "backend/system/files.h"
#include "ir/base/check.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr int kMaxRedirects = 5;
constexpr long kConnectSeconds = 15;
constexpr long kLowSpeedBytes = 10;
constexpr long kLowSpeedSeconds = 60;
// A registry may hash or copy a whole blob between its last byte and the answer.
constexpr long kUploadIdleSeconds = 300;

// Keeps a SIGPIPE of OpenSSL's write() from ending the process, and from reaching anyone later.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  ~SigpipeGuard() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec now{};
      while (sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// One transfer's state behind the C callbacks.
struct Transfer {
  const HttpRequest* request = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  HttpResponse response;
  Fd upload;
  bool head_given = false;
  bool too_long = false;

  bool deliver(const char* data, std::size_t size) {
    const bool success = response.status >= 200 && response.status < 300;
    if (success && !head_given) {
      head_given = true;
      if (request->on_head && !request->on_head(response)) {
        return false;
      }
    }
    if (success && request->on_body) {
      return size == 0 || request->on_body(data, size);
    }
    if (response.body.size() + size > request->max_body) {
      too_long = true;
      return false;
    }
    response.body.append(data, size);
    return true;
  }
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::size_t on_header(const char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line = trim({data, size});
  if (line.starts_with("HTTP/")) {
    // A new answer: the one after a 100 or a proxy's CONNECT replaces what came before it.
    transfer.response.headers.clear();
    const std::size_t space = line.find(' ');
    transfer.response.status =
        space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers.emplace(ascii_lower(line.substr(0, colon)),
                                      std::string(trim(line.substr(colon + 1))));
  }
  return size;
}

// Our callbacks may throw; that must not unwind through C.
std::size_t on_write(const char* data, std::size_t, std::size_t size, void* user) {
  try {
    return static_cast<Transfer*>(user)->deliver(data, size) ? size : 0;
  } catch (...) {
    return 0;
  }
}

std::size_t on_read(char* data, std::size_t, std::size_t size, void* user) {
  const ssize_t count = ::read(static_cast<Transfer*>(user)->upload.get(), data, size);
  return count < 0 ? std::size_t{CURL_READFUNC_ABORT} : static_cast<std::size_t>(count);
}

int on_seek(void* user, curl_off_t offset, int origin) {
  return ::lseek(static_cast<Transfer*>(user)->upload.get(), offset, origin) < 0
             ? CURL_SEEKFUNC_FAIL
             : CURL_SEEKFUNC_OK;
}

int on_tick(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->cancelled->load(std::memory_order_relaxed) ? 1 : 0;
}

class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }
  void add(const std::string& line) {
    curl_slist* const longer = curl_slist_append(list_, line.c_str());
    STRATA_CHECK(longer != nullptr, "out of memory");
    list_ = longer;
  }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// Whether the same request may fare better later.
bool is_permanent(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_WRITE_ERROR:
    case CURLE_READ_ERROR:
      return true;
    default:
      return false;
  }
}

class CurlClient final : public HttpClient {
 public:
  CurlClient() {
    // Thread-safe only once per process; a function-local static gives both.
    static const CURLcode kInitialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    STRATA_CHECK(kInitialized == CURLE_OK, "libcurl does not start");
    share_ = curl_share_init();
    STRATA_CHECK(share_ != nullptr, "out of memory");
    curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, &CurlClient::lock_share);
    curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, &CurlClient::unlock_share);
    curl_share_setopt(share_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient() override {
    const SigpipeGuard guard;
    for (CURL* const handle : idle_) {
      curl_easy_cleanup(handle);
    }
    curl_share_cleanup(share_);
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    HttpRequest current = request;
    for (int redirects = 0;; ++redirects) {
      STRATA_ASSIGN(HttpResponse response, send_once(current));
      response.final_url = current.url;
      if (!request.follow_redirects) {
        return response;
      }
      STRATA_ASSIGN(std::optional<HttpRequest> next, next_request(current, response));
      if (!next) {
        return response;
      }
      if (redirects == kMaxRedirects) {
        return Error{ErrorCode::Input, request.url + ": more than 5 redirects"};
      }
      current = *std::move(next);
    }
  }

  void cancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool cancelled() const override {
    return cancelled_.load(std::memory_order_relaxed);
  }

 private:
  static void lock_share(CURL*, curl_lock_data data, curl_lock_access, void* user) {
    static_cast<CurlClient*>(user)->share_locks_[data].lock();
  }
  static void unlock_share(CURL*, curl_lock_data data, void* user) {
    static_cast<CurlClient*>(user)->share_locks_[data].unlock();
  }

  CURL* take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      CURL* const handle = curl_easy_init();
      STRATA_CHECK(handle != nullptr, "out of memory");
      return handle;
    }
    CURL* const handle = idle_.back();
    idle_.pop_back();
    return handle;
  }

  void give_back(CURL* handle) {
    // Keeps the connections and forgets everything else.
    curl_easy_reset(handle);
    const std::lock_guard lock(mutex_);
    idle_.push_back(handle);
  }

  Result<HttpResponse> send_once(const HttpRequest& request) {
    if (cancelled()) {
      return Error{ErrorCode::Interrupted, request.url + ": interrupted"};
    }
    const std::optional<Url> url = Url::parse(request.url);
    if (!url) {
      return Error{ErrorCode::Input, request.url + ": not an http(s) URL"};
    }
    Transfer transfer;
    transfer.request = &request;
    transfer.cancelled = &cancelled_;
    const SigpipeGuard guard;
    CURL* const handle = take();
    HeaderList headers;
    std::array<char, CURL_ERROR_SIZE> detail{};
    set_common(handle, *url, transfer, detail.data());
    Result<void> body = set_body(handle, request, transfer);
    if (!body) {
      give_back(handle);
      return std::move(body).error();
    }
    set_headers(handle, request, headers);
    const CURLcode code = curl_easy_perform(handle);
    give_back(handle);
    if (code == CURLE_OK) {
      // An answer without a body still has its head.
      if (!transfer.deliver("", 0)) {
        return Error{ErrorCode::Input, request.url + ": the answer was refused"};
      }
      return std::move(transfer.response);
    }
    return failure(request, transfer, code, detail.data());
  }

  [[nodiscard]] Error failure(const HttpRequest& request, const Transfer& transfer, CURLcode code,
                              const char* detail) const {
    if (code == CURLE_ABORTED_BY_CALLBACK && cancelled()) {
      return Error{ErrorCode::Interrupted, request.url + ": interrupted"};
    }
    if (transfer.too_long) {
      return Error{ErrorCode::Input,
                   request.url + ": the answer is longer than " + human_size(request.max_body)};
    }
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
    return Error{is_permanent(code) ? ErrorCode::Input : ErrorCode::Network,
                 url_origin(request.url) + ": " + text};
  }

  static std::string url_origin(const std::string& text) {
    const std::optional<Url> url = Url::parse(text);
    return url ? url->origin() : text;
  }

  void set_common(CURL* handle, const Url& url, Transfer& transfer, char* detail) {
    curl_easy_setopt(handle, CURLOPT_URL, url.str().c_str());
    curl_easy_setopt(handle, CURLOPT_SHARE, share_);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // A Location is opaque, dots in its path included.
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kLowSpeedBytes);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                     transfer.request->body_file.empty() ? kLowSpeedSeconds : kUploadIdleSeconds);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "strata");
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_tick);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
    if (is_loopback_host(url.host)) {
      // A proxy's loopback is another machine's; Go's clients skip it too.
      curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    }
    // The curl tool reads these; the library does not.
    if (const char* const file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') {
      curl_easy_setopt(handle, CURLOPT_CAINFO, file);
    }
    if (const char* const folder = std::getenv("SSL_CERT_DIR");
        folder != nullptr && *folder != '\0') {
      curl_easy_setopt(handle, CURLOPT_CAPATH, folder);
    }
  }

  static Result<void> set_body(CURL* handle, const HttpRequest& request, Transfer& transfer) {
    if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (!request.body_file.empty()) {
      STRATA_ASSIGN(transfer.upload, open_read(request.body_file));
      struct stat status = {};
      if (::fstat(transfer.upload.get(), &status) != 0) {
        return errno_error(request.body_file, errno);
      }
      curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t{status.st_size});
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, &on_read);
      curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
      curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, &on_seek);
      curl_easy_setopt(handle, CURLOPT_SEEKDATA, &transfer);
    } else if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    return {};
  }

  static void set_headers(CURL* handle, const HttpRequest& request, HeaderList& headers) {
    bool has_type = false;
    for (const auto& [name, value] : request.headers) {
      std::string line = name;
      line += ": ";
      line += value;
      headers.add(line);
      has_type = has_type || ascii_iequals(name, "Content-Type");
    }
    if (!has_type) {
      // libcurl would claim a form.
      headers.add("Content-Type:");
    }
    // No round trip before each upload.
    headers.add("Expect:");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  }

  std::atomic<bool> cancelled_ = false;
  CURLSH* share_ = nullptr;
  std::array<std::mutex, CURL_LOCK_DATA_LAST> share_locks_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client() { return std::make_unique<CurlClient>(); }

}  // namespace strata::backend
