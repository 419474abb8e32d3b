// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "app/command.h"
#include "protocol/json/writer.h"
#include "protocol/mail/address.h"
#include "services/domains/domains.h"

namespace postrider::app {
namespace {

constexpr std::array account_option{
    Option{"--account", "ID", "whose domain; may be left out while there is one account"}};

void describe(json::Writer& writer, const domains::SendingDomain& domain,
              std::span<const std::string> sources) {
  const auto records = domains::dns_records(domain, sources);
  const auto write = [&](const domains::DnsRecord& record) {
    writer.begin_object();
    if (!record.selector.empty()) writer.key("selector").string(record.selector);
    writer.key("name").string(record.name).key("type").string(record.type).key("value").string(record.value);
    writer.key("required").boolean(record.required).end_object();
  };
  writer.begin_object()
      .key("domain")
      .string(domain.name)
      .key("account")
      .string(std::to_string(domain.tenant.value));
  writer.key("verified").boolean(domain.verified).key("dkim").begin_array();
  for (const auto& record : records)
    if (!record.selector.empty()) write(record);
  writer.end_array().key("records").begin_array();
  for (const auto& record : records) write(record);
  writer.end_array().end_object();
}

Output shown(const domains::SendingDomain& domain, std::span<const std::string> sources) {
  Output out;
  json::Writer writer(out.json);
  describe(writer, domain, sources);
  out.text = domain.name + " may send" + (domain.verified ? "" : " once it is verified") +
             ". Publish these records:\n";
  for (const auto& record : domains::dns_records(domain, sources))
    out.text += "\n" + record.name + ".  " + record.type + (record.required ? "" : "   (advice)") + "\n  " +
                record.value + "\n";
  return out;
}

Result<std::string> name_of(const Arguments& arguments) {
  if (arguments.plain().size() != 1) return Error{Code::invalid, "say which domain: example.com"};
  return mail::ascii_domain(arguments.plain().front());
}

Result<Output> add(Workbench& bench, const Arguments& arguments) {
  const auto tenant = PR_TRY(bench.op.account(*bench.data.store, arguments.get("--account")));
  const auto domain =
      PR_TRY(bench.data.domains->add(tenant, PR_TRY(name_of(arguments)), true, bench.op.author()));
  return shown(domain, bench.config.delivery_sources);
}

Result<std::optional<domains::SendingDomain>> find(Workbench& bench, const std::string& name) {
  for (auto& domain : PR_TRY(bench.data.domains->all()))
    if (domain.name == name) return std::optional(std::move(domain));
  return std::optional<domains::SendingDomain>();
}

Result<Output> show(Workbench& bench, const Arguments& arguments) {
  const auto name = PR_TRY(name_of(arguments));
  const auto domain = PR_TRY(find(bench, name));
  if (!domain)
    return Error{Code::not_found,
                 name + " is nobody's sending domain; add it with: postrider domain add " + name};
  return shown(*domain, bench.config.delivery_sources);
}

Result<Output> list(Workbench& bench, const Arguments&) {
  Output out;
  json::Writer writer(out.json);
  writer.begin_array();
  for (const auto& domain : PR_TRY(bench.data.domains->all())) {
    describe(writer, domain, bench.config.delivery_sources);
    out.text += domain.name + "  account " + std::to_string(domain.tenant.value) +
                (domain.verified ? "" : "  not verified") + "\n";
  }
  writer.end_array();
  return out;
}

Result<Output> remove(Workbench& bench, const Arguments& arguments) {
  const auto name = PR_TRY(name_of(arguments));
  const auto domain = PR_TRY(find(bench, name));
  if (!domain) return Error{Code::not_found, name + " is nobody's sending domain"};
  PR_TRY(bench.data.domains->remove(bench.op.act_for(domain->tenant), name, bench.op.author()));
  Output out;
  json::Writer(out.json).begin_object().key("domain").string(name).key("removed").boolean(true).end_object();
  out.text = name + " is removed; mail from it that still waits is refused\n";
  return out;
}

}  // namespace

std::vector<Command> domain_commands() {
  return {
      {"domain add", "NAME", "let an account send from a domain: makes its DKIM keys, prints what to publish",
       account_option, add},
      {"domain show", "NAME", "the DNS records of a domain", {}, show},
      {"domain list", "", "all sending domains", {}, list},
      {"domain remove", "NAME", "take a domain and its keys away", {}, remove},
  };
}

}  // namespace postrider::app
