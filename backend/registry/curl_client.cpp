// The HttpClient over libcurl: a pool of easy handles, each with its live connections.
#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>

#include "backend/registry/answer_reader.h"
#include "backend/registry/http.h"
#include "backend/registry/redirect.h"
#include "backend/registry/upload_body.h"
#include "backend/registry/url.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "ir/base/check.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr int kMaxRedirects = 5;
constexpr std::uint64_t kUploadBytesASecond = std::uint64_t{32} << 20;
constexpr std::uint64_t kAnswerBytesASecond = std::uint64_t{64} << 10;

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

using Clock = std::chrono::steady_clock;

// One transfer's state behind the C callbacks.
struct Transfer {
  explicit Transfer(const HttpRequest& what) : request(what), answer(what) {}
  const HttpRequest& request;
  const HttpClient* client = nullptr;
  AnswerReader answer;
  std::optional<UploadBody> upload;
  // How long it may be too slow.
  int slow_seconds = 0;
};

// Our callbacks may throw; that must not unwind through C.
std::size_t on_header(const char* data, std::size_t, std::size_t size, void* user) {
  try {
    return static_cast<Transfer*>(user)->answer.take_head_line({data, size}) ? size : 0;
  } catch (...) {
    return 0;
  }
}

std::size_t on_write(const char* data, std::size_t, std::size_t size, void* user) {
  try {
    return static_cast<Transfer*>(user)->answer.take_body(data, size) ? size : 0;
  } catch (...) {
    return 0;
  }
}

std::size_t on_read(char* data, std::size_t, std::size_t size, void* user) {
  return static_cast<Transfer*>(user)
      ->upload->read(data, size)
      .value_or(std::size_t{CURL_READFUNC_ABORT});
}

// Only ever back to the start, to send it again on another connection.
int on_seek(void* user, curl_off_t offset, int origin) {
  const bool to_start = offset == 0 && origin == SEEK_SET;
  return to_start && static_cast<Transfer*>(user)->upload->rewind() ? CURL_SEEKFUNC_OK
                                                                    : CURL_SEEKFUNC_FAIL;
}

int on_tick(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->client->cancelled() ? 1 : 0;
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
  explicit CurlClient(HttpLimits limits) : limits_(limits) {
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
        return Error{ErrorCode::Input,
                     std::string(without_query(request.url)) + ": more than 5 redirects"};
      }
      current = *std::move(next);
    }
  }

  void cancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool cancelled() const override {
    return cancelled_.load(std::memory_order_relaxed) || interrupted();
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
    const std::string shown(without_query(request.url));
    if (cancelled()) {
      return Error{ErrorCode::Interrupted, shown + ": interrupted"};
    }
    const std::optional<Url> url = Url::parse(request.url);
    if (!url) {
      return Error{ErrorCode::Input, shown + ": not an http(s) URL"};
    }
    Transfer transfer(request);
    transfer.client = this;
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
    set_limits(handle, transfer);
    const Clock::time_point began = Clock::now();
    const CURLcode code = curl_easy_perform(handle);
    give_back(handle);
    if (code == CURLE_OK) {
      note_answer(url->origin());
      if (!transfer.answer.finish()) {
        return Error{ErrorCode::Input, shown + ": the answer was refused"};
      }
      return std::move(transfer.answer.response());
    }
    return failure(transfer, code, detail.data(), began);
  }

  Error failure(const Transfer& transfer, CURLcode code, const char* detail,
                Clock::time_point began) {
    const HttpRequest& request = transfer.request;
    const std::string shown(without_query(request.url));
    const std::string origin = Url::parse(request.url)->origin();
    if (code == CURLE_ABORTED_BY_CALLBACK && cancelled()) {
      return Error{ErrorCode::Interrupted, shown + ": interrupted"};
    }
    if (transfer.upload && transfer.upload->is_damaged()) {
      return Error{ErrorCode::Corrupt, request.body_file + ": its bytes are damaged"};
    }
    if (const std::optional<std::uint64_t> limit = transfer.answer.exceeded()) {
      return Error{ErrorCode::Input, shown + ": the answer is longer than " + human_size(*limit)};
    }
    const bool given_up =
        code == CURLE_OPERATION_TIMEDOUT && is_given_up(origin, silent_from(transfer, began));
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
    return Error{is_permanent(code) || given_up ? ErrorCode::Input : ErrorCode::Network,
                 origin + ": " + text};
  }

  // Since when nothing useful came. What streams was well until it became too slow.
  static Clock::time_point silent_from(const Transfer& transfer, Clock::time_point began) {
    const bool streams = transfer.request.on_body || transfer.upload.has_value();
    return streams ? std::max(began, Clock::now() - std::chrono::seconds(transfer.slow_seconds))
                   : began;
  }

  void note_answer(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    silent_since_.erase(origin);
  }

  bool is_given_up(const std::string& origin, Clock::time_point silent_from) {
    const std::lock_guard lock(mutex_);
    const Clock::time_point since = silent_since_.try_emplace(origin, silent_from).first->second;
    return Clock::now() - since > std::chrono::seconds(limits_.patience_seconds);
  }

  void set_limits(CURL* handle, Transfer& transfer) const {
    const HttpRequest& request = transfer.request;
    const bool writes = request.method != "GET" && request.method != "HEAD";
    transfer.slow_seconds =
        limits_.slow_seconds * (writes ? 2 : 1) +
        (transfer.upload ? static_cast<int>(transfer.upload->size() / kUploadBytesASecond) : 0);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, long{limits_.connect_seconds});
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, long{limits_.min_rate});
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, long{transfer.slow_seconds});
    if (!request.on_body && !transfer.upload.has_value()) {
      const std::uint64_t more = (request.body.size() + request.max_body) / kAnswerBytesASecond;
      curl_easy_setopt(handle, CURLOPT_TIMEOUT, limits_.answer_seconds + static_cast<long>(more));
    }
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
    // An interrupted transfer does not wait for a name server that is silent.
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
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
      STRATA_ASSIGN(Fd file, open_read(request.body_file));
      struct stat status = {};
      if (::fstat(file.get(), &status) != 0) {
        return errno_error(request.body_file, errno);
      }
      transfer.upload.emplace(std::move(file), static_cast<std::uint64_t>(status.st_size),
                              request.body_digest);
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

  const HttpLimits limits_;
  std::atomic<bool> cancelled_ = false;
  CURLSH* share_ = nullptr;
  std::array<std::mutex, CURL_LOCK_DATA_LAST> share_locks_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
  // Hosts that were too slow when last asked.
  std::map<std::string, Clock::time_point> silent_since_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client(HttpLimits limits) {
  return std::make_unique<CurlClient>(limits);
}

}  // namespace strata::backend
