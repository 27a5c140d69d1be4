/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/policy_message.h"

#include <errno.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/pfkey/notify.h"
#include "ctl/pfkey/request.h"
#include "ctl/pfkey/sa_message.h"

static uint8_t proto_out(uint8_t proto)
{
	return proto ? proto : IPSEC_ULPROTO_ANY;
}

static void put_selector(struct ux_pfkey_writer *w, const struct ux_policy *policy)
{
	const struct ux_selector *sel = &policy->sel;
	const struct sadb_address s = {.sadb_address_proto = proto_out(sel->proto),
				       .sadb_address_prefixlen = sel->prefixlen_s};
	const struct sadb_address d = {.sadb_address_proto = proto_out(sel->proto),
				       .sadb_address_prefixlen = sel->prefixlen_d};

	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_SRC, policy->family, &sel->saddr, sel->sport, s);
	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_DST, policy->family, &sel->daddr, sel->dport, d);
}

static void put_lifetimes(struct ux_pfkey_writer *w, const struct ux_policy *policy)
{
	const struct sadb_lifetime current = {
	    .sadb_lifetime_allocations =
		(uint32_t)atomic_load_explicit(&policy->packets, memory_order_relaxed),
	    .sadb_lifetime_bytes = atomic_load_explicit(&policy->bytes, memory_order_relaxed),
	    .sadb_lifetime_addtime = policy->add_time_s,
	    .sadb_lifetime_usetime =
		atomic_load_explicit(&policy->use_time_s, memory_order_relaxed),
	};

	ux_pfkey_put_hard_limits(w, policy->limits);
	ux_pfkey_put_soft_limits(w, policy->limits);
	ux_pfkey_ext(w, SADB_EXT_LIFETIME_CURRENT, &current, sizeof(current));
}

/* The timer looks a second after the policy was added, and goes on if there is a limit of time. */
static bool timer_runs(const struct ux_policy *p)
{
	const struct ux_limits *l = p->limits;

	return l->soft_add_s || l->hard_add_s || l->soft_use_s || l->hard_use_s ||
	       p->add_time_s == atomic_load_explicit(&p->instance->real_s, memory_order_relaxed);
}

uint16_t ux_pfkey_policy_references(const struct ux_policy *policy, unsigned int held)
{
	return (uint16_t)(1 + held + timer_runs(policy));
}

static uint16_t policy_kind(const struct ux_policy *policy)
{
	if (policy->action != UX_POLICY_ALLOW)
		return IPSEC_POLICY_DISCARD;
	return policy->n_templates ? IPSEC_POLICY_IPSEC : IPSEC_POLICY_NONE;
}

static uint8_t level_of(const struct ux_template *t)
{
	if (t->optional)
		return IPSEC_LEVEL_USE;
	return t->reqid ? IPSEC_LEVEL_UNIQUE : IPSEC_LEVEL_REQUIRE;
}

/* Only tunnels have addresses here. */
static int put_template(struct ux_pfkey_writer *w, const struct ux_template *t)
{
	struct sadb_x_ipsecrequest rq = {
	    .sadb_x_ipsecrequest_len = sizeof(rq),
	    .sadb_x_ipsecrequest_proto = t->proto,
	    .sadb_x_ipsecrequest_level = level_of(t),
	    .sadb_x_ipsecrequest_reqid = t->reqid,
	};

	if (!ux_pfkey_mode_out(t->mode, &rq.sadb_x_ipsecrequest_mode))
		return -EINVAL;
	if (t->mode == UX_MODE_TUNNEL)
		rq.sadb_x_ipsecrequest_len =
		    (uint16_t)(sizeof(rq) + 2 * ux_pfkey_sockaddr_len(t->family));
	ux_pfkey_append(w, &rq, sizeof(rq));
	if (t->mode == UX_MODE_TUNNEL)
		ux_pfkey_append_pair(w, t->family, &t->saddr, &t->daddr);
	return 0;
}

/*
 * The length Linux writes into the header: room for two addresses for each template, less two for
 * each that has none; but the latter two are of the family of the tunnel before it, or of the
 * policy's. So where families are mixed it is not the length of the message.
 */
static uint16_t told_words(const struct ux_policy *policy, size_t len)
{
	size_t last = ux_pfkey_sockaddr_len(policy->family);

	for (unsigned int i = 0; i < policy->n_templates; i++) {
		const struct ux_template *t = &policy->templates[i];
		size_t own = ux_pfkey_sockaddr_len(t->family);

		if (t->mode == UX_MODE_TUNNEL)
			last = own;
		else
			len += 2 * own - 2 * last;
	}
	return (uint16_t)(len / sizeof(uint64_t));
}

int ux_pfkey_policy_message(const struct ux_policy *policy, const struct sadb_msg *head,
			    uint8_t *buf, size_t *ret_len)
{
	const struct sadb_x_policy p = {
	    .sadb_x_policy_type = policy_kind(policy),
	    .sadb_x_policy_dir = (uint8_t)(policy->dir + 1),
	    .sadb_x_policy_id = policy->index,
	    .sadb_x_policy_priority = policy->priority,
	};
	struct ux_pfkey_writer w;

	ux_pfkey_begin(&w, buf, UX_PFKEY_POLICY_MAX, head);
	put_selector(&w, policy);
	put_lifetimes(&w, policy);
	ux_pfkey_ext(&w, SADB_X_EXT_POLICY, &p, sizeof(p));
	for (unsigned int i = 0; i < policy->n_templates; i++) {
		int err = put_template(&w, &policy->templates[i]);

		if (err < 0)
			return err;
	}
	ux_pfkey_label_out(&w, policy->label);
	if (!ux_pfkey_end(&w))
		return -EMSGSIZE;
	uint16_t words = told_words(policy, w.len);

	memcpy(buf + offsetof(struct sadb_msg, sadb_msg_len), &words, sizeof(words));
	*ret_len = w.len;
	return 0;
}

/* ---- events ---- */

static uint8_t event_number(uint16_t type, bool by_index)
{
	switch (type) {
	case XFRM_MSG_NEWPOLICY:
		return SADB_X_SPDADD;
	case XFRM_MSG_UPDPOLICY:
		return SADB_X_SPDUPDATE;
	default:
		return by_index ? SADB_X_SPDDELETE2 : SADB_X_SPDDELETE;
	}
}

void ux_pfkey_notify_policy(struct uxfrm *u, uint16_t type, const struct ux_policy *policy,
			    bool by_index, const struct ux_event_origin *origin)
{
	/* one that goes is held only by who announces it */
	const struct sadb_msg head = {
	    .sadb_msg_version = PF_KEY_V2,
	    .sadb_msg_type = event_number(type, by_index),
	    .sadb_msg_reserved =
		type == XFRM_MSG_DELPOLICY ? 1 : ux_pfkey_policy_references(policy, 1),
	    .sadb_msg_seq = origin->seq,
	    .sadb_msg_pid = origin->port_id,
	};
	uint8_t buf[UX_PFKEY_POLICY_MAX];
	size_t len;

	if (ux_list_empty(&u->pfkey_clients) || policy->type != UX_POLICY_TYPE_MAIN)
		return;
	if (ux_pfkey_policy_message(policy, &head, buf, &len) == 0)
		(void)ux_pfkey_send(u, buf, len, UX_PFKEY_TO_ALL, NULL);
}

void ux_pfkey_notify_policy_flushed(struct uxfrm *u, const struct ux_event_origin *origin)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = SADB_X_SPDFLUSH,
				   .sadb_msg_len = sizeof(m) / sizeof(uint64_t),
				   .sadb_msg_seq = origin->seq,
				   .sadb_msg_pid = origin->port_id};

	(void)ux_pfkey_send(u, &m, sizeof(m), UX_PFKEY_TO_ALL, NULL);
}
