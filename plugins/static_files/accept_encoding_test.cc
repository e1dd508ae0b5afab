#include "plugins/static_files/accept_encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace cluster::static_files {
namespace {

std::string Accepted(std::string_view field) {
  std::string names;
  for (const Coding& coding : AcceptedCodings(field)) {
    names += std::string(coding.name) + std::string(coding.ending) + " ";
  }
  return names;
}

TEST(AcceptEncodingTest, NothingIsAcceptedUnlessSaid) {
  EXPECT_EQ(Accepted(""), "");
  EXPECT_EQ(Accepted("identity"), "");
  EXPECT_EQ(Accepted("deflate, zstd"), "");
}

TEST(AcceptEncodingTest, BrComesFirstAmongEquals) {
  EXPECT_EQ(Accepted("gzip"), "gzip.gz ");
  EXPECT_EQ(Accepted("BR"), "br.br ");
  EXPECT_EQ(Accepted("gzip, deflate, br"), "br.br gzip.gz ");
  EXPECT_EQ(Accepted("*"), "br.br gzip.gz ");
}

TEST(AcceptEncodingTest, QualityDecides) {
  EXPECT_EQ(Accepted("br;q=0.5, gzip"), "gzip.gz br.br ");
  EXPECT_EQ(Accepted("br;q=0.501 , gzip ; Q=0.5"), "br.br gzip.gz ");
  EXPECT_EQ(Accepted("*;q=0.1, gzip;q=1.000"), "gzip.gz br.br ");
  EXPECT_EQ(Accepted("br;q=1, *;q=0"), "br.br ");
}

TEST(AcceptEncodingTest, ZeroAndNonsenseAreNotAccepted) {
  EXPECT_EQ(Accepted("gzip;q=0"), "");
  EXPECT_EQ(Accepted("gzip;q=0.000, *"), "br.br ");
  for (const char* weight : {"q=",
                             "q=2",
                             "q=1.001",
                             "q=-1",
                             "q=0.1234",
                             "q=.5",
                             "q=a",
                             "x",
                             "q=1a"}) {
    EXPECT_EQ(Accepted("gzip;" + std::string(weight)), "") << weight;
  }
}

}  // namespace
}  // namespace cluster::static_files
