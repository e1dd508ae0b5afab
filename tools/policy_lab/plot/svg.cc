#include "tools/policy_lab/plot/svg.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace cluster::lab {
namespace {

// At most one decimal: a tenth of a pixel is enough.
std::string Px(double value) {
  const double rounded = std::round(value * 10) / 10;
  return absl::StrFormat("%g", rounded == 0 ? 0 : rounded);
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Attributes(const Stroke& stroke) {
  std::string text = absl::StrCat(
      "stroke=\"", stroke.colour, "\" stroke-width=\"", Px(stroke.width), "\"");
  if (!stroke.dashes.empty()) {
    absl::StrAppend(&text, " stroke-dasharray=\"", stroke.dashes, "\"");
  }
  return text;
}

}  // namespace

Svg::Svg(double width, double height)
    : text_(absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"",
                         Px(width),
                         "\" height=\"",
                         Px(height),
                         "\" viewBox=\"0 0 ",
                         Px(width),
                         " ",
                         Px(height),
                         "\" font-family=\"sans-serif\">\n",
                         "<rect width=\"100%\" height=\"100%\" "
                         "fill=\"#fff\"/>\n")) {}

void Svg::Line(Pixel from, Pixel to, const Stroke& stroke) {
  absl::StrAppend(&text_,
                  "<line x1=\"",
                  Px(from.x),
                  "\" y1=\"",
                  Px(from.y),
                  "\" x2=\"",
                  Px(to.x),
                  "\" y2=\"",
                  Px(to.y),
                  "\" ",
                  Attributes(stroke),
                  "/>\n");
}

void Svg::Polyline(std::span<const Pixel> points, const Stroke& stroke) {
  if (points.size() < 2) return;
  absl::StrAppend(&text_,
                  "<polyline fill=\"none\" stroke-linejoin=\"round\" ",
                  Attributes(stroke),
                  " points=\"");
  const char* space = "";
  for (const Pixel& point : points) {
    absl::StrAppend(&text_, space, Px(point.x), ",", Px(point.y));
    space = " ";
  }
  text_ += "\"/>\n";
}

void Svg::Text(Pixel at, absl::string_view text, const TextStyle& style) {
  absl::StrAppend(&text_,
                  "<text x=\"",
                  Px(at.x),
                  "\" y=\"",
                  Px(at.y),
                  "\" font-size=\"",
                  Px(style.size),
                  "\"");
  if (style.anchor != "start") {
    absl::StrAppend(&text_, " text-anchor=\"", style.anchor, "\"");
  }
  if (style.bold) text_ += " font-weight=\"bold\"";
  if (style.turned != 0) {
    absl::StrAppend(&text_,
                    " transform=\"rotate(",
                    Px(style.turned),
                    " ",
                    Px(at.x),
                    " ",
                    Px(at.y),
                    ")\"");
  }
  absl::StrAppend(&text_, ">", Escaped(text), "</text>\n");
}

std::string Svg::Finish() const { return text_ + "</svg>\n"; }

}  // namespace cluster::lab
