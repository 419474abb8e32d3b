// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/schema.h"

#include "services/accounts/statements.h"

namespace postrider::accounts {

const store::Schema& schema() {
  using namespace store;
  using enum DataClass;
  using enum Type;
  static const Schema schema{
      "services/accounts",
      {{1,
        "accounts and API keys",
        {CreateTable{
             "accounts",
             {{"tenant", serial, identifier, forever},  // never reused, so that no record changes hands
              {"name", text, personal_data, until_deleted},
              {"state", integer, configuration, until_deleted},
              {"created", integer, operational, until_deleted}},
             {},
             {"name"}},
         CreateTable{"api_keys",
                     {{"tenant", integer, identifier, until_deleted},
                      {"id", blob, identifier, until_deleted},
                      {"name", text, personal_data, until_deleted},
                      {"scopes", text, configuration, until_deleted},  // words between single spaces
                      {"hash", blob, credential_hash, until_deleted},  // SHA-256 of the whole key
                      {"created", integer, operational, until_deleted},
                      {"expires", integer, configuration, until_deleted, true},
                      {"revoked", integer, operational, until_deleted, true}},
                     "id"},
         CreateIndex{"api_keys_by_tenant", "api_keys", "tenant, created"},
         CreateTable{"api_key_uses",
                     {{"tenant", integer, identifier, with_parent},
                      {"id", blob, identifier, with_parent},
                      {"minute", integer, activity, with_parent}},
                     "tenant, id"}}}},
      {&sql::create_account, &sql::find_account, &sql::set_account_state, &sql::all_accounts,
       &sql::create_key, &sql::list_keys, &sql::get_key, &sql::revoke_key, &sql::find_key, &sql::note_uses}};
  return schema;
}

}  // namespace postrider::accounts
