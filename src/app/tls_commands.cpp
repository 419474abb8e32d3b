// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/platform.h"
#include "protocol/json/writer.h"
#include "protocol/mail/date.h"
#include "services/sites/tls_memory.h"

namespace postrider::app {
namespace {

// The running server's memory, or what is in the store.
template <class Use>
auto with_memory(Workbench& bench, Use use) -> std::invoke_result_t<Use&, sites::TlsMemory&> {
  if (bench.running) return use(bench.running->tls_memory());
  sites::TlsMemory memory(*bench.data.store);
  PR_TRY(memory.load(bench.clock.wall()));
  return use(memory);
}

Result<Output> list(Workbench& bench, const Arguments&) {
  const auto sites =
      PR_TRY(with_memory(bench, [&](sites::TlsMemory& memory) -> Result<std::vector<sites::TlsMemory::Site>> {
        return memory.all(bench.clock.wall());
      }));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object().key("sites").begin_array();
  for (const auto& site : sites) {
    writer.begin_object()
        .key("site")
        .string(site.name)
        .key("offered")
        .number(seconds(site.seen))
        .end_object();
    out.text += site.name + "  " + mail::date(site.seen) + "\n";
  }
  writer.end_array().end_object();
  out.text += std::to_string(sites.size()) + " sites have offered TLS and are not spoken to without\n";
  return out;
}

Result<Output> forget(Workbench& bench, const Arguments& arguments) {
  if (arguments.plain().size() != 1) return Error{Code::invalid, "say which site as `tls list` names it"};
  const auto& site = arguments.plain().front();
  const bool known = PR_TRY(
      with_memory(bench, [&](sites::TlsMemory& memory) { return memory.forget(site, bench.op.author()); }));
  if (!known) return Error{Code::not_found, site + " is not known to offer TLS"};
  Output out;
  json::Writer(out.json).begin_object().key("site").string(site).key("forgotten").boolean(true).end_object();
  out.text = site + " may be spoken to without TLS, until it offers it again\n";
  return out;
}

}  // namespace

std::vector<Command> tls_commands() {
  return {
      {"tls list", "", "sites that have offered TLS, and are therefore never spoken to without", {}, list},
      {"tls forget", "SITE", "a site gave TLS up for good: let mail go there in the clear", {}, forget},
  };
}

}  // namespace postrider::app
