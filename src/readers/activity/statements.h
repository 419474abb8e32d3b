// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/sql.h"

// Every statement on activity's tables. Only this folder includes it.
namespace postrider::activity {

using store::Kind;
using store::PlatformSql;
using store::TenantSql;

// An event about a recipient may come before the one that says what was sent: then `from_email`, `subject`
// and the JSON columns are empty until that one fills them in, and `since` is moved back.
inline constexpr PlatformSql put_processed{
    "activity_message.processed", Kind::system_write,
    "INSERT INTO activity_message (message, n, tenant, to_email, from_email, subject, status, since, "
    "last_event, "
    "categories, custom_args, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
    "ON CONFLICT (message, n) DO UPDATE SET from_email = excluded.from_email, subject = excluded.subject, "
    "since = excluded.since, categories = excluded.categories, custom_args = excluded.custom_args, "
    "last_event = CASE WHEN excluded.last_event > activity_message.last_event THEN excluded.last_event ELSE "
    "activity_message.last_event END",
    "a page of events of all tenants"};

// Leaves `since` alone, which is in an index.
inline constexpr PlatformSql put_attempted{
    "activity_message.attempted", Kind::system_write,
    "INSERT INTO activity_message (message, n, tenant, to_email, from_email, subject, status, since, "
    "last_event, "
    "categories, custom_args, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
    "ON CONFLICT (message, n) DO UPDATE SET "
    "status = CASE WHEN excluded.status > activity_message.status THEN excluded.status ELSE "
    "activity_message.status "
    "END, last_event = CASE WHEN excluded.last_event > activity_message.last_event THEN excluded.last_event "
    "ELSE "
    "activity_message.last_event END, attempts = CASE WHEN excluded.attempts > activity_message.attempts "
    "THEN "
    "excluded.attempts ELSE activity_message.attempts END",
    "a page of events of all tenants"};

// The key is what sg_event_id is made of: an event told again is the same row.
inline constexpr PlatformSql put_event{
    "activity_event.put", Kind::system_write,
    "INSERT INTO activity_event (message, n, attempt, kind, tenant, at, "
    "refusal, possible_duplicate, response, "
    "status, ip, tls_version, tls_cipher, certificate_valid, tls_policy) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
    "?12, ?13, ?14, ?15) ON CONFLICT (message, n, attempt, kind) DO NOTHING",
    "a page of events of all tenants"};

inline constexpr TenantSql find_recipients{
    "activity_message.recipients", Kind::read,
    "SELECT message, n, to_email, from_email, subject, status, since, last_event, categories, custom_args, "
    "attempts "
    "FROM activity_message WHERE tenant = ?1 AND message = ?2 AND since > ?3 ORDER BY n"};
inline constexpr TenantSql find_recipient{
    "activity_message.recipient", Kind::read,
    "SELECT message, n, to_email, from_email, subject, status, since, last_event, categories, custom_args, "
    "attempts "
    "FROM activity_message WHERE tenant = ?1 AND message = ?2 AND n = ?3 AND since > ?4"};
inline constexpr TenantSql find_events{
    "activity_event.of_recipient", Kind::read,
    "SELECT kind, at, attempt, refusal, possible_duplicate, response, status, ip, tls_version, tls_cipher, "
    "certificate_valid, tls_policy FROM activity_event WHERE tenant = ?1 AND message = ?2 AND n = ?3 ORDER "
    "BY at, "
    "attempt, kind"};
inline constexpr PlatformSql find_owner{"activity_message.owner", Kind::read,
                                        "SELECT tenant FROM activity_message WHERE message = ?1 LIMIT 1",
                                        "an operator's command, where nobody has signed in"};

inline constexpr PlatformSql next_tenant{
    "activity_message.next_tenant", Kind::read,
    "SELECT tenant FROM activity_message WHERE tenant > ?1 ORDER BY tenant LIMIT 1",
    "retention, tenant by tenant"};
inline constexpr TenantSql destroy_events{
    "activity_event.destroy", Kind::system_write,
    "DELETE FROM activity_event WHERE tenant = ?1 AND message IN (SELECT message FROM activity_message WHERE "
    "tenant = ?1 AND since <= ?2 ORDER BY since, message, n LIMIT ?3)"};
inline constexpr TenantSql destroy_messages{
    "activity_message.destroy", Kind::system_write,
    "DELETE FROM activity_message WHERE tenant = ?1 AND since <= ?2 AND message IN (SELECT message FROM "
    "activity_message WHERE tenant = ?1 AND since <= ?2 ORDER BY since, message, n LIMIT ?3)"};

}  // namespace postrider::activity
