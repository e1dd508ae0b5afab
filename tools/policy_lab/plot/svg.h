// Svg: a drawing as SVG 1.1 text, in pixels from the top left. Text is in the
// viewer's own sans-serif; nothing is loaded from anywhere.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_PLOT_SVG_H_
#define TOOLS_POLICY_LAB_PLOT_SVG_H_

#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster::lab {

struct Pixel {
  double x = 0;
  double y = 0;
};

struct Stroke {
  absl::string_view colour = "#000";
  double width = 1;
  absl::string_view dashes = "";  // as stroke-dasharray; empty: none
};

struct TextStyle {
  double size = 12;
  absl::string_view anchor = "start";  // or "middle", "end"
  bool bold = false;
  double turned = 0;  // degrees, clockwise
};

class Svg {
 public:
  Svg(double width, double height);

  void Line(Pixel from, Pixel to, const Stroke& stroke);
  void Polyline(std::span<const Pixel> points, const Stroke& stroke);
  void Text(Pixel at, absl::string_view text, const TextStyle& style);

  // Returns the whole file.
  std::string Finish() const;

 private:
  std::string text_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PLOT_SVG_H_
