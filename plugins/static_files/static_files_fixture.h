// StaticFilesTest: the plugin in a fake host, with a folder to serve, and the
// client's side of HTTP.
#ifndef PLUGINS_STATIC_FILES_STATIC_FILES_FIXTURE_H_
#define PLUGINS_STATIC_FILES_STATIC_FILES_FIXTURE_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/loading.h"

namespace cluster {

namespace fs = std::filesystem;

inline constexpr char kEmptyLine[] = "\r\n\r\n";

inline std::string Get(const std::string& target,
                       const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

struct Answer {
  int status = 0;
  std::string head;
  std::string body;

  // The value of a field; "none" if there is none.
  std::string operator[](const std::string& name) const {
    const std::string mark = "\r\n" + name + ": ";
    const size_t at = head.find(mark);
    if (at == std::string::npos) return "none";
    const size_t start = at + mark.size();
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

inline Answer Parse(const std::string& text) {
  Answer answer;
  const size_t end = text.find(kEmptyLine);
  if (end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(text.substr(9, 3));
  answer.head = text.substr(0, end + 2);
  answer.body = text.substr(end + 4);
  return answer;
}

// Reads one answer, by its Content-Length.
inline Answer ReadAnswer(Client& client) {
  Answer answer = Parse(client.ReadUntil(kEmptyLine));
  const std::string size = answer["Content-Length"];
  if (size != "none" && answer.status != 304) {
    answer.body = client.Read(std::stoul(size));
  }
  return answer;
}

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    signal(SIGPIPE, SIG_IGN);  // as in a host
    fs::remove_all(root_);
    fs::create_directories(root_ / "folder/empty");
    Write("a.txt", "0123456789");
    Write("folder/index.html", "<p>index");
    host_.config["root"] = root_;
  }
  ~StaticFilesTest() override {
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
    EXPECT_EQ(host_.watches(), 0u);
    EXPECT_EQ(host_.timers(), 0u);
    EXPECT_EQ(host_.log(), "");
    fs::remove_all(root_);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name) << text;
  }
  std::string WriteMuch(const std::string& name) {
    std::string text;
    for (int i = 0; text.size() < (8u << 20); ++i) text += std::to_string(i);
    Write(name, text);
    return text;
  }

  cluster_status Start(std::function<void()> client) {
    const LoadedPlugin plugin =
        LoadForTest("plugins/static_files/static_files.so");
    return host_.Run(plugin.table, client);
  }
  void Run(std::function<void()> client) {
    EXPECT_EQ(Start(client), CLUSTER_OK);
  }

  // Sends `request` on a connection of its own; returns all that comes.
  std::string AskRaw(const std::string& request) {
    Client client(host_.Connect());
    client.Send(request);
    client.SendEnd();
    return client.ReadToEnd();
  }
  Answer Ask(const std::string& request) { return Parse(AskRaw(request)); }

  const fs::path root_ = fs::path(testing::TempDir()) /
                         ("static_files_" + std::to_string(getpid()));
  FakeHost host_;
};

}  // namespace cluster

#endif  // PLUGINS_STATIC_FILES_STATIC_FILES_FIXTURE_H_
