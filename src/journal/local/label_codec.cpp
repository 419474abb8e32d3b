// SPDX-License-Identifier: Apache-2.0
#include "journal/local/label_codec.h"

#include "journal/local/zigzag.h"

namespace postrider::journal::local {

void LabelContext::note(const Label& label) {
  if (label.owner != owner_) {
    owner_ = label.owner;
    for (auto& kind : kinds_) kind.n = 0;
  }
  if (label.due_ms != 0) due_ms_ = label.due_ms;
  of(label.kind) = {label.n + 1, label.lane};
}

void LabelContext::write(const Label& label, Body body, std::uint8_t low_bits, Writer& out) {
  unsigned flags = 0;
  const bool owner_same = label.owner == owner_;
  if (owner_same) flags |= same_owner;
  if (label.n == (owner_same ? of(label.kind).n : 0)) flags |= next_n;
  if (label.lane == of(label.kind).lane) flags |= same_lane;
  if (label.due_ms != 0) flags |= label.due_ms == due_ms_ ? same_due | has_due : has_due;
  if (label.attempt != 0 || body != Body::here) flags |= more;
  out.u8(static_cast<std::uint8_t>(flags << 2 | low_bits));
  out.u8(label.kind);
  if (flags & more) {
    out.u8(static_cast<std::uint8_t>(body));
    out.varint(label.attempt);
  }
  if (!(flags & same_owner)) out.raw({reinterpret_cast<const char*>(label.owner.data()), label.owner.size()});
  if (!(flags & next_n)) out.varint(label.n);
  if (!(flags & same_lane)) {
    // Lanes are hashes or small numbers: as many bytes as there are.
    std::uint8_t size = 0;
    for (auto rest = label.lane; rest != 0; rest >>= 8) ++size;
    out.u8(size);
    for (unsigned i = 0; i < size; ++i) out.u8(static_cast<std::uint8_t>(label.lane >> (8 * i)));
  }
  if ((flags & has_due) && !(flags & same_due)) out.varint(zigzag(label.due_ms, due_ms_));
  note(label);
}

void LabelContext::read(std::uint8_t first, Reader& in, Label& label, Body& body) {
  const unsigned flags = first >> 2;
  label = Label{};
  body = Body::here;
  label.kind = in.u8();
  if (flags & more) {
    const auto where = in.u8();
    if (where > static_cast<std::uint8_t>(Body::damaged)) in.fail();
    body = static_cast<Body>(where);
    const auto attempt = in.varint();
    if (attempt > 0xffff) in.fail();
    label.attempt = static_cast<std::uint16_t>(attempt);
  }
  if (flags & same_owner) {
    label.owner = owner_;
  } else {
    in.raw(label.owner.size()).copy(reinterpret_cast<char*>(label.owner.data()), label.owner.size());
  }
  if (flags & next_n) {
    label.n = (flags & same_owner) ? of(label.kind).n : 0;
  } else {
    const auto n = in.varint();
    if (n > 0xffffffff) in.fail();
    label.n = static_cast<std::uint32_t>(n);
  }
  if (flags & same_lane) {
    label.lane = of(label.kind).lane;
  } else {
    const auto bytes = in.raw(in.u8());
    if (bytes.size() > 8) in.fail();
    for (std::size_t i = 0; i < bytes.size() && i < 8; ++i)
      label.lane |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  if (flags & has_due) label.due_ms = (flags & same_due) ? due_ms_ : unzigzag(in.varint(), due_ms_);
  note(label);
}

}  // namespace postrider::journal::local
