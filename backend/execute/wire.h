#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/execute/executor.h"
#include "backend/execute/runtime.h"

namespace strata::backend {

// What travels between the executor's two halves: small packets with descriptors, over a
// SOCK_SEQPACKET pair. A request's text is in a memfd, so its size is bounded by memory alone; the
// reply comes over a socket of the request's own, so nobody has to sort replies.
struct Packet {
  std::string data;
  std::vector<Fd> fds;
};

// Never raises SIGPIPE.
[[nodiscard]] Result<void> send_packet(const Fd& socket, std::string_view data,
                                       const std::vector<int>& fds);
// nullopt: the other side has closed.
[[nodiscard]] Result<std::optional<Packet>> receive_packet(const Fd& socket);
// Two connected sockets.
struct SocketPair {
  Fd first;
  Fd second;
};
[[nodiscard]] Result<SocketPair> make_socket_pair();

// A RunSpec as bytes in a memfd, and back.
[[nodiscard]] Result<Fd> pack_spec(const RunSpec& spec);
[[nodiscard]] Result<RunSpec> unpack_spec(const Fd& memory);

// A reply as bytes, and back.
[[nodiscard]] std::string pack_reply(const Result<RunOutcome>& reply);
[[nodiscard]] Result<RunOutcome> unpack_reply(const std::string& data);

// The runtime that was chosen, or why there is none.
[[nodiscard]] std::string pack_runtime(const Result<Runtime>& runtime);
[[nodiscard]] Result<Runtime> unpack_runtime(const std::string& data);

// The first byte of a request.
inline constexpr std::string_view kRunRequest = "run";
inline constexpr std::string_view kPrepareRequest = "prepare";
// Its number follows.
inline constexpr std::string_view kSignalRequest = "signal ";
inline constexpr std::string_view kCancelRequest = "cancel";

}  // namespace strata::backend
