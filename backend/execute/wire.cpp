// wire.h: packets with descriptors, and the CBOR (it holds any bytes) that they carry.
#include "backend/execute/wire.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "backend/system/files.h"

namespace strata::backend {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaximumPacket = std::size_t{64} << 10;
constexpr std::size_t kMaximumDescriptors = 8;
// A message is cut to this, so that a reply always fits into a packet.
constexpr std::size_t kMaximumMessage = std::size_t{16} << 10;

std::string to_bytes(const Json& json) {
  const std::vector<std::uint8_t> bytes = Json::to_cbor(json);
  return {bytes.begin(), bytes.end()};
}

Json spec_to_json(const RunSpec& spec) {
  Json binds = Json::array();
  for (const RunSpec::Bind& bind : spec.binds) {
    binds.push_back({bind.source, bind.target, static_cast<int>(bind.access)});
  }
  Json tmpfs = Json::array();
  for (const RunSpec::Tmpfs& one : spec.tmpfs) {
    tmpfs.push_back({one.target, one.options});
  }
  return {{"lowers", spec.lowers},
          {"scratch", spec.scratch},
          {"args", spec.args},
          {"env", spec.env},
          {"cwd", spec.cwd},
          {"uid", spec.uid},
          {"gid", spec.gid},
          {"groups", spec.groups},
          {"home", spec.home},
          {"network", spec.network},
          {"hostname", spec.hostname},
          {"epoch", spec.epoch},
          {"binds", binds},
          {"tmpfs", tmpfs},
          {"read_only", spec.read_only},
          {"terminal", static_cast<int>(spec.terminal)}};
}

RunSpec spec_from_json(const Json& json) {
  RunSpec spec;
  json.at("lowers").get_to(spec.lowers);
  json.at("scratch").get_to(spec.scratch);
  json.at("args").get_to(spec.args);
  json.at("env").get_to(spec.env);
  json.at("cwd").get_to(spec.cwd);
  json.at("uid").get_to(spec.uid);
  json.at("gid").get_to(spec.gid);
  json.at("groups").get_to(spec.groups);
  json.at("home").get_to(spec.home);
  json.at("network").get_to(spec.network);
  json.at("hostname").get_to(spec.hostname);
  json.at("epoch").get_to(spec.epoch);
  for (const Json& bind : json.at("binds")) {
    spec.binds.push_back({.source = bind.at(0).get<std::string>(),
                          .target = bind.at(1).get<std::string>(),
                          .access = static_cast<RunSpec::Bind::Access>(bind.at(2).get<int>())});
  }
  for (const Json& one : json.at("tmpfs")) {
    spec.tmpfs.push_back(
        {.target = one.at(0).get<std::string>(), .options = one.at(1).get<ir::Strings>()});
  }
  json.at("read_only").get_to(spec.read_only);
  spec.terminal = static_cast<RunSpec::Terminal>(json.at("terminal").get<int>());
  return spec;
}

std::string pack_error(const Error& error) {
  return to_bytes({{"code", static_cast<int>(error.code)},
                   {"message", error.message.substr(0, kMaximumMessage)}});
}

Error unpack_error(const Json& json) {
  return {static_cast<ErrorCode>(json.at("code").get<int>()),
          json.at("message").get<std::string>()};
}

}  // namespace

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return errno_error("socketpair", errno);
  }
  return SocketPair{.first = Fd(fds[0]), .second = Fd(fds[1])};
}

Result<void> send_packet(const Fd& socket, std::string_view data, const std::vector<int>& fds) {
  STRATA_CHECK(data.size() <= kMaximumPacket && fds.size() <= kMaximumDescriptors,
               "a packet is too large");
  std::string buffer(data);
  iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaximumDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    const std::size_t bytes = fds.size() * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), fds.data(), bytes);
  }
  while (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) {
      return errno_error("executor", errno);
    }
  }
  return {};
}

Result<std::optional<Packet>> receive_packet(const Fd& socket) {
  std::string buffer(kMaximumPacket, '\0');
  iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaximumDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno != ECONNRESET) {
    return errno_error("executor", errno);
  }
  if (size <= 0) {
    return std::optional<Packet>();
  }
  Packet packet;
  packet.data = buffer.substr(0, static_cast<std::size_t>(size));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      packet.fds.emplace_back(fd);
    }
  }
  return std::optional<Packet>(std::move(packet));
}

Result<Fd> pack_spec(const RunSpec& spec) {
  Fd memory(::memfd_create("strata-run", MFD_CLOEXEC));
  if (!memory.valid()) {
    return errno_error("memfd_create", errno);
  }
  STRATA_TRY(write_all(memory, to_bytes(spec_to_json(spec)), "memfd"));
  if (::lseek(memory.get(), 0, SEEK_SET) != 0) {
    return errno_error("memfd", errno);
  }
  return memory;
}

Result<RunSpec> unpack_spec(const Fd& memory) {
  STRATA_ASSIGN(const std::string bytes, read_all(memory, "memfd"));
  try {
    return spec_from_json(Json::from_cbor(bytes));
  } catch (const Json::exception& exception) {
    return Error{ErrorCode::Io, std::string("executor request: ") + exception.what()};
  }
}

std::string pack_reply(const Result<RunOutcome>& reply) {
  if (reply.ok()) {
    return to_bytes({{"exit", reply->exit_code}, {"signal", reply->signal}});
  }
  return pack_error(reply.error());
}

Result<RunOutcome> unpack_reply(const std::string& data) {
  try {
    const Json json = Json::from_cbor(data);
    if (json.contains("code")) {
      return unpack_error(json);
    }
    return RunOutcome{.exit_code = json.at("exit").get<int>(),
                      .signal = json.at("signal").get<int>()};
  } catch (const Json::exception& exception) {
    return Error{ErrorCode::Io, std::string("executor reply: ") + exception.what()};
  }
}

std::string pack_runtime(const Result<Runtime>& runtime) {
  if (!runtime) {
    return pack_error(runtime.error());
  }
  return to_bytes({{"name", runtime->name},
                   {"path", runtime->path},
                   {"processes", static_cast<int>(runtime->processes)}});
}

Result<Runtime> unpack_runtime(const std::string& data) {
  try {
    const Json json = Json::from_cbor(data);
    if (json.contains("code")) {
      return unpack_error(json);
    }
    return Runtime{
        .name = json.at("name").get<std::string>(),
        .path = json.at("path").get<std::string>(),
        .processes = static_cast<BundleFacts::Processes>(json.at("processes").get<int>())};
  } catch (const Json::exception& exception) {
    return Error{ErrorCode::Io, std::string("executor report: ") + exception.what()};
  }
}

}  // namespace strata::backend
