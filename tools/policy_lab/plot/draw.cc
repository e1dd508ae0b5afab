// draw: an SVG file on standard output of the text on standard input that
// drawing_text.h describes. Exit code 2: it is no such text.
#include <iostream>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"
#include "tools/policy_lab/plot/chart.h"
#include "tools/policy_lab/plot/drawing_text.h"

int main() {
  const std::string text((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  const absl::StatusOr<cluster::lab::Drawing> drawing =
      cluster::lab::ReadDrawing(text);
  if (!drawing.ok()) {
    std::cerr << "draw: " << drawing.status().message() << "\n";
    return 2;
  }
  std::cout << cluster::lab::SheetOf(drawing->heading, drawing->charts);
  std::cout.flush();
  return std::cout ? 0 : 1;
}
