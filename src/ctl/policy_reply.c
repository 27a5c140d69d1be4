/* SPDX-License-Identifier: BSD-2-Clause */

/* Policies on their way out: replies, dumps and the events of group POLICY. */

#include "ctl/policy.h"

#include <string.h>

#include "ctl/label.h"
#include "ctl/translate.h"

static void info_to_wire(const struct ux_policy *p, struct xfrm_userpolicy_info *to)
{
	memset(to, 0, sizeof(*to));
	to->sel = ux_selector_to_wire(&p->sel);
	to->sel.family = p->family;
	to->lft = ux_limits_to_wire(p->limits);
	to->curlft.bytes = atomic_load_explicit(&p->bytes, memory_order_relaxed);
	to->curlft.packets = atomic_load_explicit(&p->packets, memory_order_relaxed);
	to->curlft.add_time = p->add_time_s;
	to->curlft.use_time = atomic_load_explicit(&p->use_time_s, memory_order_relaxed);
	to->priority = p->priority;
	to->index = p->index;
	to->dir = p->dir;
	to->action = p->action;
	to->flags = p->flags;
}

static void template_to_wire(const struct ux_template *t, struct xfrm_user_tmpl *to)
{
	memset(to, 0, sizeof(*to));
	to->id.daddr = ux_addr_to_wire(&t->daddr);
	to->id.spi = t->spi;
	to->id.proto = t->proto;
	memcpy((uint8_t *)&to->id + UX_ID_PAD, t->unused, sizeof(t->unused));
	to->family = t->id_family;
	to->saddr = ux_addr_to_wire(&t->saddr);
	to->reqid = t->reqid;
	to->mode = t->mode;
	to->share = t->share;
	to->optional = t->optional;
	to->aalgos = t->aalgos;
	to->ealgos = t->ealgos;
	to->calgos = t->calgos;
}

static void put_type(struct ux_writer *w, uint8_t type)
{
	struct xfrm_userpolicy_type t;

	memset(&t, 0, sizeof(t));
	t.type = type;
	ux_msg_attr(w, XFRMA_POLICY_TYPE, &t, sizeof(t));
}

/* Linux's order: templates, label, type, mark, interface id. */
static void put_attrs(struct ux_writer *w, const struct ux_policy *p)
{
	struct xfrm_user_tmpl t[UX_TEMPLATES_MAX];

	for (size_t i = 0; i < p->n_templates; i++)
		template_to_wire(&p->templates[i], &t[i]);
	if (p->n_templates)
		ux_msg_attr(w, XFRMA_TMPL, t, p->n_templates * sizeof(t[0]));
	ux_write_label(w, p->label);
	put_type(w, p->type);
	if (p->mark.v | p->mark.m) {
		struct xfrm_mark mark = {.v = p->mark.v, .m = p->mark.m};

		ux_msg_attr(w, XFRMA_MARK, &mark, sizeof(mark));
	}
	if (p->if_id)
		ux_msg_attr_u32(w, XFRMA_IF_ID, p->if_id);
}

bool ux_policy_put(struct ux_writer *w, const struct ux_policy *p, const struct nlmsghdr *head)
{
	struct xfrm_userpolicy_info info;

	info_to_wire(p, &info);
	ux_msg_begin(w, head->nlmsg_type, head->nlmsg_flags, head->nlmsg_pid, head->nlmsg_seq,
		     &info, sizeof(info));
	put_attrs(w, p);
	return ux_msg_end(w);
}

bool ux_policy_put_deleted(struct ux_writer *w, const struct ux_policy *p, bool by_index,
			   const struct nlmsghdr *head)
{
	struct xfrm_userpolicy_info info;
	struct xfrm_userpolicy_id id;

	info_to_wire(p, &info);
	memset(&id, 0, sizeof(id));
	id.dir = p->dir;
	if (by_index)
		id.index = p->index;
	else
		id.sel = info.sel;
	ux_msg_begin(w, head->nlmsg_type, head->nlmsg_flags, head->nlmsg_pid, head->nlmsg_seq, &id,
		     sizeof(id));
	ux_msg_attr(w, XFRMA_POLICY, &info, sizeof(info));
	put_attrs(w, p);
	return ux_msg_end(w);
}

bool ux_policy_put_expired(struct ux_writer *w, const struct ux_policy *p, bool hard,
			   uint32_t port_id)
{
	struct xfrm_user_polexpire expire;

	memset(&expire, 0, sizeof(expire));
	info_to_wire(p, &expire.pol);
	expire.hard = hard;
	ux_msg_begin(w, XFRM_MSG_POLEXPIRE, 0, port_id, 0, &expire, sizeof(expire));
	put_attrs(w, p);
	return ux_msg_end(w);
}

bool ux_policy_put_acquire(struct ux_writer *w, const struct ux_policy *p,
			   const struct ux_template *t, uint32_t pcpu,
			   struct xfrm_user_acquire *acquire)
{
	struct xfrm_user_tmpl wire;

	template_to_wire(t, &wire);
	acquire->id = wire.id;
	info_to_wire(p, &acquire->policy);
	ux_msg_begin(w, XFRM_MSG_ACQUIRE, 0, 0, 0, acquire, sizeof(*acquire));
	put_attrs(w, p);
	if (pcpu != UINT32_MAX)
		ux_msg_attr_u32(w, UX_XFRMA_SA_PCPU, pcpu);
	return ux_msg_end(w);
}

bool ux_policy_put_flushed(struct ux_writer *w, uint8_t type, const struct nlmsghdr *head)
{
	ux_msg_begin(w, head->nlmsg_type, head->nlmsg_flags, head->nlmsg_pid, head->nlmsg_seq, NULL,
		     0);
	put_type(w, type);
	return ux_msg_end(w);
}
