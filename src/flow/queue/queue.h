// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "flow/queue/message.h"
#include "flow/queue/message_table.h"
#include "flow/queue/parking.h"
#include "flow/queue/slab.h"
#include "journal/journal.h"
#include "model/ids.h"

namespace postrider {

// What intake made durable and now hands to the road. Sequences are places in the spool.
struct Admission {
  MessageId id;
  TenantId tenant;
  journal::Sequence accepted;
  std::int64_t since_ms = 0;  // see Message
  std::vector<VariantRef> variants;
  struct To {
    journal::Sequence queued;
    std::uint32_t n = 0;
    std::int64_t due_ms = 0;
    std::uint64_t lane = 0;  // the destination's stable hash
  };
  std::vector<To> to;
};

// Who is still to be delivered: the index in memory of what is live in the spool. It owns messages and
// recipients, knows where each record stands, and says what a group must release. Only the road thread
// touches it. The states and what a crash leaves in each are docs/queue-states.md.
class Queue {
 public:
  Queue() = default;
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // A lane is the stable hash of a destination; inside, destinations are numbered in order of first sight.
  std::uint32_t lane_index(std::uint64_t lane);
  std::uint64_t lane_hash(std::uint32_t index) const { return lanes_[index]; }
  std::size_t lanes() const { return lanes_.size(); }

  // Takes what intake made durable. `each` sees every new recipient, standing at waiting.
  template <class Each>
  void admit(const Admission& admission, Each each) {
    Message* message = add(admission);
    for (const auto& to : admission.to) each(*add(*message, to));
  }

  // Recovery: feed every live record, in any order, then restored() once.
  void restore(journal::Sequence sequence, const journal::Label& label);
  struct Restored {
    std::vector<Recipient*> waiting;         // standing at waiting or held; doubts are marked
    std::vector<Recipient*> uncertain;       // beside them: another node than ours may be trying them still
    std::vector<journal::Sequence> orphans;  // records that nobody needs any more: release them
  };
  Restored restored(std::uint64_t node);  // who we are among those that wrote intents

  // Parking: whether everybody of the message waits for so long that memory may let go of it, which park()
  // does; none of its records is released. `recallable` is the journal's. take_back() is restore() for what
  // the journal recalled: messages that are here anyway stay as they are.
  bool parkable(const Message& message, journal::Sequence recallable, std::int64_t now_ms) const;
  void park(Message& message);
  Restored take_back(const Recalled& recalled);
  const Parking& parking() const { return parking_; }
  Parking& parking() { return parking_; }

  // The group that ends a recipient must release these: its record, its intents, and the message's own when
  // nobody else of it is left and none of them is being copied. The recipient then stands at settling until
  // gone() or a failure.
  void release_for(Recipient& recipient, std::vector<journal::Sequence>& releases);
  // That group is durable. What it could not release of the message's own is left behind by the last to go:
  // groups may become durable in any order, for a full disk refuses some, and whoever is found by a restart
  // needs his content.
  void gone(Recipient& recipient, std::vector<journal::Sequence>& left_behind);

  // An intent of this recipient is durable; its next group releases it.
  void intent(Recipient& recipient, journal::Sequence sequence);
  // The group that moves it (a deferral) releases its intents too.
  void release_intents(Recipient& recipient, std::vector<journal::Sequence>& releases);
  journal::Label label(const Recipient& recipient) const;

  // For cleaning.
  struct Movable {
    Recipient* recipient = nullptr;  // its own record
    Message* message = nullptr;      // the message's: accepted or a variant
  };
  // The owner of a live record that may be copied elsewhere now; nullptrs = leave it (in flight, or gone).
  Movable movable(const journal::Journal::LiveRecord& record);
  void moved(const Movable& what, journal::Sequence from, journal::Sequence to);

  Recipient* find(const RecipientId& id) const;  // walks the message's recipients
  Message* find(const MessageId& id) const { return messages_.find(id); }
  template <class Visit>
  void each_message(Visit visit) const {
    messages_.each(visit);
  }

  std::size_t recipients() const { return recipients_.count(); }
  std::size_t messages() const { return messages_.size(); }
  std::size_t bytes() const { return recipients_.bytes() + message_slab_.bytes() + parking_.bytes(); }

 private:
  Message* add(const Admission& admission);
  Recipient* add(Message& message, const Admission::To& to);
  Message& restored_message(const journal::Label& label);
  Restored complete(const std::vector<Message*>& messages, std::uint64_t node);
  void forget(Message& message);
  static void release_own(Message& message, std::vector<journal::Sequence>& releases);

  MessageTable messages_;
  Slab<Message> message_slab_;
  Slab<Recipient> recipients_;
  std::vector<std::uint64_t> lanes_;
  std::unordered_map<std::uint64_t, std::uint32_t> lane_numbers_;
  // Few recipients have intents at any moment: those in the commit window, and those a crash left in doubt.
  std::unordered_map<const Recipient*, std::vector<journal::Sequence>> intents_;
  struct Restoring {
    struct Intent {
      RecipientId recipient;
      journal::Sequence sequence;
      std::uint64_t node = 0;
    };
    std::vector<Intent> intents;
  };
  Restoring restoring_;
  Parking parking_;
};

}  // namespace postrider
