/* SPDX-License-Identifier: BSD-2-Clause */

/* The attributes of an SA or a policy as lines of text, in the order in which ip prints them. */

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print_util.h"

/* Where an attribute is printed. */
struct place {
	uint16_t family; /* of addresses in it */
	const char *prefix;
};

static void truncated(const struct printer *p)
{
	fputs("(ERROR truncated)", p->out);
}

/* @bits of key at @key, of which @have bytes are really there. */
static void print_key(const struct printer *p, const uint8_t *key, uint32_t bits, size_t have)
{
	size_t bytes = bits / 8;

	if (have < bytes) {
		truncated(p);
		return;
	}
	if (p->no_keys) {
		fputs("<<Keys hidden>>", p->out);
		return;
	}
	if (bytes == 0)
		return;
	fputs("0x", p->out);
	for (size_t i = 0; i < bytes; i++)
		fprintf(p->out, "%.2x", key[i]);
	if (p->stats)
		fprintf(p->out, " (%d bits)", (int)bits);
}

/* @trailer: bytes between the key's length and the key. aead and auth-trunc have one more number
 * there, printed behind the key; enc, auth and comp have none. */
static void print_any_algo(const struct printer *p, const struct nlattr *a, const char *prefix,
			   size_t trailer)
{
	const uint8_t *bytes = ux_attr_data(a);
	size_t head = sizeof(struct xfrm_algo) + trailer, len = ux_attr_len(a);
	char word[NAME_BUF];
	struct xfrm_algo_aead algo = {0};

	_Static_assert(sizeof(struct xfrm_algo_aead) == sizeof(struct xfrm_algo_auth) &&
			   offsetof(struct xfrm_algo_aead, alg_icv_len) ==
			       offsetof(struct xfrm_algo_auth, alg_trunc_len) &&
			   offsetof(struct xfrm_algo_aead, alg_icv_len) == sizeof(struct xfrm_algo),
		       "the three layouts agree as far as they go");
	fprintf(p->out, "%s%s ", prefix, algo_type_name(a->nla_type & NLA_TYPE_MASK, word));
	if (len < head) {
		truncated(p);
		fputs(line_end(p), p->out);
		return;
	}
	memcpy(&algo, bytes, head);
	fprintf(p->out, "%.*s ", (int)sizeof(algo.alg_name), algo.alg_name);
	print_key(p, bytes + head, algo.alg_key_len, len - head);
	if (trailer)
		fprintf(p->out, " %d", (int)algo.alg_icv_len);
	fputs(line_end(p), p->out);
}

static void print_algo(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	print_any_algo(p, a, at->prefix, 0);
}

static void print_long_algo(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	print_any_algo(p, a, at->prefix, sizeof(uint32_t));
}

static void print_marks(const struct printer *p, const struct ux_attrs *attrs)
{
	const struct nlattr *mark = attrs->tb[XFRMA_MARK], *set = attrs->tb[XFRMA_SET_MARK];

	if (!mark && !set)
		return;
	fputc('\t', p->out);
	if (mark) {
		const struct xfrm_mark *m = ux_attr_data(mark);

		fprintf(p->out, "mark %#x/%#x ", m->v, m->m);
	}
	if (set) {
		fprintf(p->out, "output-mark 0x%x", ux_attr_u32(set));
		if (attrs->tb[XFRMA_SET_MARK_MASK])
			fprintf(p->out, "/0x%x", ux_attr_u32(attrs->tb[XFRMA_SET_MARK_MASK]));
	}
	fputs(line_end(p), p->out);
}

static void print_encap(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	const struct xfrm_encap_tmpl *e = ux_attr_data(a);
	char buf[NAME_BUF], address[INET6_ADDRSTRLEN];

	fprintf(p->out, "%sencap type %s sport %u dport %u addr %s%s", at->prefix,
		encap_name(e->encap_type, buf), ntohs(e->encap_sport), ntohs(e->encap_dport),
		address_text(at->family, &e->encap_oa, address), line_end(p));
}

static void print_level(const struct printer *p, const struct xfrm_user_tmpl *t, const char *prefix)
{
	char buf[NAME_BUF];

	static const char *const levels[] = {"required", "use"};

	if (t->optional < sizeof(levels) / sizeof(levels[0]))
		fprintf(p->out, "%s\tlevel %s ", prefix, levels[t->optional]);
	else
		fprintf(p->out, "%s\tlevel %u ", prefix, t->optional);
	if (p->stats)
		fprintf(p->out, "share %s ", share_name(t->share, buf));
	fputs(line_end(p), p->out);
}

static void print_templates(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	const char *prefix = at->prefix;
	const struct xfrm_user_tmpl *t = ux_attr_data(a);
	size_t n = ux_attr_len(a) / sizeof(*t);

	for (size_t i = 0; i < n; i++, t++) {
		struct id_line line = {&t->saddr, &t->id, t->mode, t->reqid, t->family, false};

		fputs(prefix, p->out);
		print_id(p, &line, prefix, "tmpl ");
		if (p->stats || t->optional)
			print_level(p, t, prefix);
		if (p->stats)
			fprintf(p->out, "%s\tenc-mask %.8x auth-mask %.8x comp-mask %.8x%s", prefix,
				t->ealgos, t->aalgos, t->calgos, line_end(p));
	}
}

static void print_replay(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	const struct xfrm_replay_state *r = ux_attr_data(a);

	fprintf(p->out, "%santi-replay context: seq 0x%x, oseq 0x%x, bitmap 0x%08x%s", at->prefix,
		r->seq, r->oseq, r->bitmap, line_end(p));
}

static void print_replay_esn(const struct printer *p, const struct nlattr *a,
			     const struct place *at)
{
	const char *prefix = at->prefix;
	const struct xfrm_replay_state_esn *r = ux_attr_data(a);
	size_t words = (ux_attr_len(a) - sizeof(*r)) / sizeof(r->bmp[0]), i;
	const char *end = line_end(p);

	if (words > r->bmp_len)
		words = r->bmp_len;
	fprintf(p->out, "%santi-replay esn context:%s", prefix, end);
	fprintf(p->out, "%s seq-hi 0x%x, seq 0x%x, oseq-hi 0x%0x, oseq 0x%0x%s", prefix, r->seq_hi,
		r->seq, r->oseq_hi, r->oseq, end);
	fprintf(p->out, "%s replay_window %u, bitmap-length %u", prefix, r->replay_window,
		r->bmp_len);
	for (i = 0; i < words; i++) {
		if (i % 8 == 0)
			fprintf(p->out, "%s%s ", end, prefix);
		fprintf(p->out, "%08x ", r->bmp[i]);
	}
	fputs(end, p->out);
}

static void print_offload(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	const struct xfrm_user_offload *o = ux_attr_data(a);
	char name[IF_NAMESIZE];

	if (!if_indextoname((unsigned int)o->ifindex, name))
		snprintf(name, sizeof(name), "if%d", o->ifindex);
	fprintf(p->out, "%scrypto offload parameters: dev %s dir %s%s", at->prefix, name,
		o->flags & UX_XFRM_OFFLOAD_INBOUND ? "in" : "out", line_end(p));
}

static void print_care_of(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(p->out, "%scoa %s%s", at->prefix, address_text(at->family, ux_attr_data(a), text),
		line_end(p));
}

static void print_last_used(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	char text[64];
	uint64_t used;

	memcpy(&used, ux_attr_data(a), sizeof(used));
	fprintf(p->out, "%slastused %s%s", at->prefix, time_text(used, text, sizeof(text)),
		line_end(p));
}

static void print_if_id(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	fprintf(p->out, "%sif_id %#x%s", at->prefix, ux_attr_u32(a), line_end(p));
}

static void print_tfc_pad(const struct printer *p, const struct nlattr *a, const struct place *at)
{
	fprintf(p->out, "%stfcpad %u%s", at->prefix, ux_attr_u32(a), line_end(p));
}

void print_attributes(const struct printer *p, const struct ux_attrs *attrs, uint16_t family,
		      const char *prefix)
{
	static const struct {
		uint16_t attribute, unless; /* this other one is there */
		void (*print)(const struct printer *p, const struct nlattr *a,
			      const struct place *at);
	} order[] = {
	    {XFRMA_ALG_AUTH, XFRMA_ALG_AUTH_TRUNC, print_algo},
	    {XFRMA_ALG_AUTH_TRUNC, 0, print_long_algo},
	    {XFRMA_ALG_AEAD, 0, print_long_algo},
	    {XFRMA_ALG_CRYPT, 0, print_algo},
	    {XFRMA_ALG_COMP, 0, print_algo},
	    {XFRMA_ENCAP, 0, print_encap},
	    {XFRMA_TMPL, 0, print_templates},
	    {XFRMA_COADDR, 0, print_care_of},
	    {XFRMA_LASTUSED, 0, print_last_used},
	    {XFRMA_REPLAY_VAL, 0, print_replay},
	    {XFRMA_REPLAY_ESN_VAL, 0, print_replay_esn},
	    {XFRMA_OFFLOAD_DEV, 0, print_offload},
	    {XFRMA_IF_ID, 0, print_if_id},
	    {XFRMA_TFCPAD, 0, print_tfc_pad},
	};
	const struct place at = {family, prefix};

	print_marks(p, attrs);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct nlattr *a = attrs->tb[order[i].attribute];

		if (a && !(order[i].unless && attrs->tb[order[i].unless]))
			order[i].print(p, a, &at);
	}
}
