/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/sa_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/translate.h"
#include "wire/algo_attr.h"
#include "wire/replay_attr.h"

static uint64_t load64(const _Atomic(uint64_t) *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static uint32_t load32(const _Atomic(uint32_t) *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

void ux_sa_info(const struct ux_sa *sa, struct xfrm_usersa_info *p)
{
	const struct ux_sa_runtime *rt = sa->runtime;

	memset(p, 0, sizeof(*p)); /* the padding goes out as well */
	p->sel = ux_selector_to_wire(&sa->sel);
	p->id.daddr = ux_addr_to_wire(&sa->id.daddr);
	p->id.spi = sa->id.spi;
	p->id.proto = sa->id.proto;
	memcpy((uint8_t *)&p->id + UX_ID_PAD, rt->terms.id_unused, sizeof(rt->terms.id_unused));
	p->saddr = ux_addr_to_wire(&sa->saddr);
	p->lft = ux_limits_to_wire(ux_sa_limits(rt));
	p->curlft.bytes = load64(&rt->bytes);
	p->curlft.packets = load64(&rt->packets);
	p->curlft.add_time = load64(&rt->add_time_s);
	p->curlft.use_time = load64(&rt->use_time_s);
	p->stats.replay_window = load32(&rt->stats.replay_window);
	p->stats.replay = load32(&rt->stats.replay);
	p->stats.integrity_failed = load32(&rt->stats.integrity_failed);
	p->seq = rt->terms.acquire_seq;
	p->reqid = sa->reqid;
	p->family = sa->id.family;
	p->mode = sa->mode;
	p->replay_window = rt->terms.replay_window;
	p->flags = sa->flags;
}

static void write_algo(struct ux_writer *w, uint16_t type, const struct ux_algo_key *key)
{
	struct ux_wire_algo algo = {
	    .key = key->key, .key_bits = key->key_bits, .icv_bits = key->icv_bits};

	strncpy(algo.name, key->name, sizeof(algo.name) - 1);
	ux_algo_attr_write(w, type, &algo);
}

static void write_keys(struct ux_writer *w, const struct ux_sa_keys *keys)
{
	const struct ux_algo_key *aead = ux_sa_key(keys, UX_KEY_AEAD);
	const struct ux_algo_key *auth = ux_sa_key(keys, UX_KEY_AUTH);
	const struct ux_algo_key *crypt = ux_sa_key(keys, UX_KEY_CRYPT);
	const struct ux_algo_key *comp = ux_sa_key(keys, UX_KEY_COMP);

	if (aead)
		write_algo(w, XFRMA_ALG_AEAD, aead);
	if (auth) {
		write_algo(w, XFRMA_ALG_AUTH, auth);
		write_algo(w, XFRMA_ALG_AUTH_TRUNC, auth);
	}
	if (crypt)
		write_algo(w, XFRMA_ALG_CRYPT, crypt);
	if (comp) {
		/* compression has no key, and none is shown */
		struct ux_algo_key shown = *comp;

		shown.key_bits = 0;
		write_algo(w, XFRMA_ALG_COMP, &shown);
	}
}

void ux_sa_write_replay(struct ux_writer *w, const struct ux_sa *sa)
{
	const struct ux_replay_window *window = ux_rcu_own(&sa->runtime->replay);
	const struct ux_sa_terms *terms = &sa->runtime->terms;
	struct ux_wire_replay r = {.oseq = load64(&sa->runtime->oseq)};

	if (window) {
		r.window = window->window;
		/* the bitmap of REPLAY_VAL is always whole */
		ux_replay_store(window, &r.seq, r.bits, terms->esn_attr ? r.window : 32);
	}
	r.bmp_len = terms->replay_bmp_len;
	if (terms->esn_attr)
		ux_replay_esn_write(w, &r);
	else
		ux_replay_val_write(w, &r);
}

static void write_mark(struct ux_writer *w, const struct ux_sa *sa)
{
	struct xfrm_mark mark = {.v = sa->mark.v, .m = sa->mark.m};

	if (mark.v | mark.m)
		ux_msg_attr(w, XFRMA_MARK, &mark, sizeof(mark));
}

static void write_output_mark(struct ux_writer *w, const struct ux_sa *sa)
{
	if (sa->output_mark.v | sa->output_mark.m) {
		ux_msg_attr_u32(w, XFRMA_SET_MARK, sa->output_mark.v);
		ux_msg_attr_u32(w, XFRMA_SET_MARK_MASK, sa->output_mark.m);
	}
}

static void write_pcpu_and_dir(struct ux_writer *w, const struct ux_sa *sa)
{
	if (sa->runtime->terms.pcpu != UINT32_MAX)
		ux_msg_attr_u32(w, UX_XFRMA_SA_PCPU, sa->runtime->terms.pcpu);
	if (sa->dir)
		ux_msg_attr_u8(w, UX_XFRMA_SA_DIR, sa->dir);
}

void ux_sa_write_event_attrs(struct ux_writer *w, const struct ux_sa *sa)
{
	write_mark(w, sa);
	if (sa->if_id)
		ux_msg_attr_u32(w, XFRMA_IF_ID, sa->if_id);
	write_pcpu_and_dir(w, sa);
}

static void write_offload(struct ux_writer *w, const struct ux_offload *offload)
{
	struct xfrm_user_offload o;

	memset(&o, 0, sizeof(o)); /* the padding goes out as well */
	o.ifindex = offload->ifindex;
	o.flags = (uint8_t)(offload->flags & ~UX_XFRM_OFFLOAD_IPV6); /* means nothing */
	ux_msg_attr(w, XFRMA_OFFLOAD_DEV, &o, sizeof(o));
}

static void write_attrs(struct ux_writer *w, const struct ux_sa *sa)
{
	const struct ux_sa_terms *terms = &sa->runtime->terms;
	uint64_t last_used_s = load64(&sa->runtime->last_used_s);

	if (terms->extra_flags)
		ux_msg_attr_u32(w, XFRMA_SA_EXTRA_FLAGS, terms->extra_flags);
	if (terms->rare && terms->rare->has_coaddr)
		ux_msg_attr(w, XFRMA_COADDR, &terms->rare->coaddr, sizeof(terms->rare->coaddr));
	if (last_used_s)
		ux_msg_attr_u64(w, XFRMA_LASTUSED, last_used_s);
	if (sa->runtime->keys)
		write_keys(w, sa->runtime->keys);
	if (sa->encap.type != UX_ENCAP_NONE) {
		struct xfrm_encap_tmpl encap = ux_encap_to_wire(&sa->encap);

		ux_msg_attr(w, XFRMA_ENCAP, &encap, sizeof(encap));
	}
	if (terms->tfcpad)
		ux_msg_attr_u32(w, XFRMA_TFCPAD, terms->tfcpad);
	write_mark(w, sa);
	write_output_mark(w, sa);
	ux_sa_write_replay(w, sa);
	if (sa->offload.requested)
		write_offload(w, &sa->offload);
	if (sa->if_id)
		ux_msg_attr_u32(w, XFRMA_IF_ID, sa->if_id);
	ux_write_label(w, ux_sa_label(sa));
	if (sa->mapping_maxage_s)
		ux_msg_attr_u32(w, UX_XFRMA_MTIMER_THRESH, sa->mapping_maxage_s);
	write_pcpu_and_dir(w, sa);
	if (sa->nat_keepalive_interval_s)
		ux_msg_attr_u32(w, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, sa->nat_keepalive_interval_s);
}

bool ux_sa_write(struct ux_writer *w, const struct nlmsghdr *header, const struct ux_sa *sa)
{
	struct xfrm_usersa_info info;
	struct xfrm_usersa_id id;

	ux_sa_info(sa, &info);
	if (header->nlmsg_type == XFRM_MSG_DELSA) {
		memset(&id, 0, sizeof(id));
		id.daddr = info.id.daddr;
		id.spi = info.id.spi;
		id.family = info.family;
		id.proto = info.id.proto;
		ux_msg_begin(w, header->nlmsg_type, header->nlmsg_flags, header->nlmsg_pid,
			     header->nlmsg_seq, &id, sizeof(id));
		ux_msg_attr(w, XFRMA_SA, &info, sizeof(info));
	} else {
		ux_msg_begin(w, header->nlmsg_type, header->nlmsg_flags, header->nlmsg_pid,
			     header->nlmsg_seq, &info, sizeof(info));
	}
	write_attrs(w, sa);
	return ux_msg_end(w);
}

/* Everything but the keys is below this, the largest replay bitmap and all attributes included. */
#define FIXED_MAX 2048

static size_t message_max(const struct ux_sa *sa)
{
	const struct ux_label *label = ux_sa_label(sa);
	size_t bits = 0;

	for (int kind = 0; kind < UX_KEY_KINDS; kind++) {
		const struct ux_algo_key *key = ux_sa_key(sa->runtime->keys, (uint8_t)(1 << kind));

		bits += key ? (size_t)key->key_bits * 2 : 0; /* that of auth goes out twice */
	}
	return FIXED_MAX + bits / 8 + (label ? label->len : 0);
}

int ux_sa_message(const struct nlmsghdr *header, const struct ux_sa *sa,
		  struct ux_writer *ret_writer)
{
	size_t cap = message_max(sa);
	uint8_t *buf = malloc(cap);

	if (!buf)
		return -ENOMEM;
	ux_writer_init(ret_writer, buf, cap);
	if (ux_sa_write(ret_writer, header, sa))
		return 0;
	ux_sa_message_free(ret_writer);
	return -EMSGSIZE;
}

void ux_sa_message_free(struct ux_writer *w)
{
	if (w->buf)
		explicit_bzero(w->buf, w->cap);
	free(w->buf);
	w->buf = NULL;
}

int ux_sa_reply(struct ux_request *req, const struct ux_sa *sa)
{
	static const struct nlmsghdr header = {.nlmsg_type = XFRM_MSG_NEWSA};
	struct ux_writer w;
	int r = ux_sa_message(&header, sa, &w);

	if (r < 0)
		return r;
	r = ux_reply(req, &w);
	ux_sa_message_free(&w);
	return r;
}
