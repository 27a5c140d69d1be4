/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/spi_reserve.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/instance.h"

/* Random tries; a range denser than that is searched in order. */
#define RANDOM_TRIES 32

int ux_spi_check_range(uint8_t proto, uint32_t min, uint32_t max, struct ux_ext_ack *ext)
{
	switch (proto) {
	case IPPROTO_AH:
	case IPPROTO_ESP:
		break;
	case IPPROTO_COMP:
		if (max >= 0x10000)
			return ux_fail(ext, EINVAL, "IPCOMP SPI must be <= 65535");
		break;
	default:
		return ux_fail(ext, EINVAL, "Invalid protocol, must be one of AH, ESP, IPCOMP");
	}
	if (min > max)
		return ux_fail(ext, EINVAL, "Invalid SPI range: min > max");
	return 0;
}

static bool is_free(struct uxfrm *u, uint32_t spi, uint8_t proto)
{
	return spi != 0 && !ux_sad_spi_in_use(u, htonl(spi), proto);
}

/* Not to be foretold, and without a system call each. */
static uint32_t draw(struct uxfrm *u)
{
	uint64_t n = u->n_spi_drawn++;

	return (uint32_t)ux_siphash(&u->spi_key, &n, sizeof(n));
}

/* An SPI that is free for @proto, whatever the destination; 0 when the range has none. */
static uint32_t choose_spi(struct uxfrm *u, uint32_t min, uint32_t max, uint8_t proto)
{
	/* Linux counts the range in 32 bits, so that all of them are none. */
	uint32_t range = max - min + 1;
	uint32_t spi = min;

	if (range == 0)
		return 0;
	for (unsigned int i = 0; range > 1 && i < RANDOM_TRIES; i++) {
		spi = min + (uint32_t)((uint64_t)draw(u) * range >> 32);
		if (is_free(u, spi, proto))
			return spi;
	}
	/* One number more than there are SAs is free for certain, or the range is full. 0 is never
	 * free. */
	for (uint64_t i = 0; i < range && i < (uint64_t)u->sad.n_sa + 2; i++) {
		if (is_free(u, spi, proto))
			return spi;
		spi = spi == max ? min : spi + 1;
	}
	return 0;
}

/* A larval SA that is there already: of the same acquire, else of the same endpoints. */
static struct ux_sa *find_larval(struct uxfrm *u, const struct ux_sa_params *params, uint32_t seq)
{
	struct ux_sa *sa = NULL;

	if (seq)
		sa = ux_sad_lookup_larval_by_seq(u, params->mark, seq, params->pcpu);
	if (sa && !ux_addr_equal(&sa->id.daddr, &params->id.daddr, params->id.family))
		sa = NULL;
	return sa ? sa : ux_sad_lookup_larval(u, params);
}

/* A larval SA in the place of @old, or new. The SPI is 0 when none was free. */
static int publish(struct uxfrm *u, struct ux_sa *old, const struct ux_sa_params *params,
		   struct ux_sa **ret_sa)
{
	struct ux_sa *sa;
	int r = ux_sa_new_larval(u, params, &sa);

	if (r < 0)
		return r;
	if (old) /* it lives on under an SPI: its time counts from where it began */
		atomic_store_explicit(
		    &sa->runtime->add_time_s,
		    atomic_load_explicit(&old->runtime->add_time_s, memory_order_relaxed),
		    memory_order_relaxed);
	r = old ? ux_sad_replace(u, old, sa, false) : ux_sad_insert(u, sa);
	if (r < 0) {
		ux_sa_free(sa);
		return r;
	}
	*ret_sa = sa;
	return 0;
}

/* What a larval SA that is there already has decided. */
static void keep_identity(struct ux_sa_params *params, const struct ux_sa *sa)
{
	params->id = sa->id;
	params->saddr = sa->saddr;
	params->sel = sa->sel;
	params->mark = sa->mark;
	params->mode = sa->mode;
	params->dir = sa->dir;
	params->reqid = sa->reqid;
	params->if_id = sa->if_id;
	params->pcpu = sa->runtime->terms.pcpu;
	params->acquire_seq = sa->runtime->terms.acquire_seq;
}

/* What all larval SAs have in common: a selector for just their endpoints, and a short life. */
static void complete(const struct uxfrm *u, struct ux_sa_params *params)
{
	uint8_t host_bits = params->id.family == AF_INET6 ? 128 : 32;

	params->sel = (struct ux_selector){.daddr = params->id.daddr,
					   .saddr = params->saddr,
					   .prefixlen_d = host_bits,
					   .prefixlen_s = host_bits};
	params->limits = (struct ux_limits){.soft_bytes = UX_LIMIT_INFINITE,
					    .hard_bytes = UX_LIMIT_INFINITE,
					    .soft_packets = UX_LIMIT_INFINITE,
					    .hard_packets = UX_LIMIT_INFINITE,
					    .hard_add_s = u->params.acq_expires_s};
}

int ux_spi_larval(struct uxfrm *u, struct ux_sa_params *params, uint32_t seq, struct ux_sa **ret_sa)
{
	struct ux_sa *sa;

	complete(u, params);
	sa = find_larval(u, params, seq);
	if (sa) {
		keep_identity(params, sa);
		*ret_sa = sa;
		return 0;
	}
	return publish(u, NULL, params, ret_sa);
}

int ux_spi_reserve(struct uxfrm *u, const struct ux_spi_wish *wish, struct ux_sa_params *params,
		   struct ux_sa **ret_sa, struct ux_ext_ack *ext)
{
	struct ux_sa *sa;

	complete(u, params);
	sa = find_larval(u, params, wish->seq);
	if (sa)
		keep_identity(params, sa);
	if (!params->id.spi)
		params->id.spi = htonl(choose_spi(u, wish->min, wish->max, params->id.proto));
	if (params->id.spi && wish->dir)
		params->dir = wish->dir;
	if (!sa || sa->id.spi != params->id.spi || sa->dir != params->dir) {
		int r = publish(u, sa, params, &sa);

		if (r < 0)
			return r;
	}
	/* As in Linux the larval SA stays, without an SPI. */
	if (!params->id.spi)
		return ux_fail(ext, ENOENT, "No SPI available in the requested range");
	*ret_sa = sa;
	return 0;
}
