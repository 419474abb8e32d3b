// SPDX-License-Identifier: Apache-2.0
#include "readers/activity/activity.h"
#include "readers/activity/statements.h"

namespace postrider::activity {

const store::Schema& schema() {
  using enum store::DataClass;
  using enum store::Type;
  constexpr auto kept = store::days(kept_days);
  static const store::Schema all{
      "readers/activity",
      {{1,
        "activity",
        {store::CreateTable{"activity_message",
                            {{"message", blob, identifier, kept},
                             {"n", integer, identifier, kept},
                             {"tenant", integer, identifier, kept},
                             {"to_email", text, personal_data, kept},
                             {"from_email", text, personal_data, kept},
                             {"subject", text, content, kept},
                             {"status", integer, store::DataClass::activity, kept},
                             {"since", integer, store::DataClass::activity, kept},
                             {"last_event", integer, store::DataClass::activity, kept},
                             {"categories", text, configuration, kept},
                             {"custom_args", text, content, kept},
                             {"attempts", integer, store::DataClass::activity, kept}},
                            "message, n"},
         store::CreateIndex{"activity_message_by_time", "activity_message", "tenant, since"},
         store::CreateTable{"activity_event",
                            {{"message", blob, identifier, kept},
                             {"n", integer, identifier, kept},
                             {"attempt", integer, store::DataClass::activity, kept},
                             {"kind", integer, store::DataClass::activity, kept},
                             {"tenant", integer, identifier, kept},
                             {"at", integer, store::DataClass::activity, kept},
                             {"refusal", integer, store::DataClass::activity, kept},
                             {"possible_duplicate", boolean, store::DataClass::activity, kept},
                             {"response", text, store::DataClass::activity, kept},
                             {"status", text, store::DataClass::activity, kept},
                             {"ip", text, store::DataClass::activity, kept},
                             {"tls_version", text, store::DataClass::activity, kept},
                             {"tls_cipher", text, store::DataClass::activity, kept},
                             {"certificate_valid", boolean, store::DataClass::activity, kept}},
                            "message, n, attempt, kind"}}},
       {2,
        "which policy decided about TLS",
        {store::AddColumn{"activity_event",
                          {"tls_policy", integer, store::DataClass::activity, kept, false, "0"}}}}},
      {&put_processed, &put_attempted, &put_event, &find_recipients, &find_recipient, &find_events,
       &find_owner, &next_tenant, &destroy_events, &destroy_messages}};
  return all;
}

}  // namespace postrider::activity
