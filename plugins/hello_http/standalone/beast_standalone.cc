// beast_standalone: the HTTP server of the plugin hello_http without a host.
//
// N forked processes, one thread each, each with a listening socket of its own
// on one port (SO_REUSEPORT), or with --shared all on one listening socket, as
// the host's data path `share`. What the host costs is the difference to this:
// the same session code, no primary, no hand-off, nothing balanced.
//
//   beast_standalone --listen=127.0.0.1:8080 --workers=2
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/hello_http/http_session.h"
#include "plugins/hello_http/responses.h"
#include "plugins/hello_http/session_list.h"

namespace cluster::hello_http {
namespace {

using boost::asio::ip::tcp;

using ReusePort =
    boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

class TcpStream {
 public:
  explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {}
  TcpStream(TcpStream&&) = default;
  ~TcpStream() { Close(); }

  tcp::socket& socket() { return socket_; }

  void Close() {
    if (!socket_.is_open()) return;
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

void Listen(tcp::acceptor& acceptor,
            const tcp::endpoint& endpoint,
            bool reuse_port) {
  acceptor.open(endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  acceptor.set_option(ReusePort(reuse_port));
  acceptor.bind(endpoint);
  acceptor.listen(4096);
}

class Server {
 public:
  // Takes the listening socket. `io_context` is the acceptor's.
  Server(boost::asio::io_context& io_context,
         tcp::acceptor acceptor,
         int worker)
      : acceptor_(std::move(acceptor)),
        responses_(worker,
                   "hello from worker " + std::to_string(worker) + "\n"),
        sessions_(io_context) {
    Accept();
  }

 private:
  void Accept() {
    acceptor_.async_accept(
        [this](boost::system::error_code error, tcp::socket socket) {
          if (!error) {
            HttpSession<TcpStream>::Start(
                responses_, sessions_, TcpStream(std::move(socket)));
          }
          Accept();
        });
  }

  tcp::acceptor acceptor_;
  const Responses responses_;
  SessionList sessions_;
};

struct Options {
  tcp::endpoint listen;
  int workers = 1;
  bool shared = false;
};

template <typename Number>
bool Parse(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool ParseListen(std::string_view text, tcp::endpoint& endpoint) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return false;
  uint16_t port = 0;
  boost::system::error_code error;
  const auto address =
      boost::asio::ip::make_address(std::string(text.substr(0, colon)), error);
  if (error || !Parse(text.substr(colon + 1), port)) return false;
  endpoint = tcp::endpoint(address, port);
  return true;
}

bool ParseOptions(int argc, char** argv, Options& options) {
  bool listens = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.starts_with("--listen=")) {
      listens = ParseListen(argument.substr(9), options.listen);
    } else if (argument == "--shared") {
      options.shared = true;
    } else if (!argument.starts_with("--workers=") ||
               !Parse(argument.substr(10), options.workers)) {
      return false;
    }
  }
  return listens && options.workers >= 1 && options.workers <= 1024;
}

// `shared_fd` is the listening socket of all; -1: the worker opens its own.
int RunWorker(const Options& options, int shared_fd, int worker) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  try {
    boost::asio::io_context io_context(1);
    tcp::acceptor acceptor(io_context);
    if (shared_fd < 0) {
      Listen(acceptor, options.listen, true);
    } else {
      acceptor.assign(options.listen.protocol(), shared_fd);
    }
    Server server(io_context, std::move(acceptor), worker);
    io_context.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "beast_standalone: %s\n", error.what());
    return 1;
  }
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: beast_standalone --listen=ADDRESS:PORT [--workers=N] "
                 "[--shared]\n");
    return 2;
  }
  int shared_fd = -1;
  if (options.shared) {
    boost::asio::io_context unused;
    tcp::acceptor acceptor(unused);
    Listen(acceptor, options.listen, false);
    shared_fd = acceptor.release();
  }
  for (int worker = 1; worker <= options.workers; ++worker) {
    const pid_t pid = fork();
    if (pid == 0) _exit(RunWorker(options, shared_fd, worker));
    if (pid < 0) {
      std::perror("beast_standalone: fork");
      return 1;
    }
  }
  // One that fails ends all: its siblings get SIGTERM when this process goes.
  int status = 0;
  wait(&status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace
}  // namespace cluster::hello_http

int main(int argc, char** argv) {
  try {
    return cluster::hello_http::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "beast_standalone: %s\n", error.what());
    return 1;
  }
}
