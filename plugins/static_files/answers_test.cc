#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "plugins/static_files/static_files_fixture.h"
#include "plugins/testing/client.h"

namespace cluster {
namespace {

// ---- Files

TEST_F(StaticFilesTest, SendsFile) {
  Run([&] {
    const Answer answer = Ask(Get("/a.txt"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "0123456789");
    EXPECT_EQ(answer["Content-Length"], "10");
    EXPECT_EQ(answer["Content-Type"], "text/plain; charset=utf-8");
    EXPECT_EQ(answer["X-Content-Type-Options"], "nosniff");
    EXPECT_EQ(answer["Accept-Ranges"], "bytes");
    EXPECT_TRUE(answer["Date"].ends_with(" GMT"));
    EXPECT_TRUE(answer["Last-Modified"].ends_with(" GMT"));
    EXPECT_EQ(answer["Cache-Control"], "none");
    EXPECT_EQ(answer["Vary"], "none");
    EXPECT_EQ(answer["Connection"], "none");
  });
}

TEST_F(StaticFilesTest, SendsEmptyFile) {
  Write("empty", "");
  Run([&] {
    const Answer answer = Ask(Get("/empty", "Range: bytes=0-\r\n"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer["Content-Length"], "0");
    EXPECT_EQ(answer.body, "");
  });
}

TEST_F(StaticFilesTest, HeadIsGetWithoutBody) {
  Run([&] {
    for (const char* target : {"/a.txt", "/folder/", "/nothing"}) {
      const std::string get = AskRaw(Get(target));
      std::string request = Get(target);
      const std::string head = AskRaw(request.replace(0, 3, "HEAD"));
      EXPECT_EQ(Parse(head)["Content-Length"], Parse(get)["Content-Length"]);
      EXPECT_EQ(Parse(head)["ETag"], Parse(get)["ETag"]);
      EXPECT_EQ(Parse(head).status, Parse(get).status);
      EXPECT_TRUE(head.ends_with(kEmptyLine)) << head;
    }
  });
}

TEST_F(StaticFilesTest, MaxAgeIsSaid) {
  host_.config["max_age"] = "3600";
  Run([&] {
    EXPECT_EQ(Ask(Get("/a.txt"))["Cache-Control"], "max-age=3600");
    EXPECT_EQ(Ask(Get("/a.txt", "If-None-Match: *\r\n"))["Cache-Control"],
              "max-age=3600");
    EXPECT_EQ(Ask(Get("/nothing"))["Cache-Control"], "none");
  });
}

// ---- Directories

TEST_F(StaticFilesTest, DirectoryIsItsIndex) {
  Run([&] {
    const Answer answer = Ask(Get("/folder/"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "<p>index");
    EXPECT_EQ(answer["Content-Type"], "text/html; charset=utf-8");
    EXPECT_EQ(Ask(Get("/")).status, 403);
    EXPECT_EQ(Ask(Get("/folder/empty/")).status, 403);
  });
}

TEST_F(StaticFilesTest, DirectoryWithoutSlashIsRedirected) {
  fs::create_directories(root_ / "a b/<c>");
  Run([&] {
    const Answer answer = Ask(Get("/folder?x=1"));
    EXPECT_EQ(answer.status, 301);
    EXPECT_EQ(answer["Location"], "/folder/?x=1");
    EXPECT_EQ(Ask(Get("/a%20b/%3cc%3E"))["Location"], "/a%20b/%3Cc%3E/");
    // Never to another server.
    EXPECT_EQ(Ask(Get("//folder"))["Location"], "/folder/");
    EXPECT_EQ(Ask(Get("//evil.example/../folder"))["Location"], "/folder/");
  });
}

TEST_F(StaticFilesTest, ListingIsShownWhenAskedFor) {
  host_.config["listing"] = "on";
  Run([&] {
    const Answer answer = Ask(Get("/"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer["Content-Type"], "text/html; charset=utf-8");
    EXPECT_NE(answer.body.find("<a href=\"./folder/\">folder/</a>"),
              std::string::npos);
    EXPECT_EQ(Ask(Get("/folder/")).body, "<p>index");
  });
}

TEST_F(StaticFilesTest, IndexIsConfigurable) {
  host_.config["index"] = "a.txt";
  Run([&] { EXPECT_EQ(Ask(Get("/")).body, "0123456789"); });
}

// ---- Refusals

TEST_F(StaticFilesTest, WhatCannotBeServedIsRefused) {
  ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
  fs::create_symlink("/etc/passwd", root_ / "link");
  Run([&] {
    EXPECT_EQ(Ask(Get("/nothing")).status, 404);
    EXPECT_EQ(Ask(Get("/a.txt/")).status, 404);
    EXPECT_EQ(Ask(Get("/a.txt/b")).status, 404);
    EXPECT_EQ(Ask(Get("/fifo")).status, 404);
    EXPECT_EQ(Ask(Get("/link")).status, 403);
    EXPECT_EQ(Ask(Get("/../etc/passwd")).status, 403);
    EXPECT_EQ(Ask(Get("/%2e%2e%2fetc%2fpasswd")).status, 403);
    EXPECT_EQ(Ask(Get("/folder/..%2f..%2f..%2fetc/passwd")).status, 403);
    EXPECT_EQ(Ask(Get("/a.txt%00")).status, 400);
    EXPECT_EQ(Ask(Get("/..\\a.txt")).status, 400);
    EXPECT_EQ(Ask(Get("a.txt")).status, 400);
    EXPECT_EQ(Ask(Get("/" + std::string(300, 'a'))).status, 404);
    EXPECT_EQ(Ask(Get("/" + std::string(5000, 'a'))).status, 414);
    EXPECT_EQ(Ask(Get("/" + std::string(50'000, 'a'))).status, 414);
    EXPECT_EQ(Ask(Get("/", "X: " + std::string(9000, 'a') + "\r\n")).status,
              431);
    EXPECT_EQ(Ask("GET / HTTP/3.0\r\n\r\n").status, 505);
    EXPECT_EQ(Ask("rubbish\r\n\r\n").status, 400);
    EXPECT_EQ(Ask(Get("/a.txt", "Expect: a pony\r\n")).status, 417);
    EXPECT_EQ(Ask(Get("http://host/a.txt")).body, "0123456789");
  });
}

TEST_F(StaticFilesTest, OtherMethodsAreRefusedAndSaidSo) {
  Run([&] {
    const Answer post = Ask("POST /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(post["Allow"], "GET, HEAD, OPTIONS");
    EXPECT_EQ(Ask("BREW / HTTP/1.1\r\nHost: x\r\n\r\n").status, 501);
    const Answer options = Ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options["Allow"], "GET, HEAD, OPTIONS");
  });
}

TEST_F(StaticFilesTest, AnswersBeforeABodyItDoesNotWant) {
  Run([&] {
    for (const char* request :
         {"PUT /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n",
          "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
          "Expect: 100-continue\r\n\r\n"}) {
      Client client(host_.Connect());
      client.Send(request);
      EXPECT_EQ(ReadAnswer(client)["Connection"], "close");
      EXPECT_EQ(client.ReadToEnd(), "");
    }
  });
}

TEST_F(StaticFilesTest, OutOfDescriptorsIsAnAnswer) {
  Run([&] {
    Client client(host_.Connect());
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none = {0, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    client.Send(Get("/a.txt"));
    const Answer answer = ReadAnswer(client);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer["Retry-After"], "1");
    client.Send(Get("/a.txt"));
    EXPECT_EQ(ReadAnswer(client).status, 200);
  });
}

// ---- Conditions and ranges

TEST_F(StaticFilesTest, KnownFileIsNotSentAgain) {
  Run([&] {
    const Answer first = Ask(Get("/a.txt"));
    const std::string same = "If-None-Match: " + first["ETag"] + "\r\n";
    const Answer second = Ask(Get("/a.txt", same));
    EXPECT_EQ(second.status, 304);
    EXPECT_EQ(second.body, "");
    EXPECT_EQ(second["ETag"], first["ETag"]);
    EXPECT_EQ(second["Content-Length"], "none");
    EXPECT_EQ(Ask(Get("/a.txt",
                      "If-Modified-Since: " + first["Last-Modified"] + "\r\n"))
                  .status,
              304);
    EXPECT_EQ(Ask(Get("/a.txt", "If-Match: \"x\"\r\n")).status, 412);
    Write("a.txt", "changed and longer");
    EXPECT_EQ(Ask(Get("/a.txt", same)).body, "changed and longer");
  });
}

TEST_F(StaticFilesTest, SendsOneRange) {
  Run([&] {
    const Answer answer = Ask(Get("/a.txt", "Range: bytes=2-4\r\n"));
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer["Content-Range"], "bytes 2-4/10");
    EXPECT_EQ(answer["Content-Length"], "3");
    EXPECT_EQ(answer.body, "234");
    EXPECT_EQ(Ask(Get("/a.txt", "Range: bytes=-3\r\n")).body, "789");
    EXPECT_EQ(Ask(Get("/a.txt", "Range: bytes=7-\r\n")).body, "789");
    EXPECT_EQ(Ask(Get("/a.txt", "Range: bytes=7-,99-\r\n")).body, "789");
    EXPECT_EQ(Ask(Get("/a.txt", "Range: lines=1\r\n")).status, 200);
  });
}

TEST_F(StaticFilesTest, SendsSeveralRanges) {
  Run([&] {
    const Answer answer = Ask(Get("/a.txt", "Range: bytes=0-1,-2\r\n"));
    EXPECT_EQ(answer.status, 206);
    const std::string type = answer["Content-Type"];
    const std::string mark = "multipart/byteranges; boundary=";
    ASSERT_TRUE(type.starts_with(mark));
    const std::string boundary = type.substr(mark.size());
    EXPECT_EQ(answer.body,
              "--" + boundary +
                  "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Range: bytes 0-1/10\r\n\r\n01\r\n--" +
                  boundary +
                  "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Range: bytes 8-9/10\r\n\r\n89\r\n--" +
                  boundary + "--\r\n");
    EXPECT_EQ(answer["Content-Length"], std::to_string(answer.body.size()));
  });
}

TEST_F(StaticFilesTest, RangeBehindTheEndIsRefused) {
  Run([&] {
    const Answer answer = Ask(Get("/a.txt", "Range: bytes=10-\r\n"));
    EXPECT_EQ(answer.status, 416);
    EXPECT_EQ(answer["Content-Range"], "bytes */10");
  });
}

TEST_F(StaticFilesTest, RangeOfAnotherStateIsTheWhole) {
  Run([&] {
    const std::string range = "Range: bytes=2-4\r\n";
    const std::string tag = Ask(Get("/a.txt"))["ETag"];
    EXPECT_EQ(Ask(Get("/a.txt", range + "If-Range: " + tag + "\r\n")).status,
              206);
    EXPECT_EQ(Ask(Get("/a.txt", range + "If-Range: \"x\"\r\n")).status, 200);
    std::string head = Get("/a.txt", range);
    EXPECT_EQ(Ask(head.replace(0, 3, "HEAD")).status, 200);
  });
}

TEST_F(StaticFilesTest, SendsPrecompressedFormToWhoTakesIt) {
  host_.config["precompressed"] = "on";
  Write("a.txt.gz", "gzipped");
  Write("a.txt.br", "brotli");
  Run([&] {
    const Answer plain = Ask(Get("/a.txt"));
    EXPECT_EQ(plain["Content-Encoding"], "none");
    EXPECT_EQ(plain["Vary"], "Accept-Encoding");
    const Answer gzip = Ask(Get("/a.txt", "Accept-Encoding: gzip\r\n"));
    EXPECT_EQ(gzip["Content-Encoding"], "gzip");
    EXPECT_EQ(gzip["Content-Type"], "text/plain; charset=utf-8");
    EXPECT_EQ(gzip["Vary"], "Accept-Encoding");
    EXPECT_EQ(gzip.body, "gzipped");
    EXPECT_NE(gzip["ETag"], plain["ETag"]);
    EXPECT_EQ(Ask(Get("/a.txt", "Accept-Encoding: gzip, br\r\n")).body,
              "brotli");
    EXPECT_EQ(Ask(Get("/folder/", "Accept-Encoding: gzip\r\n")).body,
              "<p>index");
  });
}

}  // namespace
}  // namespace cluster
