/* SPDX-License-Identifier: BSD-2-Clause */

/* Messages as JSON objects. Numbers stay numbers; a limit that is infinite is left out; keys never
 * appear. */

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

static void set_text(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, json_string(text));
}

static void set_number(json_t *o, const char *name, uint64_t v)
{
	json_object_set_new(o, name, json_integer((json_int_t)v));
}

static void set_address(json_t *o, const char *name, int family, const xfrm_address_t *a)
{
	char buf[INET6_ADDRSTRLEN];

	set_text(o, name, address_text(family, a, buf));
}

static json_t *mark_object(uint32_t value, uint32_t mask)
{
	json_t *o = json_object();

	set_number(o, "value", value);
	set_number(o, "mask", mask);
	return o;
}

static json_t *selector_object(const struct xfrm_selector *sel, int family)
{
	json_t *o = json_object();
	int f = sel->family ? sel->family : family ? family : AF_INET;
	char buf[NAME_BUF], name[IF_NAMESIZE];

	set_address(o, "src", f, &sel->saddr);
	set_number(o, "src_prefix", sel->prefixlen_s);
	set_address(o, "dst", f, &sel->daddr);
	set_number(o, "dst_prefix", sel->prefixlen_d);
	if (sel->proto)
		set_text(o, "proto", proto_name(sel->proto, buf));
	if (sel->sport_mask)
		set_number(o, "sport", ntohs(sel->sport));
	if (sel->dport_mask)
		set_number(o, "dport", ntohs(sel->dport));
	if (sel->ifindex > 0 && if_indextoname((unsigned int)sel->ifindex, name))
		set_text(o, "dev", name);
	return o;
}

static json_t *limits_object(const struct xfrm_lifetime_cfg *l)
{
	json_t *o = json_object();
	const struct {
		const char *name;
		uint64_t value, none;
	} all[] = {
	    {"byte_soft", l->soft_byte_limit, XFRM_INF},
	    {"byte_hard", l->hard_byte_limit, XFRM_INF},
	    {"packet_soft", l->soft_packet_limit, XFRM_INF},
	    {"packet_hard", l->hard_packet_limit, XFRM_INF},
	    {"time_soft", l->soft_add_expires_seconds, 0},
	    {"time_hard", l->hard_add_expires_seconds, 0},
	    {"time_use_soft", l->soft_use_expires_seconds, 0},
	    {"time_use_hard", l->hard_use_expires_seconds, 0},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].value != all[i].none)
			set_number(o, all[i].name, all[i].value);
	return o;
}

static json_t *current_object(const struct xfrm_lifetime_cur *c)
{
	json_t *o = json_object();

	set_number(o, "bytes", c->bytes);
	set_number(o, "packets", c->packets);
	set_number(o, "add_time", c->add_time);
	set_number(o, "use_time", c->use_time);
	return o;
}

static json_t *flags_array(uint32_t flags, const struct flag_name *names)
{
	json_t *list = json_array();

	for (; names->name; names++)
		if (flags & names->bit)
			json_array_append_new(list, json_string(names->name));
	return list;
}

static void set_algorithms(json_t *o, const struct ux_attrs *attrs)
{
	static const uint16_t types[] = {XFRMA_ALG_CRYPT, XFRMA_ALG_AUTH, XFRMA_ALG_AUTH_TRUNC,
					 XFRMA_ALG_AEAD, XFRMA_ALG_COMP};
	char name[sizeof(((struct xfrm_algo *)0)->alg_name) + 1], buf[NAME_BUF];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct nlattr *a = attrs->tb[types[i]];

		if (!a || ux_attr_len(a) < sizeof(struct xfrm_algo))
			continue;
		const struct xfrm_algo *algo = ux_attr_data(a);
		json_t *entry = json_object();

		snprintf(name, sizeof(name), "%.*s", (int)sizeof(algo->alg_name), algo->alg_name);
		set_text(entry, "name", name);
		set_number(entry, "key_bits", algo->alg_key_len);
		if (types[i] == XFRMA_ALG_AEAD || types[i] == XFRMA_ALG_AUTH_TRUNC)
			set_number(entry, "icv_bits",
				   ((const struct xfrm_algo_aead *)ux_attr_data(a))->alg_icv_len);
		json_object_set_new(o, algo_type_name(types[i], buf), entry);
	}
}

static void set_encap(json_t *o, const struct nlattr *a, int family)
{
	const struct xfrm_encap_tmpl *e = ux_attr_data(a);
	json_t *entry = json_object();
	char buf[NAME_BUF];

	set_text(entry, "type", e->encap_type ? encap_name(e->encap_type, buf) : "none");
	set_number(entry, "sport", ntohs(e->encap_sport));
	set_number(entry, "dport", ntohs(e->encap_dport));
	set_address(entry, "addr", family, &e->encap_oa);
	json_object_set_new(o, "encap", entry);
}

static void set_replay(json_t *o, const struct ux_attrs *attrs)
{
	json_t *entry = json_object();

	if (attrs->tb[XFRMA_REPLAY_ESN_VAL]) {
		const struct xfrm_replay_state_esn *r =
		    ux_attr_data(attrs->tb[XFRMA_REPLAY_ESN_VAL]);

		set_number(entry, "window", r->replay_window);
		set_number(entry, "seq", (uint64_t)r->seq_hi << 32 | r->seq);
		set_number(entry, "oseq", (uint64_t)r->oseq_hi << 32 | r->oseq);
	} else if (attrs->tb[XFRMA_REPLAY_VAL]) {
		const struct xfrm_replay_state *r = ux_attr_data(attrs->tb[XFRMA_REPLAY_VAL]);

		set_number(entry, "seq", r->seq);
		set_number(entry, "oseq", r->oseq);
	}
	json_object_set_new(o, "replay", entry);
}

static void set_marks(json_t *o, const struct ux_attrs *attrs, const char *mark_name,
		      const char *set_name)
{
	const struct nlattr *mark = attrs->tb[XFRMA_MARK], *set = attrs->tb[XFRMA_SET_MARK];
	const struct nlattr *mask = attrs->tb[XFRMA_SET_MARK_MASK];

	if (mark) {
		const struct xfrm_mark *m = ux_attr_data(mark);

		json_object_set_new(o, mark_name, mark_object(m->v, m->m));
	}
	if (set)
		json_object_set_new(
		    o, set_name,
		    mark_object(ux_attr_u32(set), mask ? ux_attr_u32(mask) : UINT32_MAX));
}

static void set_id(json_t *o, const struct xfrm_id *id, uint8_t mode, uint32_t reqid)
{
	char buf[NAME_BUF], spi[16];

	set_text(o, "proto", xfrm_proto_name(id->proto, buf));
	snprintf(spi, sizeof(spi), "0x%08x", ntohl(id->spi));
	set_text(o, "spi", spi);
	set_number(o, "reqid", reqid);
	set_text(o, "mode", mode_name(mode, buf));
}

static void set_direction(json_t *o, const struct ux_attrs *attrs)
{
	const struct nlattr *dir = attrs->tb[UX_XFRMA_SA_DIR];

	if (dir)
		set_text(o, "dir", ux_attr_u8(dir) == 1 ? "in" : "out");
}

static json_t *sa_object(const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	struct sa_view view = {.attrs = &attrs};

	if (view_sa(msg, &view) < 0)
		return NULL;
	const struct xfrm_usersa_info *sa = &view.info;
	json_t *o = json_object();

	set_address(o, "src", sa->family, &sa->saddr);
	set_address(o, "dst", sa->family, &sa->id.daddr);
	set_id(o, &sa->id, sa->mode, sa->reqid);
	set_direction(o, &attrs);
	set_number(o, "replay_window", sa->replay_window);
	json_object_set_new(o, "flags", flags_array(sa->flags, state_flag_names));
	if (attrs.tb[XFRMA_SA_EXTRA_FLAGS])
		json_object_set_new(
		    o, "extra_flags",
		    flags_array(ux_attr_u32(attrs.tb[XFRMA_SA_EXTRA_FLAGS]), extra_flag_names));
	set_marks(o, &attrs, "mark", "output_mark");
	set_algorithms(o, &attrs);
	if (attrs.tb[XFRMA_ENCAP])
		set_encap(o, attrs.tb[XFRMA_ENCAP], sa->family);
	set_replay(o, &attrs);
	if (attrs.tb[XFRMA_IF_ID])
		set_number(o, "if_id", ux_attr_u32(attrs.tb[XFRMA_IF_ID]));
	json_object_set_new(o, "sel", selector_object(&sa->sel, sa->family));
	json_object_set_new(o, "limits", limits_object(&sa->lft));
	json_object_set_new(o, "current", current_object(&sa->curlft));
	if (msg->nlmsg_type == XFRM_MSG_EXPIRE)
		json_object_set_new(o, "hard", json_boolean(view.hard));
	return o;
}

static json_t *templates_array(const struct nlattr *a)
{
	const struct xfrm_user_tmpl *t = ux_attr_data(a);
	size_t n = ux_attr_len(a) / sizeof(*t);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++, t++) {
		json_t *o = json_object();

		set_address(o, "src", t->family, &t->saddr);
		set_address(o, "dst", t->family, &t->id.daddr);
		set_id(o, &t->id, t->mode, t->reqid);
		set_text(o, "level", t->optional ? "use" : "required");
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *policy_object(const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	struct policy_view view = {.attrs = &attrs};
	char buf[NAME_BUF];

	if (view_policy(msg, &view) < 0)
		return NULL;
	const struct xfrm_userpolicy_info *info = &view.info;
	json_t *o = selector_object(&info->sel, 0);

	set_text(o, "dir", dir_name(info->dir, buf));
	set_text(o, "action", info->action == XFRM_POLICY_ALLOW ? "allow" : "block");
	set_number(o, "index", info->index);
	set_number(o, "priority", info->priority);
	if (attrs.tb[XFRMA_POLICY_TYPE]) {
		const struct xfrm_userpolicy_type *type = ux_attr_data(attrs.tb[XFRMA_POLICY_TYPE]);

		set_text(o, "ptype", ptype_name(type->type, buf));
	}
	json_object_set_new(o, "flags", flags_array(info->flags, policy_flag_names));
	set_marks(o, &attrs, "mark", "output_mark");
	if (attrs.tb[XFRMA_IF_ID])
		set_number(o, "if_id", ux_attr_u32(attrs.tb[XFRMA_IF_ID]));
	if (attrs.tb[XFRMA_TMPL])
		json_object_set_new(o, "templates", templates_array(attrs.tb[XFRMA_TMPL]));
	json_object_set_new(o, "limits", limits_object(&info->lft));
	json_object_set_new(o, "current", current_object(&info->curlft));
	if (msg->nlmsg_type == XFRM_MSG_POLEXPIRE)
		json_object_set_new(o, "hard", json_boolean(view.hard));
	return o;
}

static bool read_header(const struct nlmsghdr *msg, void *header, size_t len,
			struct ux_attrs *attrs)
{
	struct ux_ext_ack ext = {0};

	if (msg->nlmsg_len < NLMSG_HDRLEN + len || ux_attrs_parse(msg, len, attrs, &ext) < 0)
		return false;
	memcpy(header, (const uint8_t *)msg + NLMSG_HDRLEN, len);
	return true;
}

static void set_spi(json_t *o, __be32 spi)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", ntohl(spi));
	set_text(o, "spi", text);
}

static void set_offload(json_t *o, const struct nlattr *a, uint32_t flags)
{
	char name[IF_NAMESIZE];
	json_t *offload;

	if (flags & UX_MIGRATE_CLEAR_OFFLOAD)
		set_text(o, "offload", "none");
	if (!a)
		return;
	const struct xfrm_user_offload *f = ux_attr_data(a);

	if (!if_indextoname((unsigned int)f->ifindex, name))
		snprintf(name, sizeof(name), "if%d", f->ifindex);
	offload = json_object();
	set_text(offload, "dev", name);
	set_text(offload, "dir", f->flags & UX_XFRM_OFFLOAD_INBOUND ? "in" : "out");
	json_object_set_new(o, "offload", offload);
}

static json_t *state_flush_object(const struct nlmsghdr *msg)
{
	struct xfrm_usersa_flush flush;
	struct ux_attrs attrs;
	char buf[NAME_BUF];

	if (!read_header(msg, &flush, sizeof(flush), &attrs))
		return NULL;
	json_t *o = json_object();

	if (flush.proto)
		set_text(o, "proto", xfrm_proto_name(flush.proto, buf));
	return o;
}

static json_t *policy_flush_object(const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	char nothing, buf[NAME_BUF];

	if (!read_header(msg, &nothing, 0, &attrs))
		return NULL;
	json_t *o = json_object();

	if (attrs.tb[XFRMA_POLICY_TYPE]) {
		const struct xfrm_userpolicy_type *type = ux_attr_data(attrs.tb[XFRMA_POLICY_TYPE]);

		set_text(o, "ptype", ptype_name(type->type, buf));
	}
	return o;
}

static json_t *acquire_object(const struct nlmsghdr *msg)
{
	struct xfrm_user_acquire acquire;
	struct ux_attrs attrs;
	char buf[NAME_BUF];

	if (!read_header(msg, &acquire, sizeof(acquire), &attrs))
		return NULL;
	json_t *o = json_object();

	set_text(o, "proto", xfrm_proto_name(acquire.id.proto, buf));
	set_number(o, "seq", acquire.seq);
	json_object_set_new(o, "sel", selector_object(&acquire.sel, acquire.policy.sel.family));
	set_number(o, "policy_index", acquire.policy.index);
	return o;
}

static json_t *mapping_object(const struct nlmsghdr *msg)
{
	struct xfrm_user_mapping map;
	struct ux_attrs attrs;

	if (!read_header(msg, &map, sizeof(map), &attrs))
		return NULL;
	json_t *o = json_object();

	set_address(o, "dst", map.id.family, &map.id.daddr);
	set_spi(o, map.id.spi);
	set_number(o, "reqid", map.reqid);
	set_address(o, "old_src", map.id.family, &map.old_saddr);
	set_number(o, "old_sport", ntohs(map.old_sport));
	set_address(o, "new_src", map.id.family, &map.new_saddr);
	set_number(o, "new_sport", ntohs(map.new_sport));
	return o;
}

static json_t *migrate_object(const struct nlmsghdr *msg)
{
	struct ux_xfrm_user_migrate_state m;
	struct ux_attrs attrs;
	char buf[NAME_BUF];

	if (!read_header(msg, &m, sizeof(m), &attrs))
		return NULL;
	json_t *o = json_object();

	set_address(o, "dst", m.id.family, &m.id.daddr);
	set_text(o, "proto", xfrm_proto_name(m.id.proto, buf));
	set_spi(o, m.id.spi);
	set_direction(o, &attrs);
	json_object_set_new(o, "mark", mark_object(m.old_mark.v, m.old_mark.m));
	set_address(o, "new_dst", m.new_family, &m.new_daddr);
	set_address(o, "new_src", m.new_family, &m.new_saddr);
	set_number(o, "new_reqid", m.new_reqid);
	json_object_set_new(o, "new_sel", selector_object(&m.new_sel, m.new_family));
	set_marks(o, &attrs, "new_mark", "set_mark");
	if (attrs.tb[XFRMA_ENCAP])
		set_encap(o, attrs.tb[XFRMA_ENCAP], m.new_family);
	set_offload(o, attrs.tb[XFRMA_OFFLOAD_DEV], m.flags);
	if (attrs.tb[UX_XFRMA_MTIMER_THRESH])
		set_number(o, "mtimer_thresh", ux_attr_u32(attrs.tb[UX_XFRMA_MTIMER_THRESH]));
	if (attrs.tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL])
		set_number(o, "nat_keepalive",
			   ux_attr_u32(attrs.tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL]));
	return o;
}

static json_t *entry_object(const struct xfrm_user_migrate *m)
{
	json_t *o = json_object();
	char buf[NAME_BUF];

	set_text(o, "proto", xfrm_proto_name(m->proto, buf));
	set_text(o, "mode", mode_name(m->mode, buf));
	set_number(o, "reqid", m->reqid);
	set_address(o, "old_src", m->old_family, &m->old_saddr);
	set_address(o, "old_dst", m->old_family, &m->old_daddr);
	set_address(o, "new_src", m->new_family, &m->new_saddr);
	set_address(o, "new_dst", m->new_family, &m->new_daddr);
	return o;
}

static json_t *policy_migrate_object(const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_id id;
	struct xfrm_user_migrate entry;
	struct ux_attrs attrs;
	char buf[NAME_BUF];
	size_t at = 0;

	if (!read_header(msg, &id, sizeof(id), &attrs))
		return NULL;
	json_t *o = json_object(), *list = json_array();

	set_text(o, "dir", dir_name(id.dir, buf));
	if (attrs.tb[XFRMA_POLICY_TYPE]) {
		const struct xfrm_userpolicy_type *type = ux_attr_data(attrs.tb[XFRMA_POLICY_TYPE]);

		set_text(o, "ptype", ptype_name(type->type, buf));
	}
	json_object_set_new(o, "sel", selector_object(&id.sel, 0));
	if (attrs.tb[XFRMA_ENCAP])
		set_encap(o, attrs.tb[XFRMA_ENCAP], id.sel.family);
	if (attrs.tb[XFRMA_KMADDRESS]) {
		const struct xfrm_user_kmaddress *km = ux_attr_data(attrs.tb[XFRMA_KMADDRESS]);

		set_address(o, "kmaddress_local", km->family, &km->local);
		set_address(o, "kmaddress_remote", km->family, &km->remote);
	}
	while (next_migrate_entry(msg, &at, &entry))
		json_array_append_new(list, entry_object(&entry));
	json_object_set_new(o, "entries", list);
	return o;
}

json_t *json_message(const struct nlmsghdr *msg)
{
	static const struct {
		uint16_t type;
		const char *event;
		json_t *(*make)(const struct nlmsghdr *msg);
	} forms[] = {
	    {XFRM_MSG_NEWSA, "state", sa_object},
	    {XFRM_MSG_UPDSA, "state-updated", sa_object},
	    {XFRM_MSG_DELSA, "state-deleted", sa_object},
	    {XFRM_MSG_EXPIRE, "state-expired", sa_object},
	    {XFRM_MSG_NEWPOLICY, "policy", policy_object},
	    {XFRM_MSG_UPDPOLICY, "policy-updated", policy_object},
	    {XFRM_MSG_DELPOLICY, "policy-deleted", policy_object},
	    {XFRM_MSG_POLEXPIRE, "policy-expired", policy_object},
	    {XFRM_MSG_FLUSHSA, "states-flushed", state_flush_object},
	    {XFRM_MSG_FLUSHPOLICY, "policies-flushed", policy_flush_object},
	    {XFRM_MSG_ACQUIRE, "acquire", acquire_object},
	    {XFRM_MSG_MAPPING, "mapping", mapping_object},
	    {XFRM_MSG_MIGRATE, "policy-migrated", policy_migrate_object},
	    {UX_XFRM_MSG_MIGRATE_STATE, "state-migrated", migrate_object},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type != msg->nlmsg_type)
			continue;
		json_t *o = forms[i].make(msg);

		if (o)
			set_text(o, "object", forms[i].event);
		return o;
	}
	return NULL;
}
