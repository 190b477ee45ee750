// The resuming download of one blob into the store's partial file.
#include "backend/registry/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "backend/system/fd.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

// So much progress makes up for a broken connection.
constexpr std::uint64_t kProgress = std::uint64_t{1} << 20;
constexpr std::uint64_t kReportStep = std::uint64_t{256} << 10;

class Download {
 public:
  Download(Client& client, const AuthTarget& target, const std::string& what,
           const Descriptor& blob)
      : client_(client), target_(target), what_(what), blob_(blob) {}

  Result<void> run() {
    STRATA_TRY(open());
    bool pieced = done_ > 0;
    std::uint64_t since = done_;
    for (int tries = 0;;) {
      Result<void> transfer = done_ == blob_.size && blob_.size > 0 ? Result<void>() : attempt();
      if (!transfer) {
        if (restart_) {
          // What is there and what the registry would add do not fit together.
          STRATA_TRY(truncate());
        } else if (!resumable_) {
          return transfer;
        }
        tries = done_ >= since + kProgress ? 1 : tries + 1;
        since = done_;
        pieced = pieced || done_ > 0;
        STRATA_TRY(client_.api.back_off(tries, transfer.error()));
        continue;
      }
      file_.reset();
      Result<void> adopted = client_.store.adopt_partial(blob_.digest);
      if (adopted || adopted.error().code != ErrorCode::Corrupt) {
        return adopted;
      }
      if (!pieced) {
        return Error{ErrorCode::Network,
                     what_ + ": the registry sent other bytes: " + adopted.error().message};
      }
      // Old bytes may be to blame: once more, from the first one, in one piece if it can be.
      client_.api.notice(what_ + ": the resumed download is damaged; starting over");
      STRATA_TRY(open());
      STRATA_TRY(truncate());
      pieced = false;
      since = 0;
      tries = 0;
    }
  }

 private:
  Result<void> open() {
    path_ = client_.store.partial_path(blob_.digest);
    file_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_.valid()) {
      return errno_error(path_, errno);
    }
    struct stat status = {};
    if (::fstat(file_.get(), &status) != 0) {
      return errno_error(path_, errno);
    }
    done_ = static_cast<std::uint64_t>(status.st_size);
    return done_ > blob_.size ? truncate() : Result<void>();
  }

  Result<void> truncate() {
    restart_ = false;
    done_ = 0;
    if (::ftruncate(file_.get(), 0) != 0) {
      return errno_error(path_, errno);
    }
    return {};
  }

  // One request; whole when it succeeds. On error restart_ and resumable_ say what can be done.
  Result<void> attempt() {
    restart_ = false;
    resumable_ = false;
    refusal_.reset();
    HttpRequest request;
    request.url = target_.origin + "/v2/" + target_.repository + "/blobs/" + blob_.digest.str();
    // A proxy that compressed it on the way would break Range and digest.
    request.headers.emplace_back("Accept-Encoding", "identity");
    if (done_ > 0) {
      request.headers.emplace_back("Range", "bytes=" + std::to_string(done_) + "-");
    }
    request.on_head = [this](const HttpResponse& head) { return accept_head(head); };
    request.on_body = [this](const char* data, std::size_t size) { return accept(data, size); };
    request.max_body = std::uint64_t{1} << 20;
    const Result<HttpResponse> response =
        client_.api.call(target_, pull_scope(target_.repository), request, Retry::Status);
    if (refusal_) {
      return *refusal_;
    }
    if (!response) {
      resumable_ = response.error().code == ErrorCode::Network;
      return Error{response.error()}.with_context(what_);
    }
    if (response->status == 416 && done_ > 0) {
      restart_ = true;
      return wrong("416, the registry cannot resume");
    }
    if (response->status != 200 && response->status != 206) {
      Error error = client_.api.refused(what_, target_, *response);
      // The manifest promised it: this is the registry's fault, not a misspelt name.
      error.code = ErrorCode::Network;
      return error;
    }
    if (done_ < blob_.size) {
      resumable_ = true;
      return wrong("the registry sent " + std::to_string(done_) + " of " +
                   std::to_string(blob_.size) + " bytes");
    }
    return {};
  }

  bool accept_head(const HttpResponse& head) {
    if (head.status == 206) {
      const std::optional<ContentRange> range = parse_content_range(head.header("content-range"));
      if (!range || range->first != done_ || (range->total && *range->total != blob_.size)) {
        restart_ = true;
        refusal_ = wrong("the registry resumed at another place");
        return false;
      }
      return true;
    }
    if (done_ > 0) {
      // It does not know Range: this answer is the whole blob.
      if (Result<void> result = truncate(); !result) {
        refusal_ = result.error();
        return false;
      }
    }
    return true;
  }

  bool accept(const char* data, std::size_t size) {
    if (done_ + size > blob_.size) {
      refusal_ = wrong("the registry sends more than the " + std::to_string(blob_.size) +
                       " bytes that the manifest says");
      return false;
    }
    for (std::size_t written = 0; written < size;) {
      const ssize_t count = ::pwrite(file_.get(), data + written, size - written,
                                     static_cast<off_t>(done_ + written));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        refusal_ = errno_error(path_, errno);
        return false;
      }
      written += static_cast<std::size_t>(count);
    }
    done_ += size;
    if (client_.options.on_progress && (done_ >= reported_ + kReportStep || done_ == blob_.size)) {
      reported_ = done_;
      client_.options.on_progress(blob_.digest, done_, blob_.size);
    }
    return true;
  }

  [[nodiscard]] Error wrong(const std::string& message) const {
    return Error{ErrorCode::Network, what_ + ": " + message};
  }

  Client& client_;
  const AuthTarget& target_;
  const std::string& what_;
  const Descriptor& blob_;
  std::string path_;
  Fd file_;
  std::uint64_t done_ = 0;
  std::uint64_t reported_ = 0;
  bool restart_ = false;
  bool resumable_ = false;
  // Why our own callbacks stopped a transfer.
  std::optional<Error> refusal_;
};

bool take_number(std::string_view& text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view header) {
  ContentRange range;
  if (!take(header, "bytes ") || !take_number(header, range.first) || !take(header, "-") ||
      !take_number(header, range.last) || !take(header, "/") || range.last < range.first) {
    return std::nullopt;
  }
  if (header == "*") {
    return range;
  }
  std::uint64_t total = 0;
  if (!take_number(header, total) || !header.empty() || range.last >= total) {
    return std::nullopt;
  }
  range.total = total;
  return range;
}

Result<void> download_blob(Client& client, const AuthTarget& target, const std::string& what,
                           const Descriptor& blob) {
  return Download(client, target, what, blob).run();
}

}  // namespace strata::backend
