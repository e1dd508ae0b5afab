// Axis: from values to pixels, and where the ticks go.
//
// Thread safety: none needed; it does not change.
#ifndef TOOLS_POLICY_LAB_PLOT_AXIS_H_
#define TOOLS_POLICY_LAB_PLOT_AXIS_H_

#include <string>
#include <vector>

namespace cluster::lab {

class Axis {
 public:
  struct Tick {
    double value;
    std::string label;  // short: "0.01", "1e-6", "2,000"
  };

  // Spans at least `low` to `high`, in round numbers. On a logarithmic axis
  // both must be above 0. Its ends are at the pixels `from` and `to`.
  Axis(double low, double high, bool logarithmic, double from, double to);

  // Returns the pixel of a value; what is outside ends at the nearest end.
  double At(double value) const;

  const std::vector<Tick>& ticks() const { return ticks_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  void MakeLinear();
  void MakeLogarithmic();

  double low_;
  double high_;
  bool logarithmic_;
  double from_;
  double to_;
  std::vector<Tick> ticks_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PLOT_AXIS_H_
