// SPDX-License-Identifier: Apache-2.0
#include "testing/sim_connection.h"

#include <algorithm>
#include <utility>

namespace postrider::testing {

SimConnection::SimConnection(SimExecutor& executor, SimLink link)
    : executor_(executor), link_(std::move(link)), cuts_(link_.cut_seed) {}

void SimConnection::write(End from, std::string_view bytes) {
  if (closed(from) || bytes.empty()) return;
  const auto to = other(from);
  auto& into = side(to);
  into.buffer.append(bytes);
  into.sent += bytes.size();
  executor_.after(link_.latency,
                  [self = shared_from_this(), to, upto = into.sent] { self->arrive(to, upto); });
}

void SimConnection::close(End end) {
  if (side(end).closed) return;
  side(end).closed = true;
  side(end).receiver = nullptr;
  wake(end);
  if (broken_) return;
  executor_.after(link_.latency, [self = shared_from_this(), to = other(end)] { self->arrive_end(to); });
}

void SimConnection::reset() {
  if (broken_) return;
  broken_ = true;
  for (const auto end : {End::client, End::server}) {
    wake(end);
    tell_end(end);
  }
}

void SimConnection::attach(End end, SimReceiver& receiver) {
  side(end).receiver = &receiver;
  if (readable(end)) deliver(end);
}

std::size_t SimConnection::take(End end, std::span<char> into) {
  auto& from = side(end);
  auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), from.arrived - from.taken));
  if (link_.cut_seed != 0 && count > 1) count = cuts_.between(1, count);
  from.buffer.copy(into.data(), count, from.taken - from.base);
  from.taken += count;
  if (from.taken == from.sent) {
    from.buffer.clear();
    from.base = from.sent;
  }
  if (auto* writer = side(other(end)).writer; writer && !congested(other(end))) writer->wake();
  return count;
}

bool SimConnection::congested(End from) const {
  const auto& to = side(other(from));
  return to.sent - to.taken > link_.window;
}

bool SimConnection::stalled() const {
  return swallowed_ || side(End::server).sent >= link_.to_server.stall_at ||
         side(End::client).sent >= link_.to_client.stall_at;
}

void SimConnection::arrive(End end, std::uint64_t upto) {
  auto& to = side(end);
  if (broken_ || swallowed_) return;
  if (to.closed) return reset();  // as TCP answers data for a socket that is gone
  const auto& way = way_to(end);
  to.arrived = std::max(to.arrived, std::min({upto, way.stall_at, way.drop_at, way.trickle_at}));
  if (upto > way.trickle_at) trickle(end);
  if (readable(end)) deliver(end);
  if (to.arrived == way.drop_at) reset();
}

void SimConnection::trickle(End end) {
  auto& to = side(end);
  if (to.trickling || to.arrived == to.sent) return;
  to.trickling = true;
  executor_.after(link_.trickle, [self = shared_from_this(), end] {
    auto& side = self->side(end);
    side.trickling = false;
    if (self->broken_ || self->swallowed_ || side.closed) return;
    ++side.arrived;
    self->trickle(end);
    self->deliver(end);
  });
}

void SimConnection::arrive_end(End end) {
  if (broken_ || swallowed_ || side(end).sent > std::min(way_to(end).stall_at, way_to(end).trickle_at))
    return;
  side(end).end_arrived = true;
  wake(end);
  tell_end(end);
}

void SimConnection::deliver(End end) {
  auto& to = side(end);
  if (to.reader) to.reader->wake();
  const auto alive = shared_from_this();
  char piece[16 * 1024];
  while (to.receiver && readable(end)) {
    const auto count = take(end, piece);
    to.receiver->on_bytes({piece, count});
  }
}

void SimConnection::tell_end(End end) {
  if (!side(end).receiver) return;
  executor_.post([self = shared_from_this(), end] {
    if (auto* receiver = std::exchange(self->side(end).receiver, nullptr)) receiver->on_end();
  });
}

void SimConnection::wake(End end) {
  if (side(end).reader) side(end).reader->wake();
  if (side(end).writer) side(end).writer->wake();
}

}  // namespace postrider::testing
