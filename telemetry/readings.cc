#include "telemetry/readings.h"

#include <iterator>
#include <utility>

namespace headroom::telemetry {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void Readings::add(Readings other) {
  append(power, std::move(other.power));
  append(temperatures, std::move(other.temperatures));
  append(pods, std::move(other.pods));
  append(rejected, std::move(other.rejected));
}

}  // namespace headroom::telemetry
