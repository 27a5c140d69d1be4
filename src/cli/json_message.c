/* SPDX-License-Identifier: BSD-2-Clause */

/* Answers and events as JSON objects. */

#include "cli/json_values.h"
#include "cli/names.h"
#include "cli/print.h"

static void fill_sa(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_sa *sa = &m->sa;
	json_t *stats = json_object();
	char buf[NAME_BUF];

	set_sa_id(o, &sa->id);
	set_number(o, "reqid", sa->reqid);
	set_text(o, "mode", mode_name(sa->mode, buf));
	set_number(o, "seq", sa->seq);
	set_number(o, "replay_window", sa->replay_window);
	json_object_set_new(o, "flags", flags_array(sa->flags, state_flag_names));
	set_marks(o, &sa->attrs, "mark", "output_mark");
	set_attributes(o, &sa->attrs, sa->id.family);
	json_object_set_new(o, "sel", selector_object(&sa->sel, sa->id.family));
	json_object_set_new(o, "limits", limits_object(&sa->limits));
	json_object_set_new(o, "current", usage_object(&sa->usage));
	set_number(stats, "replay_window", sa->stats_replay_window);
	set_number(stats, "replay", sa->stats_replay);
	set_number(stats, "integrity_failed", sa->stats_integrity_failed);
	json_object_set_new(o, "stats", stats);
	if (m->type == UXFRM_MSG_SA_EXPIRED)
		json_object_set_new(o, "hard", json_boolean(m->hard));
}

static void set_policy(json_t *o, const struct uxfrm_policy *policy)
{
	bool socket = policy->id.dir >= UXFRM_POLICY_SOCKET;
	char buf[NAME_BUF];

	json_object_update_new(o, selector_object(&policy->id.sel, 0));
	set_text(o, "dir",
		 dir_name((uint8_t)(policy->id.dir - (socket ? UXFRM_POLICY_SOCKET : 0)), buf));
	if (socket)
		json_object_set_new(o, "socket", json_true());
	set_text(o, "action", policy->action == UXFRM_ALLOW ? "allow" : "block");
	set_number(o, "index", policy->id.index);
	set_number(o, "priority", policy->priority);
	set_text(o, "share", share_name(policy->share, buf));
	json_object_set_new(o, "flags", flags_array(policy->flags, policy_flag_names));
	json_object_set_new(o, "limits", limits_object(&policy->limits));
	json_object_set_new(o, "current", usage_object(&policy->usage));
}

static void fill_policy(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_policy *policy = &m->policy;

	set_policy(o, policy);
	set_marks(o, &policy->attrs, "mark", "output_mark");
	set_attributes(o, &policy->attrs, policy->id.sel.family);
	if (m->type == UXFRM_MSG_POLICY_EXPIRED)
		json_object_set_new(o, "hard", json_boolean(m->hard));
}

static void fill_acquire(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_acquire *a = &m->acquire;
	json_t *policy = json_object();

	set_sa_id(o, &a->id);
	set_number(o, "seq", a->seq);
	set_number(o, "enc_mask", a->crypt_mask);
	set_number(o, "auth_mask", a->auth_mask);
	set_number(o, "comp_mask", a->comp_mask);
	json_object_set_new(o, "sel", selector_object(&a->sel, a->policy.id.sel.family));
	set_policy(policy, &a->policy);
	set_attributes(policy, &a->attrs, a->policy.id.sel.family);
	json_object_set_new(o, "policy", policy);
	set_marks(o, &a->attrs, "mark", "output_mark");
}

static void fill_aevent(json_t *o, const struct uxfrm_message *m)
{
	static const struct flag_name causes[] = {
	    {UXFRM_AE_RTHR, "replay-thresh"}, {UXFRM_AE_RVAL, "replay-value"},
	    {UXFRM_AE_LVAL, "lifetime"},      {UXFRM_AE_ETHR, "timer-thresh"},
	    {UXFRM_AE_REPLAY, "replay"},      {UXFRM_AE_TIMER, "timer"},
	    {UXFRM_AE_UPDATE, "update"},      {0, NULL}};
	const struct uxfrm_aevent *e = &m->aevent;

	set_sa_id(o, &e->id);
	set_number(o, "reqid", e->reqid);
	json_object_set_new(o, "flags", flags_array(e->flags, causes));
	set_marks(o, &e->attrs, "mark", "output_mark");
	set_attributes(o, &e->attrs, e->id.family);
	if (uxfrm_has(&e->attrs, UXFRM_HAS_USAGE))
		json_object_set_new(o, "current", usage_object(&e->attrs.usage));
}

static void fill_report(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_report *r = &m->report;
	char buf[NAME_BUF];

	set_text(o, "proto", xfrm_proto_name(r->proto, buf));
	json_object_set_new(o, "sel", selector_object(&r->sel, 0));
	set_attributes(o, &r->attrs, r->sel.family);
}

static void fill_mapping(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_mapping *map = &m->mapping;
	int family = map->id.family;
	char buf[NAME_BUF];

	set_address(o, "dst", family, &map->id.dst);
	set_text(o, "proto", xfrm_proto_name(map->id.proto, buf));
	set_spi(o, map->id.spi);
	set_number(o, "reqid", map->reqid);
	set_address(o, "old_src", family, &map->old_src);
	set_number(o, "old_sport", map->old_sport);
	set_address(o, "new_src", family, &map->new_src);
	set_number(o, "new_sport", map->new_sport);
}

static void fill_flushed(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_flushed *f = &m->flushed;
	char buf[NAME_BUF];

	if (m->type == UXFRM_MSG_SAS_FLUSHED && f->proto)
		set_text(o, "proto", xfrm_proto_name(f->proto, buf));
	set_attributes(o, &f->attrs, 0);
}

static void fill_sa_moved(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_sa_move *move = &m->sa_move;
	char buf[NAME_BUF];

	set_address(o, "dst", move->id.family, &move->id.dst);
	set_text(o, "proto", xfrm_proto_name(move->id.proto, buf));
	set_spi(o, move->id.spi);
	json_object_set_new(o, "mark", mark_object(move->old_mark.value, move->old_mark.mask));
	set_address(o, "new_dst", move->new_family, &move->new_dst);
	set_address(o, "new_src", move->new_family, &move->new_src);
	set_number(o, "new_reqid", move->new_reqid);
	json_object_set_new(o, "new_sel", selector_object(&move->new_sel, move->new_family));
	set_marks(o, &move->attrs, "new_mark", "set_mark");
	set_attributes(o, &move->attrs, move->new_family);
	if (move->flags & UXFRM_MOVE_CLEAR_OFFLOAD)
		json_object_set_new(o, "clear_offload", json_true());
	if (move->flags & UXFRM_MOVE_UPDATE_H2H_SELECTOR)
		json_object_set_new(o, "update_h2h_sel", json_true());
}

static json_t *endpoint_object(const struct uxfrm_endpoint_move *m)
{
	json_t *o = json_object();
	char buf[NAME_BUF];

	set_text(o, "proto", xfrm_proto_name(m->proto, buf));
	set_text(o, "mode", mode_name(m->mode, buf));
	set_number(o, "reqid", m->reqid);
	set_address(o, "old_src", m->old_family, &m->old_src);
	set_address(o, "old_dst", m->old_family, &m->old_dst);
	set_address(o, "new_src", m->new_family, &m->new_src);
	set_address(o, "new_dst", m->new_family, &m->new_dst);
	return o;
}

static void fill_policy_moved(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_policy_move *move = &m->policy_move;
	json_t *list = json_array();
	char buf[NAME_BUF];

	set_text(o, "dir", dir_name(move->id.dir, buf));
	json_object_set_new(o, "sel", selector_object(&move->id.sel, 0));
	set_attributes(o, &move->attrs, move->id.sel.family);
	for (size_t i = 0; i < move->move_count; i++)
		json_array_append_new(list, endpoint_object(&move->moves[i]));
	json_object_set_new(o, "entries", list);
}

static void fill_defaults(json_t *o, const struct uxfrm_message *m)
{
	const struct {
		const char *name;
		uint8_t action;
	} all[] = {{"in", m->defaults.in}, {"fwd", m->defaults.fwd}, {"out", m->defaults.out}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		set_text(o, all[i].name, all[i].action == UXFRM_DEFAULT_BLOCK ? "block" : "accept");
}

static void fill_sad(json_t *o, const struct uxfrm_message *m)
{
	set_number(o, "sa", m->sad.count);
	set_number(o, "buckets", m->sad.buckets);
	set_number(o, "buckets_max", m->sad.buckets_max);
}

static json_t *threshold_object(const struct uxfrm_threshold *t)
{
	json_t *o = json_object();

	set_number(o, "local", t->local);
	set_number(o, "remote", t->remote);
	return o;
}

static void fill_spd(json_t *o, const struct uxfrm_message *m)
{
	const struct uxfrm_spd_info *s = &m->spd;

	set_number(o, "in", s->in);
	set_number(o, "out", s->out);
	set_number(o, "fwd", s->fwd);
	set_number(o, "socket_in", s->socket_in);
	set_number(o, "socket_out", s->socket_out);
	set_number(o, "socket_fwd", s->socket_fwd);
	set_number(o, "buckets", s->buckets);
	set_number(o, "buckets_max", s->buckets_max);
	json_object_set_new(o, "hthresh4", threshold_object(&s->threshold4));
	json_object_set_new(o, "hthresh6", threshold_object(&s->threshold6));
}

json_t *json_message(const struct uxfrm_message *m)
{
	static const struct {
		enum uxfrm_message_type type;
		const char *name;
		void (*fill)(json_t *o, const struct uxfrm_message *m);
	} forms[] = {
	    {UXFRM_MSG_SA, "state", fill_sa},
	    {UXFRM_MSG_SA_UPDATED, "state-updated", fill_sa},
	    {UXFRM_MSG_SA_DELETED, "state-deleted", fill_sa},
	    {UXFRM_MSG_SA_EXPIRED, "state-expired", fill_sa},
	    {UXFRM_MSG_POLICY, "policy", fill_policy},
	    {UXFRM_MSG_POLICY_UPDATED, "policy-updated", fill_policy},
	    {UXFRM_MSG_POLICY_DELETED, "policy-deleted", fill_policy},
	    {UXFRM_MSG_POLICY_EXPIRED, "policy-expired", fill_policy},
	    {UXFRM_MSG_SAS_FLUSHED, "states-flushed", fill_flushed},
	    {UXFRM_MSG_POLICIES_FLUSHED, "policies-flushed", fill_flushed},
	    {UXFRM_MSG_ACQUIRE, "acquire", fill_acquire},
	    {UXFRM_MSG_AEVENT, "aevent", fill_aevent},
	    {UXFRM_MSG_REPORT, "report", fill_report},
	    {UXFRM_MSG_MAPPING, "mapping", fill_mapping},
	    {UXFRM_MSG_POLICY_MOVED, "policy-migrated", fill_policy_moved},
	    {UXFRM_MSG_SA_MOVED, "state-migrated", fill_sa_moved},
	    {UXFRM_MSG_DEFAULTS, "defaults", fill_defaults},
	    {UXFRM_MSG_SAD_INFO, "state-count", fill_sad},
	    {UXFRM_MSG_SPD_INFO, "policy-count", fill_spd},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type != m->type)
			continue;
		json_t *o = json_object();

		set_text(o, "object", forms[i].name);
		forms[i].fill(o, m);
		return o;
	}
	return NULL;
}
