// SPDX-License-Identifier: MIT
#include "session.hpp"
#include "wire.hpp"

#include <umbraco_ai/client.hpp>

#include <memory>
#include <utility>

namespace cli {

class site::implementation {
public:
    explicit implementation(site_options const& about) : client(wire(about.tls), about.base_url, about.auth, about.calls) {}

    ai::client<wire> client;
};

site::site(site_options about) : about_(std::move(about)), own_(std::make_unique<implementation>(about_)) {}
site::~site() = default;

ai::result<std::vector<ai::connection_item>> page_reader::next() { return owner_->own_->client.run(ai::next_page_operation(walk_)); }

ai::result<ai::page<ai::connection_item>> site_connections::list(ai::skip skipped, ai::take taken) const { return owner_->own_->client.connections().list(skipped, taken); }
ai::result<ai::page<ai::connection_item>> site_connections::with_capability(ai::capability wanted) const { return owner_->own_->client.connections().with_capability(std::move(wanted)); }
ai::result<ai::connection_list> site_connections::all(ai::all_query wanted) const { return owner_->own_->client.connections().all(std::move(wanted)); }
ai::result<ai::connection> site_connections::get(ai::id_or_alias which) const { return owner_->own_->client.connections().get(std::move(which)); }
ai::result<ai::created_connection> site_connections::create(ai::connection_draft draft) const { return owner_->own_->client.connections().create(std::move(draft)); }
ai::result<ai::modified> site_connections::modify(ai::id_or_alias which, change wanted) const { return owner_->own_->client.connections().modify(std::move(which), std::move(wanted)); }
ai::result<ai::nothing> site_connections::remove(ai::id_or_alias which) const { return owner_->own_->client.connections().remove(std::move(which)); }
ai::result<ai::test_result> site_connections::test(ai::id_or_alias which) const { return owner_->own_->client.connections().test(std::move(which)); }
ai::result<ai::item_list<ai::model>> site_connections::models(ai::id_or_alias which) const { return owner_->own_->client.connections().models(std::move(which)); }
ai::result<ai::item_list<ai::capability>> site_connections::capabilities() const { return owner_->own_->client.connections().capabilities(); }
ai::result<std::vector<ai::capability>> site_connections::capabilities_of(ai::id_or_alias which) const { return owner_->own_->client.connections().capabilities_of(std::move(which)); }
ai::result<bool> site_connections::exists(std::string alias, std::optional<ai::guid> except) const { return owner_->own_->client.connections().exists(std::move(alias), except); }
ai::result<ai::diagnosis> site_connections::diagnose(ai::id_or_alias which) const { return owner_->own_->client.connections().diagnose(std::move(which)); }
ai::result<std::optional<ai::poisoned_connection>> site_connections::find_poisoned() const { return owner_->own_->client.connections().find_poisoned(); }

}  // namespace cli
