/* SPDX-License-Identifier: BSD-2-Clause */

/* The attributes of an SA or a policy as lines of text, in the order in which ip prints them. */

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print_util.h"

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

/* enc, auth, comp: struct xfrm_algo. */
static void print_algo(const struct printer *p, const struct nlattr *a, const char *prefix)
{
	char buf[NAME_BUF];
	const struct xfrm_algo *algo = ux_attr_data(a);
	size_t len = ux_attr_len(a);

	fprintf(p->out, "%s%s ", prefix, algo_type_name(a->nla_type & NLA_TYPE_MASK, buf));
	if (len < sizeof(*algo)) {
		truncated(p);
	} else {
		fprintf(p->out, "%.*s ", (int)sizeof(algo->alg_name), algo->alg_name);
		print_key(p, (const uint8_t *)algo->alg_key, algo->alg_key_len,
			  len - sizeof(*algo));
	}
	fputs(line_end(p), p->out);
}

/* aead, auth-trunc: one more number before the key, printed behind it. The two layouts agree. */
static void print_long_algo(const struct printer *p, const struct nlattr *a, const char *prefix)
{
	char buf[NAME_BUF];
	const struct xfrm_algo_aead *algo = ux_attr_data(a);
	size_t len = ux_attr_len(a);

	_Static_assert(sizeof(struct xfrm_algo_aead) == sizeof(struct xfrm_algo_auth) &&
			   offsetof(struct xfrm_algo_aead, alg_icv_len) ==
			       offsetof(struct xfrm_algo_auth, alg_trunc_len),
		       "same layout");
	fprintf(p->out, "%s%s ", prefix, algo_type_name(a->nla_type & NLA_TYPE_MASK, buf));
	if (len < sizeof(*algo)) {
		truncated(p);
	} else {
		fprintf(p->out, "%.*s ", (int)sizeof(algo->alg_name), algo->alg_name);
		print_key(p, (const uint8_t *)algo->alg_key, algo->alg_key_len,
			  len - sizeof(*algo));
		fprintf(p->out, " %d", (int)algo->alg_icv_len);
	}
	fputs(line_end(p), p->out);
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

static void print_encap(const struct printer *p, const struct nlattr *a, uint16_t family,
			const char *prefix)
{
	const struct xfrm_encap_tmpl *e = ux_attr_data(a);
	char buf[NAME_BUF], address[INET6_ADDRSTRLEN];

	fprintf(p->out, "%sencap type %s sport %u dport %u addr %s%s", prefix,
		encap_name(e->encap_type, buf), ntohs(e->encap_sport), ntohs(e->encap_dport),
		address_text(family, &e->encap_oa, address), line_end(p));
}

static void print_level(const struct printer *p, const struct xfrm_user_tmpl *t, const char *prefix)
{
	char buf[NAME_BUF];

	fprintf(p->out, "%s\t", prefix);
	if (t->optional == 0)
		fputs("level required ", p->out);
	else if (t->optional == 1)
		fputs("level use ", p->out);
	else
		fprintf(p->out, "level %u ", t->optional);
	if (p->stats)
		fprintf(p->out, "share %s ", share_name(t->share, buf));
	fputs(line_end(p), p->out);
}

static void print_templates(const struct printer *p, const struct nlattr *a, const char *prefix)
{
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

static void print_replay(const struct printer *p, const struct nlattr *a, const char *prefix)
{
	const struct xfrm_replay_state *r = ux_attr_data(a);

	fprintf(p->out, "%santi-replay context: seq 0x%x, oseq 0x%x, bitmap 0x%08x%s", prefix,
		r->seq, r->oseq, r->bitmap, line_end(p));
}

static void print_replay_esn(const struct printer *p, const struct nlattr *a, const char *prefix)
{
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

static void print_offload(const struct printer *p, const struct nlattr *a, const char *prefix)
{
	const struct xfrm_user_offload *o = ux_attr_data(a);
	char name[IF_NAMESIZE];

	if (!if_indextoname((unsigned int)o->ifindex, name))
		snprintf(name, sizeof(name), "if%d", o->ifindex);
	fprintf(p->out, "%scrypto offload parameters: dev %s dir %s%s", prefix, name,
		o->flags & UX_XFRM_OFFLOAD_INBOUND ? "in" : "out", line_end(p));
}

static void print_algos(const struct printer *p, const struct ux_attrs *attrs, const char *prefix)
{
	if (attrs->tb[XFRMA_ALG_AUTH] && !attrs->tb[XFRMA_ALG_AUTH_TRUNC])
		print_algo(p, attrs->tb[XFRMA_ALG_AUTH], prefix);
	if (attrs->tb[XFRMA_ALG_AUTH_TRUNC])
		print_long_algo(p, attrs->tb[XFRMA_ALG_AUTH_TRUNC], prefix);
	if (attrs->tb[XFRMA_ALG_AEAD])
		print_long_algo(p, attrs->tb[XFRMA_ALG_AEAD], prefix);
	if (attrs->tb[XFRMA_ALG_CRYPT])
		print_algo(p, attrs->tb[XFRMA_ALG_CRYPT], prefix);
	if (attrs->tb[XFRMA_ALG_COMP])
		print_algo(p, attrs->tb[XFRMA_ALG_COMP], prefix);
}

void print_attributes(const struct printer *p, const struct ux_attrs *attrs, uint16_t family,
		      const char *prefix)
{
	char text[64];

	print_marks(p, attrs);
	print_algos(p, attrs, prefix);
	if (attrs->tb[XFRMA_ENCAP])
		print_encap(p, attrs->tb[XFRMA_ENCAP], family, prefix);
	if (attrs->tb[XFRMA_TMPL])
		print_templates(p, attrs->tb[XFRMA_TMPL], prefix);
	if (attrs->tb[XFRMA_COADDR])
		fprintf(p->out, "%scoa %s%s", prefix,
			address_text(family, ux_attr_data(attrs->tb[XFRMA_COADDR]), text),
			line_end(p));
	if (attrs->tb[XFRMA_LASTUSED]) {
		uint64_t used;

		memcpy(&used, ux_attr_data(attrs->tb[XFRMA_LASTUSED]), sizeof(used));
		fprintf(p->out, "%slastused %s%s", prefix, time_text(used, text, sizeof(text)),
			line_end(p));
	}
	if (attrs->tb[XFRMA_REPLAY_VAL])
		print_replay(p, attrs->tb[XFRMA_REPLAY_VAL], prefix);
	if (attrs->tb[XFRMA_REPLAY_ESN_VAL])
		print_replay_esn(p, attrs->tb[XFRMA_REPLAY_ESN_VAL], prefix);
	if (attrs->tb[XFRMA_OFFLOAD_DEV])
		print_offload(p, attrs->tb[XFRMA_OFFLOAD_DEV], prefix);
	if (attrs->tb[XFRMA_IF_ID])
		fprintf(p->out, "%sif_id %#x%s", prefix, ux_attr_u32(attrs->tb[XFRMA_IF_ID]),
			line_end(p));
	if (attrs->tb[XFRMA_TFCPAD])
		fprintf(p->out, "%stfcpad %u%s", prefix, ux_attr_u32(attrs->tb[XFRMA_TFCPAD]),
			line_end(p));
}
