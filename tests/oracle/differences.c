/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The differences between the engine and Linux 6.12 that are meant: one rule for each, under the
 * name that docs/conformance.md gives it. Anything else in which the two differ is a failure.
 *
 * A rule either takes out of both messages what need not be equal, and the rest must be; or it
 * knows the whole exchange. Where the two sides may then be in different states the rest of the
 * sequence says nothing and is not compared.
 */

#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define A_PAD_IN_POLICY 11 /* NL_POLICY_TYPE_ATTR_PAD */

struct difference {
	const char *name;
	/* of two messages of the same type */
	void (*mask)(struct message *kernel, struct message *engine);
	bool (*explains)(const struct dispute *d);
	bool over;
	unsigned long used;
};

static uint16_t type_of(const struct message *m)
{
	return m->len >= NLMSG_HDRLEN ? message_type(m->bytes) : 0;
}

static void set_len(struct message *m)
{
	uint32_t len = (uint32_t)m->len;

	memcpy(m->bytes, &len, sizeof(len));
}

/* Takes the attribute whose payload is at @p out of the message. */
static void cut_attr(struct message *m, uint8_t *p, size_t len)
{
	uint8_t *start = p - NLA_HDRLEN, *end = start + NLA_ALIGN(NLA_HDRLEN + len);
	uint8_t *last = m->bytes + m->len;

	if (end > last)
		end = last;
	memmove(start, end, (size_t)(last - end));
	m->len -= (size_t)(end - start);
	set_len(m);
}

static uint8_t *find_attr(struct message *m, uint16_t type, size_t *ret_len)
{
	return attr_find(m->bytes, m->len, NLMSG_HDRLEN + fixed_len(type_of(m)), type, 0, ret_len);
}

/* An acknowledgement without its text. */
static void cut_text(struct message *m)
{
	size_t start = error_attrs(m), len;
	uint8_t *p;

	if (!start)
		return;
	p = attr_find(m->bytes, m->len, start, NLMSGERR_ATTR_MSG, 0, &len);
	if (p)
		cut_attr(m, p, len);
	if (m->len == start) { /* nothing is left to be announced */
		uint16_t flags = (uint16_t)(u16_at(m->bytes + 6) & ~NLM_F_ACK_TLVS);

		memcpy(m->bytes + 6, &flags, sizeof(flags));
	}
}

/* --- what is taken out of messages */

static void zero_hash_sizes(struct message *m)
{
	size_t len;
	uint8_t *p = find_attr(m, XFRMA_SPD_HINFO, &len);

	_Static_assert(XFRMA_SPD_HINFO == (int)XFRMA_SAD_HINFO, "one number for both");
	if (p)
		memset(p, 0, len);
}

static void mask_hash_sizes(struct message *kernel, struct message *engine)
{
	if (type_of(kernel) != XFRM_MSG_NEWSADINFO && type_of(kernel) != XFRM_MSG_NEWSPDINFO)
		return;
	zero_hash_sizes(kernel);
	zero_hash_sizes(engine);
}

/* Some machines put an empty attribute before one of 64 bits, to align it. */
static void mask_padding(struct message *kernel, struct message *engine)
{
	size_t len, pad;
	uint8_t *p, *nest;

	if (type_of(kernel) == XFRM_MSG_NEWAE) {
		p = find_attr(kernel, XFRMA_PAD, &len);
		if (p)
			cut_attr(kernel, p, len);
		return;
	}
	if (!error_attrs(kernel))
		return;
	nest = attr_find(kernel->bytes, kernel->len, error_attrs(kernel), NLMSGERR_ATTR_POLICY, 0,
			 &len);
	while (nest && (p = attr_find(nest, len, 0, A_PAD_IN_POLICY, 0, &pad))) {
		uint16_t n;

		cut_attr(kernel, p, pad);
		len -= NLA_ALIGN(NLA_HDRLEN + pad);
		n = (uint16_t)(NLA_HDRLEN + len);
		memcpy(nest - NLA_HDRLEN, &n, sizeof(n));
	}
}

static void mask_mtimer_text(struct message *kernel, struct message *engine)
{
	if (!strstr(error_text(kernel), "MTIMER_THRESH") ||
	    !strstr(error_text(engine), "MTIMER_THRESH"))
		return;
	cut_text(kernel);
	cut_text(engine);
}

/* The text of a refused MIGRATE: 6.12 has none where newer kernels have. */
static void mask_migrate_text(struct message *kernel, struct message *engine)
{
	if (error_of(kernel) != -ENODATA || error_of(engine) != -ENODATA)
		return;
	cut_text(kernel);
	cut_text(engine);
}

/* No device of the oracle takes an SA, so the kernel forgets about crypto offload. */
static void mask_crypto_offload(struct message *kernel, struct message *engine)
{
	uint16_t type = type_of(kernel);
	uint8_t *p;
	size_t len;

	if (type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA && type != XFRM_MSG_DELSA)
		return;
	p = find_attr(engine, XFRMA_OFFLOAD_DEV, &len);
	if (p && len == sizeof(struct xfrm_user_offload) && !(p[4] & XFRM_OFFLOAD_PACKET))
		cut_attr(engine, p, len);
}

/* Linux returns the whole bitmap as it came, and the upper halves also where they mean nothing. */
static void clear_unused(uint8_t *p, size_t len, bool without_halves)
{
	struct xfrm_replay_state_esn s;

	memcpy(&s, p, sizeof(s));
	if (without_halves)
		s.seq_hi = s.oseq_hi = 0;
	memcpy(p, &s, sizeof(s));
	for (size_t i = s.replay_window; i < 8 * (len - sizeof(s)); i++)
		p[sizeof(s) + i / 8] &= (uint8_t)~(1u << i % 8);
}

static void mask_unused_replay(struct message *kernel, struct message *engine)
{
	size_t k_len, e_len;
	uint8_t *k = find_attr(kernel, XFRMA_REPLAY_ESN_VAL, &k_len);
	uint8_t *e = find_attr(engine, XFRMA_REPLAY_ESN_VAL, &e_len);
	struct xfrm_replay_state_esn s;

	if (!k || !e || k_len != e_len || k_len < sizeof(s))
		return;
	memcpy(&s, e, sizeof(s));
	clear_unused(k, k_len, s.seq_hi == 0 && s.oseq_hi == 0);
	clear_unused(e, e_len, false);
}

static const uint16_t algorithm_types[] = {XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_ALG_COMP,
					   XFRMA_ALG_AEAD, XFRMA_ALG_AUTH_TRUNC};
#define N_ALGORITHM_TYPES (sizeof(algorithm_types) / sizeof(algorithm_types[0]))

/* Linux puts the end of an algorithm's name into the request itself, which an error echoes. */
static void end_names(struct message *m)
{
	const size_t name = sizeof(((struct xfrm_algo *)NULL)->alg_name);
	size_t echo = NLMSG_HDRLEN + sizeof(int32_t), end, len;
	uint8_t *p;

	if (error_of(m) >= 0 || m->len < echo + NLMSG_HDRLEN)
		return;
	end = echo + u32_at(m->bytes + echo);
	if (end > m->len)
		return;
	for (size_t i = 0; i < N_ALGORITHM_TYPES; i++)
		for (size_t k = 0; (p = attr_find(m->bytes, end, echo + NLMSG_HDRLEN + SA_INFO_LEN,
						  algorithm_types[i], k, &len));
		     k++)
			if (len >= name)
				p[name - 1] = 0;
}

static void mask_name_ends(struct message *kernel, struct message *engine)
{
	end_names(kernel);
	end_names(engine);
}

/* --- whole exchanges */

static uint16_t request_type(const struct dispute *d)
{
	return d->request_len >= NLMSG_HDRLEN ? message_type(d->request) : 0;
}

static int engine_errno(const struct dispute *d)
{
	return d->engine_ack ? error_of(d->engine_ack) : 0;
}

/* By a mark that fits an SA without being the SA's own, only Linux 6.12 finds it. */
static bool is_wildcard_mark(const struct dispute *d)
{
	uint16_t type = request_type(d);
	size_t len;

	if (engine_errno(d) != -ESRCH && engine_errno(d) != -ENOENT)
		return false;
	if (type != XFRM_MSG_GETSA && type != XFRM_MSG_DELSA && type != XFRM_MSG_UPDSA &&
	    type != XFRM_MSG_GETAE && type != XFRM_MSG_NEWAE && type != XFRM_MSG_EXPIRE)
		return false;
	return attr_find((uint8_t *)d->request, d->request_len, NLMSG_HDRLEN + fixed_len(type),
			 XFRMA_MARK, 0, &len) != NULL;
}

/* A key of nearly 2^32 bits: Linux counts its bytes in 32 bits, and comes to 0. */
static bool is_key_too_long(const struct dispute *d)
{
	const size_t attrs = NLMSG_HDRLEN + SA_INFO_LEN,
		     bits = sizeof(((struct xfrm_algo *)NULL)->alg_name);
	uint16_t type = request_type(d);
	const uint8_t *p;
	size_t len;

	if ((type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA) || engine_errno(d) != -EINVAL)
		return false;
	for (size_t i = 0; i < N_ALGORITHM_TYPES; i++) {
		p = attr_find((uint8_t *)d->request, d->request_len, attrs, algorithm_types[i], 0,
			      &len);
		if (p && len >= bits + sizeof(uint32_t) && u32_at(p + bits) > UINT32_MAX - 7)
			return true;
	}
	return false;
}

/* What a dump finds depends on how much of it goes out before the rest of its datagram is done. */
static bool is_dump_overtaken(const struct dispute *d)
{
	const struct message *m = d->kernel ? d->kernel : d->engine;

	return m->len >= NLMSG_HDRLEN && u16_at(m->bytes + 6) & NLM_F_MULTI && d->request &&
	       d->request + NLMSG_ALIGN(d->request_len) < d->datagram + d->datagram_len;
}

/* AH and the like, as by a kernel that is built without them. */
static bool is_not_built(const struct dispute *d)
{
	uint16_t type = request_type(d);

	return (type == XFRM_MSG_NEWSA || type == XFRM_MSG_UPDSA) &&
	       (engine_errno(d) == -EPROTONOSUPPORT || engine_errno(d) == -ENOSYS);
}

/* Two entries that find one SA, or whose SAs would meet: Linux 6.12 makes two SAs with one key. */
static bool is_migrate_collision(const struct dispute *d)
{
	const size_t attrs = NLMSG_HDRLEN + POLICY_ID_LEN;
	size_t len = 0;

	if (request_type(d) != XFRM_MSG_MIGRATE || engine_errno(d) != -ENODATA)
		return false;
	return attr_find((uint8_t *)d->request, d->request_len, attrs, XFRMA_MIGRATE, 0, &len) &&
	       len >= 2 * sizeof(struct xfrm_user_migrate);
}

static struct difference differences[] = {
    {.name = "expiry-order"}, /* judge.c */
    {.name = "hash-sizes", .mask = mask_hash_sizes},
    {.name = "padding-attributes", .mask = mask_padding},
    {.name = "mtimer-texts", .mask = mask_mtimer_text},
    {.name = "crypto-offload", .mask = mask_crypto_offload},
    {.name = "unused-replay-bits", .mask = mask_unused_replay},
    {.name = "migrate-texts", .mask = mask_migrate_text},
    {.name = "name-ends", .mask = mask_name_ends},
    {.name = "wildcard-marks", .explains = is_wildcard_mark, .over = true},
    {.name = "dump-pieces", .explains = is_dump_overtaken},
    {.name = "huge-keys", .explains = is_key_too_long, .over = true},
    {.name = "migrate-collision", .explains = is_migrate_collision, .over = true},
    {.name = "not-built", .explains = is_not_built, .over = true},
};
#define N_DIFFERENCES (sizeof(differences) / sizeof(differences[0]))

static struct message copy_of(const struct message *m)
{
	struct message copy = *m;

	copy.bytes = malloc(m->len + 1);
	if (!copy.bytes)
		abort();
	memcpy(copy.bytes, m->bytes, m->len);
	return copy;
}

static bool mask_both(struct difference *d, struct message *kernel, struct message *engine)
{
	struct message k = copy_of(kernel), e = copy_of(engine);
	bool changed;

	d->mask(&k, &e);
	changed = k.len != kernel->len || e.len != engine->len ||
		  memcmp(k.bytes, kernel->bytes, k.len) != 0 ||
		  memcmp(e.bytes, engine->bytes, e.len) != 0;
	free(kernel->bytes);
	free(engine->bytes);
	*kernel = k;
	*engine = e;
	return changed;
}

/* The last rule that was needed to make the two equal; NULL: they are not. */
static struct difference *explain_by_masks(const struct dispute *d)
{
	struct message kernel, engine;
	struct difference *used = NULL;
	bool equal = false;

	if (!d->kernel || !d->engine || d->kernel->group != d->engine->group ||
	    type_of(d->kernel) != type_of(d->engine))
		return NULL;
	kernel = copy_of(d->kernel);
	engine = copy_of(d->engine);
	for (size_t i = 0; i < N_DIFFERENCES && !equal; i++) {
		if (!differences[i].mask || !mask_both(&differences[i], &kernel, &engine))
			continue;
		used = &differences[i];
		equal =
		    kernel.len == engine.len && memcmp(kernel.bytes, engine.bytes, kernel.len) == 0;
	}
	free(kernel.bytes);
	free(engine.bytes);
	return equal ? used : NULL;
}

struct difference *difference_explain(const struct dispute *d, bool *ret_over)
{
	struct difference *found = explain_by_masks(d);

	for (size_t i = 0; i < N_DIFFERENCES && !found; i++)
		if (differences[i].explains && differences[i].explains(d))
			found = &differences[i];
	if (!found)
		return NULL;
	found->used++;
	*ret_over = found->over;
	return found;
}

void difference_count(const char *name)
{
	for (size_t i = 0; i < N_DIFFERENCES; i++)
		if (!strcmp(differences[i].name, name))
			differences[i].used++;
}

void differences_report(FILE *f)
{
	for (size_t i = 0; i < N_DIFFERENCES; i++)
		fprintf(f, "explained %s %lu\n", differences[i].name, differences[i].used);
}
