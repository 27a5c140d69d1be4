/* SPDX-License-Identifier: BSD-2-Clause */

#include "client/attributes.h"

#include <arpa/inet.h>
#include <string.h>

#include "client/convert.h"
#include "wire/algo_attr.h"

/* Attributes that are one member as it stands. */
static const struct plain {
	uint8_t has;
	uint8_t type;
	uint16_t offset, len;
} plain[] = {
#define PLAIN(HAS, TYPE, MEMBER)                                                  \
	{                                                                         \
		UXFRM_HAS_##HAS, TYPE, offsetof(struct uxfrm_attributes, MEMBER), \
		    sizeof(((struct uxfrm_attributes *)0)->MEMBER)                \
	}
    PLAIN(MARK, XFRMA_MARK, mark),
    PLAIN(OUTPUT_MARK, XFRMA_SET_MARK, output_mark),
    PLAIN(OUTPUT_MASK, XFRMA_SET_MARK_MASK, output_mask),
    PLAIN(IF_ID, XFRMA_IF_ID, if_id),
    PLAIN(TFC_PAD, XFRMA_TFCPAD, tfc_pad),
    PLAIN(EXTRA_FLAGS, XFRMA_SA_EXTRA_FLAGS, extra_flags),
    PLAIN(DIR, UX_XFRMA_SA_DIR, dir),
    PLAIN(CPU, UX_XFRMA_SA_PCPU, cpu),
    PLAIN(MAPPING_THRESH, UX_XFRMA_MTIMER_THRESH, mapping_thresh),
    PLAIN(NAT_KEEPALIVE, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, nat_keepalive),
    PLAIN(REPLAY_THRESH, XFRMA_REPLAY_THRESH, replay_thresh),
    PLAIN(TIMER_THRESH, XFRMA_ETIMER_THRESH, timer_thresh),
    PLAIN(LAST_USED, XFRMA_LASTUSED, last_used),
    PLAIN(IPTFS_DROP_TIME, UX_XFRMA_IPTFS_DROP_TIME, iptfs_drop_time),
    PLAIN(IPTFS_REORDER_WINDOW, UX_XFRMA_IPTFS_REORDER_WINDOW, iptfs_reorder_window),
    {UXFRM_HAS_IPTFS_DONT_FRAG, UX_XFRMA_IPTFS_DONT_FRAG, 0, 0},
    PLAIN(IPTFS_INIT_DELAY, UX_XFRMA_IPTFS_INIT_DELAY, iptfs_init_delay),
    PLAIN(IPTFS_MAX_QSIZE, UX_XFRMA_IPTFS_MAX_QSIZE, iptfs_max_qsize),
    PLAIN(IPTFS_PKT_SIZE, UX_XFRMA_IPTFS_PKT_SIZE, iptfs_pkt_size),
    PLAIN(SRC, XFRMA_SRCADDR, src),
    PLAIN(CARE_OF, XFRMA_COADDR, care_of),
#undef PLAIN
};
_Static_assert(sizeof(struct uxfrm_mark) == sizeof(struct xfrm_mark) &&
		   offsetof(struct uxfrm_mark, mask) == offsetof(struct xfrm_mark, m),
	       "a mark is the same here and there");

static const struct algo_place {
	uint8_t has, type;
	uint16_t offset;
} algos[] = {
    {UXFRM_HAS_AUTH, XFRMA_ALG_AUTH, offsetof(struct uxfrm_attributes, auth)},
    {UXFRM_HAS_AUTH_TRUNC, XFRMA_ALG_AUTH_TRUNC, offsetof(struct uxfrm_attributes, auth_trunc)},
    {UXFRM_HAS_CRYPT, XFRMA_ALG_CRYPT, offsetof(struct uxfrm_attributes, crypt)},
    {UXFRM_HAS_AEAD, XFRMA_ALG_AEAD, offsetof(struct uxfrm_attributes, aead)},
    {UXFRM_HAS_COMP, XFRMA_ALG_COMP, offsetof(struct uxfrm_attributes, comp)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void write_ptype(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	const struct xfrm_userpolicy_type type = {.type = a->ptype};

	ux_msg_attr(w, XFRMA_POLICY_TYPE, &type, sizeof(type));
}

static void write_encap(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	struct xfrm_encap_tmpl e = {.encap_type = a->encap.type,
				    .encap_sport = htons(a->encap.sport),
				    .encap_dport = htons(a->encap.dport)};

	memcpy(&e.encap_oa, &a->encap.original, sizeof(e.encap_oa));
	ux_msg_attr(w, XFRMA_ENCAP, &e, sizeof(e));
}

static void write_offload(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	struct xfrm_user_offload o;

	memset(&o, 0, sizeof(o)); /* what lies between its members too */
	o.ifindex = a->offload.ifindex;
	o.flags = a->offload.flags;
	ux_msg_attr(w, XFRMA_OFFLOAD_DEV, &o, sizeof(o));
}

static void write_replay(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	const struct xfrm_replay_state r = {
	    .seq = a->replay.seq, .oseq = a->replay.oseq, .bitmap = a->replay.bitmap};

	ux_msg_attr(w, XFRMA_REPLAY_VAL, &r, sizeof(r));
}

static void write_replay_esn(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	const struct uxfrm_replay_esn *r = &a->replay_esn;
	const struct xfrm_replay_state_esn head = {.bmp_len = r->words,
						   .replay_window = r->window,
						   .seq = r->seq,
						   .seq_hi = r->seq_hi,
						   .oseq = r->oseq,
						   .oseq_hi = r->oseq_hi};
	size_t bytes = r->bitmap ? r->bitmap_words * sizeof(uint32_t) : 0;
	uint8_t *to = ux_msg_attr_reserve(w, XFRMA_REPLAY_ESN_VAL, sizeof(head) + bytes);

	if (!to)
		return;
	memcpy(to, &head, sizeof(head));
	if (bytes)
		memcpy(to + sizeof(head), r->bitmap, bytes);
}

static void write_usage(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	struct xfrm_lifetime_cur usage;

	ux_usage_to_wire(&a->usage, &usage);
	ux_msg_attr(w, XFRMA_LTIME_VAL, &usage, sizeof(usage));
}

static void write_security(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	const struct uxfrm_security *s = &a->security;
	const struct xfrm_user_sec_ctx head = {.len = (uint16_t)(sizeof(head) + s->len),
					       .exttype = XFRMA_SEC_CTX,
					       .ctx_alg = s->algorithm,
					       .ctx_doi = s->doi,
					       .ctx_len = s->len};
	uint8_t *to = ux_msg_attr_reserve(w, XFRMA_SEC_CTX, sizeof(head) + s->len);

	if (!to)
		return;
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), s->text, s->len);
}

static void write_kmaddress(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	struct xfrm_user_kmaddress km = {.family = a->kmaddress.family};

	memcpy(&km.local, &a->kmaddress.local, sizeof(km.local));
	memcpy(&km.remote, &a->kmaddress.remote, sizeof(km.remote));
	ux_msg_attr(w, XFRMA_KMADDRESS, &km, sizeof(km));
}

static void write_templates(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	struct xfrm_user_tmpl t;
	uint8_t *to = ux_msg_attr_reserve(w, XFRMA_TMPL, a->template_count * sizeof(t));

	for (size_t i = 0; to && i < a->template_count; i++) {
		ux_template_to_wire(&a->templates[i], &t);
		memcpy(to + i * sizeof(t), &t, sizeof(t));
	}
}

static void write_algo(struct ux_writer *w, uint16_t type, const struct uxfrm_algo *algo)
{
	struct ux_wire_algo wire = {
	    .key = algo->key, .key_bits = algo->key_bits, .icv_bits = algo->icv_bits};

	memcpy(wire.name, algo->name, sizeof(wire.name));
	ux_algo_attr_write(w, type, &wire);
}

void ux_attributes_write(struct ux_writer *w, const struct uxfrm_attributes *a)
{
	static const struct {
		enum uxfrm_has has;
		void (*write)(struct ux_writer *w, const struct uxfrm_attributes *a);
	} composed[] = {
	    {UXFRM_HAS_TEMPLATES, write_templates}, {UXFRM_HAS_PTYPE, write_ptype},
	    {UXFRM_HAS_ENCAP, write_encap},	    {UXFRM_HAS_OFFLOAD, write_offload},
	    {UXFRM_HAS_REPLAY, write_replay},	    {UXFRM_HAS_REPLAY_ESN, write_replay_esn},
	    {UXFRM_HAS_USAGE, write_usage},	    {UXFRM_HAS_SECURITY, write_security},
	    {UXFRM_HAS_KMADDRESS, write_kmaddress},
	};

	for (size_t i = 0; i < COUNT(composed); i++)
		if (uxfrm_has(a, composed[i].has))
			composed[i].write(w, a);
	for (size_t i = 0; i < COUNT(plain); i++)
		if (uxfrm_has(a, plain[i].has))
			ux_msg_attr(w, plain[i].type, (const uint8_t *)a + plain[i].offset,
				    plain[i].len);
	for (size_t i = 0; i < COUNT(algos); i++)
		if (uxfrm_has(a, algos[i].has))
			write_algo(w, algos[i].type,
				   (const void *)((const uint8_t *)a + algos[i].offset));
}

static bool read_ptype(const struct nlattr *n, struct uxfrm_attributes *a)
{
	a->ptype = *(const uint8_t *)ux_attr_data(n);
	return true;
}

static bool read_encap(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_encap_tmpl *e = ux_attr_data(n);

	a->encap = (struct uxfrm_encap){
	    .type = e->encap_type, .sport = ntohs(e->encap_sport), .dport = ntohs(e->encap_dport)};
	memcpy(&a->encap.original, &e->encap_oa, sizeof(a->encap.original));
	return true;
}

static bool read_offload(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_user_offload *o = ux_attr_data(n);

	a->offload = (struct uxfrm_offload){.ifindex = o->ifindex, .flags = o->flags};
	return true;
}

static bool read_replay(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_replay_state *r = ux_attr_data(n);

	a->replay = (struct uxfrm_replay){.seq = r->seq, .oseq = r->oseq, .bitmap = r->bitmap};
	return true;
}

static bool read_replay_esn(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_replay_state_esn *r = ux_attr_data(n);
	size_t words = (ux_attr_len(n) - sizeof(*r)) / sizeof(uint32_t);

	a->replay_esn = (struct uxfrm_replay_esn){
	    .seq = r->seq,
	    .seq_hi = r->seq_hi,
	    .oseq = r->oseq,
	    .oseq_hi = r->oseq_hi,
	    .window = r->replay_window,
	    .words = r->bmp_len,
	    .bitmap = r->bmp,
	    .bitmap_words = (uint32_t)(words < r->bmp_len ? words : r->bmp_len),
	};
	return true;
}

static bool read_usage(const struct nlattr *n, struct uxfrm_attributes *a)
{
	struct xfrm_lifetime_cur usage;

	ux_attr_copy(n, &usage, sizeof(usage));
	ux_usage_from_wire(&usage, &a->usage);
	return true;
}

static bool read_security(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_user_sec_ctx *s = ux_attr_data(n);
	size_t have = ux_attr_len(n) - sizeof(*s);

	a->security = (struct uxfrm_security){
	    .doi = s->ctx_doi,
	    .algorithm = s->ctx_alg,
	    .len = (uint16_t)(s->ctx_len < have ? s->ctx_len : have),
	    .text = (const char *)(s + 1),
	};
	return true;
}

static bool read_kmaddress(const struct nlattr *n, struct uxfrm_attributes *a)
{
	const struct xfrm_user_kmaddress *km = ux_attr_data(n);

	a->kmaddress.family = km->family;
	memcpy(&a->kmaddress.local, &km->local, sizeof(a->kmaddress.local));
	memcpy(&a->kmaddress.remote, &km->remote, sizeof(a->kmaddress.remote));
	return true;
}

static bool read_algo(const struct nlattr *n, struct uxfrm_algo *ret)
{
	struct ux_wire_algo wire;

	if (!ux_algo_attr_read(n, &wire))
		return false;
	*ret = (struct uxfrm_algo){
	    .key = wire.key, .key_bits = wire.key_bits, .icv_bits = wire.icv_bits};
	memcpy(ret->name, wire.name, sizeof(ret->name));
	return true;
}

static void read_templates(const struct nlattr *n, struct uxfrm_attributes *a,
			   struct uxfrm_template *templates)
{
	struct xfrm_user_tmpl wire;
	const uint8_t *at = ux_attr_data(n);
	size_t count = ux_attr_len(n) / sizeof(wire);

	if (count > UX_TEMPLATES_MAX)
		count = UX_TEMPLATES_MAX;
	for (size_t i = 0; i < count; i++) {
		memcpy(&wire, at + i * sizeof(wire), sizeof(wire));
		ux_template_from_wire(&wire, &templates[i]);
	}
	a->templates = templates;
	a->template_count = count;
	uxfrm_give(a, UXFRM_HAS_TEMPLATES);
}

static void read_plain(const struct ux_attrs *attrs, struct uxfrm_attributes *a)
{
	for (size_t i = 0; i < COUNT(plain); i++) {
		const struct nlattr *n = attrs->tb[plain[i].type];

		if (!n)
			continue;
		memcpy((uint8_t *)a + plain[i].offset, ux_attr_data(n), plain[i].len);
		uxfrm_give(a, plain[i].has);
	}
}

void ux_attributes_read(const struct ux_attrs *attrs, struct uxfrm_attributes *ret_a,
			struct uxfrm_template *templates)
{
	static const struct {
		enum uxfrm_has has;
		uint16_t type;
		bool (*read)(const struct nlattr *n, struct uxfrm_attributes *a);
	} composed[] = {
	    {UXFRM_HAS_PTYPE, XFRMA_POLICY_TYPE, read_ptype},
	    {UXFRM_HAS_ENCAP, XFRMA_ENCAP, read_encap},
	    {UXFRM_HAS_OFFLOAD, XFRMA_OFFLOAD_DEV, read_offload},
	    {UXFRM_HAS_REPLAY, XFRMA_REPLAY_VAL, read_replay},
	    {UXFRM_HAS_REPLAY_ESN, XFRMA_REPLAY_ESN_VAL, read_replay_esn},
	    {UXFRM_HAS_USAGE, XFRMA_LTIME_VAL, read_usage},
	    {UXFRM_HAS_SECURITY, XFRMA_SEC_CTX, read_security},
	    {UXFRM_HAS_KMADDRESS, XFRMA_KMADDRESS, read_kmaddress},
	};

	ret_a->has = 0;
	read_plain(attrs, ret_a);
	for (size_t i = 0; i < COUNT(composed); i++) {
		const struct nlattr *n = attrs->tb[composed[i].type];

		if (n && composed[i].read(n, ret_a))
			uxfrm_give(ret_a, composed[i].has);
	}
	for (size_t i = 0; i < COUNT(algos); i++) {
		const struct nlattr *n = attrs->tb[algos[i].type];

		if (n && read_algo(n, (void *)((uint8_t *)ret_a + algos[i].offset)))
			uxfrm_give(ret_a, algos[i].has);
	}
	if (attrs->tb[XFRMA_TMPL])
		read_templates(attrs->tb[XFRMA_TMPL], ret_a, templates);
}
