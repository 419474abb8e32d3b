// SPDX-License-Identifier: Apache-2.0
#include "app/data_directory.h"

#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "audit/entry.h"
#include "readers/activity/activity.h"
#include "readers/cursors.h"
#include "services/accounts/schema.h"
#include "services/sites/tls_memory.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace postrider::app {
namespace {

constexpr std::string_view root_path = "keys/root";

Result<std::unique_ptr<store::Store>> open_store(const std::string& url, const std::string& data) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite)) {
    return store::open_sqlite({.path = under(data, url.substr(sqlite.size()))});
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return store::open_postgres({.connection = {.conninfo = url}});
  return Error{Code::invalid, "store.url must start with sqlite: or postgresql://, not \"" + url + "\""};
}

Result<RootKey> read_root(io::PosixDisk& disk) {
  auto file = PR_TRY(disk.open(root_path, Open::existing));
  RootKey root{};
  std::array<char, sizeof(RootKey) + 1> bytes{};
  const auto size = PR_TRY(file->read(0, bytes));
  if (size != root.size()) return Error{Code::corrupt, "keys/root does not hold 32 bytes"};
  std::copy_n(bytes.begin(), root.size(), reinterpret_cast<char*>(root.data()));
  return root;
}

}  // namespace

Result<void> DataDirectory::create(const std::string& path, Random& random) {
  const auto absolute = std::filesystem::absolute(path);
  std::error_code failed;
  std::filesystem::create_directories(absolute.parent_path(), failed);
  auto disk = PR_TRY(io::PosixDisk::open_root(absolute.string()));
  for (const auto* directory : {"keys", "store", "journal"}) PR_TRY(disk->make_directory(directory));
  RootKey root{};
  random.fill(root);
  auto file = disk->open(root_path, Open::create_new);
  if (!file.ok() && file.error().code == Code::exists)
    return Error{Code::exists, absolute.string() + " has been initialised already"};
  if (!file.ok()) return std::move(file).error();
  PR_TRY((*file)->write(0, {reinterpret_cast<const char*>(root.data()), root.size()}));
  PR_TRY((*file)->sync());
  if (::chmod((absolute / root_path).c_str(), 0400) != 0) return Error{Code::io, "cannot protect keys/root"};
  auto settings = disk->open("postrider.toml", Open::create_new);
  if (settings.ok()) {
    PR_TRY((*settings)->write(0, default_config_file()));
    PR_TRY((*settings)->sync());
  }
  PR_TRY(disk->sync_directory("keys"));
  return disk->sync_directory("");
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const Config& config, const Clock& clock,
                                                           Random& random) {
  if (!std::filesystem::exists(config.data + "/keys/root"))
    return Error{
        Code::not_found,
        config.data + " is not a data directory yet; make one with: postrider init --data " + config.data};
  std::unique_ptr<DataDirectory> directory(new DataDirectory);
  directory->disk = PR_TRY(io::PosixDisk::open_root(config.data));
  auto lock = directory->disk->lock("lock");
  if (!lock.ok()) {
    if (lock.error().code != Code::unavailable) return std::move(lock).error();
    return Error{Code::unavailable, "another process is using " + config.data};
  }
  directory->lock = std::move(*lock);
  directory->root = PR_TRY(read_root(*directory->disk));
  directory->box = std::make_unique<SealedBox>(directory->root, random);
  directory->store = PR_TRY(open_store(config.store_url, config.data));
  const store::Schema* schemas[] = {&audit::schema(), &accounts::schema(), &domains::schema(),
                                    &sites::schema(), &readers::schema(),  &activity::schema()};
  PR_TRY(directory->store->migrate(schemas, clock.wall()));
  directory->capture_store = PR_TRY(store::open_sqlite({.path = config.data + "/store/capture.db"}));
  const store::Schema* captured[] = {&capture::schema()};
  PR_TRY(directory->capture_store->migrate(captured, clock.wall()));
  directory->domains = std::make_unique<domains::Domains>(*directory->store, *directory->box);
  directory->captures =
      std::make_unique<capture::Captures>(*directory->capture_store, config.retention_captured);
  return directory;
}

}  // namespace postrider::app
