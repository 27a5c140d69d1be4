/* SPDX-License-Identifier: BSD-2-Clause */

/* The attributes of an SA or a policy as lines of text, in the order in which ip prints them. */

#include <arpa/inet.h>
#include <net/if.h>

#include "cli/names.h"
#include "cli/print_util.h"

/* Where an attribute is printed. */
struct place {
	uint16_t family; /* of addresses in it */
	const char *prefix;
};

static void print_key(const struct printer *p, const struct uxfrm_algo *algo)
{
	size_t bytes = algo->key_bits / 8;

	if (p->no_keys) {
		fputs("<<Keys hidden>>", p->out);
		return;
	}
	if (bytes == 0)
		return;
	fputs("0x", p->out);
	for (size_t i = 0; i < bytes; i++)
		fprintf(p->out, "%.2x", algo->key[i]);
	if (p->stats)
		fprintf(p->out, " (%d bits)", (int)algo->key_bits);
}

static void print_algo(const struct printer *p, const struct uxfrm_algo *algo, const char *kind,
		       const struct place *at)
{
	fprintf(p->out, "%s%s %s ", at->prefix, kind, algo->name);
	print_key(p, algo);
}

static void print_auth(const struct printer *p, const struct uxfrm_attributes *a,
		       const struct place *at)
{
	if (uxfrm_has(a, UXFRM_HAS_AUTH_TRUNC)) /* says the same and more */
		return;
	print_algo(p, &a->auth, "auth", at);
	fputs(line_end(p), p->out);
}

static void print_auth_trunc(const struct printer *p, const struct uxfrm_attributes *a,
			     const struct place *at)
{
	print_algo(p, &a->auth_trunc, "auth-trunc", at);
	fprintf(p->out, " %d%s", (int)a->auth_trunc.icv_bits, line_end(p));
}

static void print_aead(const struct printer *p, const struct uxfrm_attributes *a,
		       const struct place *at)
{
	print_algo(p, &a->aead, "aead", at);
	fprintf(p->out, " %d%s", (int)a->aead.icv_bits, line_end(p));
}

static void print_crypt(const struct printer *p, const struct uxfrm_attributes *a,
			const struct place *at)
{
	print_algo(p, &a->crypt, "enc", at);
	fputs(line_end(p), p->out);
}

static void print_comp(const struct printer *p, const struct uxfrm_attributes *a,
		       const struct place *at)
{
	print_algo(p, &a->comp, "comp", at);
	fputs(line_end(p), p->out);
}

static void print_marks(const struct printer *p, const struct uxfrm_attributes *a)
{
	bool mark = uxfrm_has(a, UXFRM_HAS_MARK), output = uxfrm_has(a, UXFRM_HAS_OUTPUT_MARK);

	if (!mark && !output)
		return;
	fputc('\t', p->out);
	if (mark)
		fprintf(p->out, "mark %#x/%#x ", a->mark.value, a->mark.mask);
	if (output) {
		fprintf(p->out, "output-mark 0x%x", a->output_mark);
		if (uxfrm_has(a, UXFRM_HAS_OUTPUT_MASK))
			fprintf(p->out, "/0x%x", a->output_mask);
	}
	fputs(line_end(p), p->out);
}

static void print_encap(const struct printer *p, const struct uxfrm_attributes *a,
			const struct place *at)
{
	const struct uxfrm_encap *e = &a->encap;
	char buf[NAME_BUF], address[INET6_ADDRSTRLEN];

	fprintf(p->out, "%sencap type %s sport %u dport %u addr %s%s", at->prefix,
		encap_name(e->type, buf), e->sport, e->dport,
		address_text(at->family, &e->original, address), line_end(p));
}

static void print_template(const struct printer *p, const struct uxfrm_template *t,
			   const struct place *at)
{
	const struct uxfrm_sa_id id = {
	    .family = t->family, .proto = t->proto, .spi = t->spi, .dst = t->dst, .src = t->src};
	const struct id_line line = {.id = &id, .reqid = t->reqid, .mode = t->mode};
	char buf[NAME_BUF];

	fputs(at->prefix, p->out);
	print_id(p, &line, at->prefix, "tmpl ");
	if (p->stats || t->optional) {
		fprintf(p->out, "%s\tlevel %s ", at->prefix, level_name(t->optional, buf));
		if (p->stats)
			fprintf(p->out, "share %s ", share_name(t->share, buf));
		fputs(line_end(p), p->out);
	}
	if (p->stats)
		fprintf(p->out, "%s\tenc-mask %.8x auth-mask %.8x comp-mask %.8x%s", at->prefix,
			t->crypt_mask, t->auth_mask, t->comp_mask, line_end(p));
}

static void print_templates(const struct printer *p, const struct uxfrm_attributes *a,
			    const struct place *at)
{
	for (size_t i = 0; i < a->template_count; i++)
		print_template(p, &a->templates[i], at);
}

static void print_replay(const struct printer *p, const struct uxfrm_attributes *a,
			 const struct place *at)
{
	fprintf(p->out, "%santi-replay context: seq 0x%x, oseq 0x%x, bitmap 0x%08x%s", at->prefix,
		a->replay.seq, a->replay.oseq, a->replay.bitmap, line_end(p));
}

static void print_replay_esn(const struct printer *p, const struct uxfrm_attributes *a,
			     const struct place *at)
{
	const struct uxfrm_replay_esn *r = &a->replay_esn;
	const char *prefix = at->prefix, *end = line_end(p);

	fprintf(p->out, "%santi-replay esn context:%s", prefix, end);
	fprintf(p->out, "%s seq-hi 0x%x, seq 0x%x, oseq-hi 0x%0x, oseq 0x%0x%s", prefix, r->seq_hi,
		r->seq, r->oseq_hi, r->oseq, end);
	fprintf(p->out, "%s replay_window %u, bitmap-length %u", prefix, r->window, r->words);
	for (uint32_t i = 0; i < r->bitmap_words; i++) {
		if (i % 8 == 0)
			fprintf(p->out, "%s%s ", end, prefix);
		fprintf(p->out, "%08x ", r->bitmap[r->bitmap_words - 1 - i]);
	}
	fputs(end, p->out);
}

static void print_offload(const struct printer *p, const struct uxfrm_attributes *a,
			  const struct place *at)
{
	char name[IF_NAMESIZE];

	fprintf(p->out, "%scrypto offload parameters: dev %s dir %s%s", at->prefix,
		device_name(a->offload.ifindex, name),
		a->offload.flags & UXFRM_OFFLOAD_INBOUND ? "in" : "out", line_end(p));
}

static void print_care_of(const struct printer *p, const struct uxfrm_attributes *a,
			  const struct place *at)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(p->out, "%scoa %s%s", at->prefix, address_text(at->family, &a->care_of, text),
		line_end(p));
}

static void print_last_used(const struct printer *p, const struct uxfrm_attributes *a,
			    const struct place *at)
{
	char text[64];

	fprintf(p->out, "%slastused %s%s", at->prefix, time_text(a->last_used, text, sizeof(text)),
		line_end(p));
}

static void print_if_id(const struct printer *p, const struct uxfrm_attributes *a,
			const struct place *at)
{
	fprintf(p->out, "%sif_id %#x%s", at->prefix, a->if_id, line_end(p));
}

static void print_tfc_pad(const struct printer *p, const struct uxfrm_attributes *a,
			  const struct place *at)
{
	fprintf(p->out, "%stfcpad %u%s", at->prefix, a->tfc_pad, line_end(p));
}

void print_attributes(const struct printer *p, const struct uxfrm_attributes *attrs,
		      uint16_t family, const char *prefix)
{
	static const struct {
		enum uxfrm_has has;
		void (*print)(const struct printer *p, const struct uxfrm_attributes *a,
			      const struct place *at);
	} order[] = {
	    {UXFRM_HAS_AUTH, print_auth},
	    {UXFRM_HAS_AUTH_TRUNC, print_auth_trunc},
	    {UXFRM_HAS_AEAD, print_aead},
	    {UXFRM_HAS_CRYPT, print_crypt},
	    {UXFRM_HAS_COMP, print_comp},
	    {UXFRM_HAS_ENCAP, print_encap},
	    {UXFRM_HAS_TEMPLATES, print_templates},
	    {UXFRM_HAS_CARE_OF, print_care_of},
	    {UXFRM_HAS_LAST_USED, print_last_used},
	    {UXFRM_HAS_REPLAY, print_replay},
	    {UXFRM_HAS_REPLAY_ESN, print_replay_esn},
	    {UXFRM_HAS_OFFLOAD, print_offload},
	    {UXFRM_HAS_IF_ID, print_if_id},
	    {UXFRM_HAS_TFC_PAD, print_tfc_pad},
	};
	const struct place at = {family, prefix};

	print_marks(p, attrs);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (uxfrm_has(attrs, order[i].has))
			order[i].print(p, attrs, &at);
}
