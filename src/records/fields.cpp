// SPDX-License-Identifier: Apache-2.0
#include "records/fields.h"

namespace postrider::records {

void put(Writer& out, const Contact& contact) {
  out.bytes(contact.email);
  out.bytes(contact.name);
}

void put(Writer& out, const std::vector<Contact>& contacts) {
  out.varint(contacts.size());
  for (const auto& contact : contacts) put(out, contact);
}

void put(Writer& out, const std::vector<Pair>& pairs) {
  out.varint(pairs.size());
  for (const auto& [name, value] : pairs) {
    out.bytes(name);
    out.bytes(value);
  }
}

void put_time(Writer& out, Time time) {
  const auto value = static_cast<std::uint64_t>(millis(time));
  out.varint(value << 1 ^ (millis(time) < 0 ? ~std::uint64_t{0} : 0));
}

Contact take_contact(Reader& in) {
  Contact contact;
  contact.email = in.bytes();
  contact.name = in.bytes();
  return contact;
}

std::vector<Contact> take_contacts(Reader& in) {
  std::vector<Contact> contacts;
  for (auto n = in.count(2); n > 0; --n) contacts.push_back(take_contact(in));
  return contacts;
}

std::vector<Pair> take_pairs(Reader& in) {
  std::vector<Pair> pairs;
  for (auto n = in.count(2); n > 0; --n) {
    std::string name(in.bytes());
    pairs.emplace_back(std::move(name), in.bytes());
  }
  return pairs;
}

Time take_time(Reader& in) {
  const auto value = in.varint();
  return from_millis(static_cast<std::int64_t>(value >> 1 ^ (value & 1 ? ~std::uint64_t{0} : 0)));
}

}  // namespace postrider::records
