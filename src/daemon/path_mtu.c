/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is known of paths is thrown away every few seconds and then asked for again: the system
 * forgets MTUs that routers have told (Linux: after ten minutes) without saying so.
 *
 * An error goes out like any packet of the host: the SPD decides how.
 */

#include "daemon/path_mtu.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/rcu.h"
#include "core/instance.h"
#include "daemon/clock.h"
#include "io/next_hop.h"
#include "io/path.h"
#include "packet/icmp_error.h"
#include "packet/ip.h"

#define PATHS_HOLD_NS 5000000000ull
/* As Linux limits its errors altogether (icmp_msgs_per_sec, icmp_msgs_burst). */
#define ERRORS_PER_SECOND 1000u
#define ERRORS_BURST 50u
#define ERROR_COST_NS (1000000000u / ERRORS_PER_SECOND)

struct ux_path_mtu {
	struct uxfrm *engine;
	struct ux_way_out *way_out;
	uint32_t own_mark;
	struct ux_path_learned *learned;
	uint64_t forget_ns; /* when what is known gets too old; 0: nothing is known */
	/* Errors that may be sent now, in nanoseconds that have been saved up. */
	uint64_t credit_ns, credited_ns;
	struct uxfrm_packet error;
	uint8_t buf[UXFRM_HEADROOM + UX_ICMP_ERROR_MAX + UXFRM_TAILROOM];
};

struct ux_path_mtu *ux_path_mtu_new(struct uxfrm *engine, const struct ux_ways_out *ways)
{
	struct ux_path_mtu *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->engine = engine;
	m->own_mark = ways->own_mark;
	m->learned = ways->learned;
	m->credit_ns = ERROR_COST_NS * ERRORS_BURST;
	m->error.buf = m->buf;
	m->error.size = sizeof(m->buf);
	m->way_out = ux_way_out_new(ways);
	return m->way_out ? m : ux_path_mtu_free(m);
}

struct ux_path_mtu *ux_path_mtu_free(struct ux_path_mtu *m)
{
	if (m)
		ux_way_out_free(m->way_out);
	free(m);
	return NULL;
}

/* Apart from what the kernel has learned for packets of the host. 0: no way. */
static uint32_t ask_link(const struct ux_path_mtu *m, const struct ux_path *path)
{
	struct ux_way way = {.family = (uint16_t)path->family, .to = *path->to, .mark = path->mark};
	struct ux_netlink nl;
	uint32_t mtu;
	int err = ux_netlink_open(&nl, 0);

	if (err)
		return 0;
	if (path->from)
		way.from = *path->from;
	err = ux_next_hop_link_mtu(&nl, &way, &mtu);
	if (err && path->from) { /* it need not be ours any more */
		way.from = (struct ux_addr){0};
		err = ux_next_hop_link_mtu(&nl, &way, &mtu);
	}
	ux_netlink_close(&nl);
	return err ? 0 : ux_path_learned_cap(m->learned, way.family, path->to, mtu, ux_coarse_ns());
}

static void answer(struct ux_path_mtu *m, struct uxfrm_worker *w, const struct uxfrm_path *asked)
{
	struct ux_addr from = {0}, to = {0};
	struct ux_path path = {
	    .family = asked->family, .to = &to, .mark = asked->mark | m->own_mark};
	uint32_t mtu;

	memcpy(&from, asked->saddr, sizeof(from));
	memcpy(&to, asked->daddr, sizeof(to));
	if (!ux_addr_is_any(&from, asked->family))
		path.from = &from;
	/* No way now: sending will fail, and say so. */
	if (m->learned)
		mtu = ask_link(m, &path);
	else if (ux_path_ask(&path, &mtu, NULL) < 0)
		mtu = 0;
	uxfrm_path_set(w, asked, mtu);
}

void ux_path_mtu_outbound(struct ux_path_mtu *m, struct uxfrm_worker *w,
			  struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns)
{
	struct uxfrm_packet *waiting[UXFRM_BURST];
	const struct uxfrm_path *asked;

	if (now_ns >= m->forget_ns) {
		uxfrm_paths_forget(m->engine);
		m->forget_ns = now_ns + PATHS_HOLD_NS;
	}
	ux_way_out_find(m->way_out, packets, n, now_ns);
	uxfrm_outbound(w, packets, n);
	while ((asked = uxfrm_path_asked(w)) != NULL) {
		size_t n_waiting = 0;

		for (size_t i = 0; i < n; i++) {
			if (packets[i]->verdict == UXFRM_ASK_PATH)
				waiting[n_waiting++] = packets[i];
		}
		answer(m, w, asked);
		uxfrm_outbound(w, waiting, n_waiting);
	}
	ux_way_out_done(m->way_out, packets, n);
}

static bool may_send(struct ux_path_mtu *m, uint64_t now_ns)
{
	m->credit_ns += now_ns - m->credited_ns;
	m->credited_ns = now_ns;
	if (m->credit_ns > ERROR_COST_NS * ERRORS_BURST)
		m->credit_ns = ERROR_COST_NS * ERRORS_BURST;
	if (m->credit_ns < ERROR_COST_NS)
		return false;
	m->credit_ns -= ERROR_COST_NS;
	return true;
}

/* Is @p of this host? */
static bool is_ours(const struct ux_path_mtu *m, const struct uxfrm_packet *p)
{
	const uint16_t family = p->data[0] >> 4 == 4 ? AF_INET : AF_INET6;
	struct ux_addr from, dummy;
	bool ours;

	ux_ip_addresses(p->data, family, &from, &dummy);
	ux_rcu_read_lock();
	ours = ux_local_contains(&m->engine->local, family, &from);
	ux_rcu_read_unlock();
	return ours;
}

/* The error about @p in m->error, that it is too big where it was dropped for that; its length is 0
 * when there is to be none. */
static void build(struct ux_path_mtu *m, const struct uxfrm_packet *p)
{
	const uint16_t family = p->data[0] >> 4 == 4 ? AF_INET : AF_INET6;
	struct ux_addr to, dummy, source;
	/* As the host itself routes: where a policy leads there, from an address it covers. */
	const struct ux_path path = {.family = family, .to = &to};

	m->error.len = 0;
	ux_ip_addresses(p->data, family, &to, &dummy);
	if (ux_path_ask(&path, NULL, &source) < 0)
		return;
	m->error.data = m->buf + UXFRM_HEADROOM;
	if (p->drop == UXFRM_DROP_OUT_TOO_BIG)
		m->error.len =
		    ux_icmp_too_big_build(m->error.data, p->data, p->len, p->mtu, &source);
	else
		m->error.len = ux_icmp_unreachable_build(m->error.data, p->data, p->len, &source);
	m->error.mark = 0;
	m->error.ifindex = 0;
}

/* To the host itself it goes whatever policies say, as Linux tells its own sockets without a packet. */
static void pass_error(struct ux_path_mtu *m, struct uxfrm_worker *w, bool ours, uint64_t now_ns)
{
	struct uxfrm_packet *error = &m->error;

	if (!ours) {
		ux_path_mtu_outbound(m, w, &error, 1, now_ns);
		return;
	}
	error->verdict = UXFRM_BYPASS;
	error->may_fragment = 1;
	error->mtu = 0;
}

/* Returns whether @p is of this host; that is so also where there are too many errors to send one.
 */
static bool send_error(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
		       const struct uxfrm_packet *p, uint64_t now_ns)
{
	struct uxfrm_packet *error = &m->error;
	const bool ours = is_ours(m, p);

	/* before the system is asked for an address */
	if (!may_send(m, now_ns))
		return ours;
	build(m, p);
	if (!error->len) {
		m->credit_ns += ERROR_COST_NS; /* none was sent */
		return ours;
	}
	pass_error(m, w, ours, now_ns);
	if (error->verdict == UXFRM_UNDERLAY || error->verdict == UXFRM_BYPASS)
		ux_port_send(port, &error, 1);
	return ours;
}

/* Nothing of these packets was changed before they were dropped. */
static bool found_no_way(const struct uxfrm_packet *p)
{
	switch (p->drop) {
	case UXFRM_DROP_OUT_NO_POLICY:
	case UXFRM_DROP_OUT_NO_SA:
	case UXFRM_DROP_OUT_BLOCK:
	case UXFRM_DROP_OUT_DEFAULT:
	case UXFRM_DROP_OUT_LOOP:
		return p->verdict == UXFRM_DROP && p->if_id;
	default:
		return false;
	}
}

void ux_path_mtu_tell_unreachable(struct ux_path_mtu *m, struct uxfrm_worker *w,
				  struct ux_port *port, struct uxfrm_packet *const *packets,
				  size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++)
		if (found_no_way(packets[i]))
			(void)send_error(m, w, port, packets[i], now_ns);
}

static bool is_too_big(const struct uxfrm_packet *p)
{
	return p->verdict == UXFRM_DROP && p->drop == UXFRM_DROP_OUT_TOO_BIG && p->mtu;
}

void ux_path_mtu_tell_too_big(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
			      struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++)
		if (is_too_big(packets[i]))
			(void)send_error(m, w, port, packets[i], now_ns);
}

/* Returns whether @p has been sent on after all. */
static bool reply_one(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
		      struct uxfrm_packet *p, uint64_t now_ns)
{
	if (!send_error(m, w, port, p, now_ns))
		return false;
	p->may_split = 1;
	ux_path_mtu_outbound(m, w, &p, 1, now_ns);
	p->may_split = 0;
	if (p->verdict == UXFRM_UNDERLAY || p->verdict == UXFRM_BYPASS)
		ux_port_send(port, &p, 1);
	return true;
}

size_t ux_path_mtu_reply(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
			 struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		if (is_too_big(packets[i]))
			taken += reply_one(m, w, port, packets[i], now_ns);
	return taken;
}
