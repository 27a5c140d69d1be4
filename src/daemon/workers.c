/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker.h"

struct ux_workers {
	struct ux_workers_params params;
	struct ux_shared_work shared;
	struct ux_underlay_ports underlay;
	uint32_t n;
	struct ux_worker *workers[UX_WORKERS_MAX];
	/* The TUN device's: shared.hosts. There may be more than workers, as none goes. */
	uint32_t n_queues;
	uint32_t server[UX_WORKERS_MAX]; /* of each queue */
	/* Those of the underlay. */
	struct ux_port **ports;
	size_t n_ports, max_ports;
	struct ux_workers_stats gone; /* of workers that were */
};

static void pass_by_all(struct ux_workers *set)
{
	for (uint32_t i = 0; i < set->n; i++)
		ux_worker_pass_by(set->workers[i]);
}

/* ---- workers ---- */

static void add_counts(struct ux_workers_stats *to, const struct ux_burst_counts *counts)
{
	for (int i = 0; i < UXFRM_DROP_COUNT; i++)
		to->drops[i] += atomic_load_explicit(&counts->drops[i], memory_order_relaxed);
	to->fragments_taken +=
	    atomic_load_explicit(&counts->fragments_taken, memory_order_relaxed);
	to->too_big_taken += atomic_load_explicit(&counts->too_big_taken, memory_order_relaxed);
	to->bursts += atomic_load_explicit(&counts->bursts, memory_order_relaxed);
}

static void end_last(struct ux_workers *set)
{
	const uint32_t i = --set->n;
	struct ux_worker *w = set->workers[i];

	for (size_t k = 0; k < set->n_ports; k++)
		ux_worker_unwatch(w, set->ports[k]);
	ux_worker_pass_by(w);
	add_counts(&set->gone, ux_worker_counts(w));
	set->workers[i] = ux_worker_stop(w);
	set->params.close_sender(set->params.opaque, i);
}

static int begin_another(struct ux_workers *set)
{
	const struct ux_workers_params *p = &set->params;
	const uint32_t i = set->n;
	struct ux_worker_params params = {
	    .shared = &set->shared,
	    .ports = &set->underlay,
	    .cpu = p->n_cpus ? p->cpus[i % p->n_cpus] : -1,
	    .poll_us = p->poll_us,
	};
	int err = p->open_sender(p->opaque, i, &params.underlay);

	if (err)
		return err;
	err = ux_worker_start(&params, &set->workers[i]);
	if (err) {
		p->close_sender(p->opaque, i);
		return err;
	}
	set->n++;
	for (size_t k = 0; k < set->n_ports && !err; k++)
		err = ux_worker_watch(set->workers[i], set->ports[k], true);
	if (err)
		end_last(set);
	return err;
}

/* ---- queues of the host's ---- */

static struct ux_port *queue(struct ux_workers *set, uint32_t q)
{
	return atomic_load(&set->shared.hosts[q]);
}

static int add_queue(struct ux_workers *set, struct ux_port *port, uint32_t server)
{
	const uint32_t q = set->n_queues;
	int err = ux_port_share(port);

	err = err ? err : ux_worker_watch(set->workers[server], port, false);
	if (err)
		return err;
	set->server[q] = server;
	set->n_queues++;
	atomic_store(&set->shared.hosts[q], port);
	atomic_store(&set->shared.n_hosts, set->n_queues);
	return 0;
}

/* One for each worker. Where there are no more to be had some workers have none. */
static void add_queues(struct ux_workers *set)
{
	while (set->n_queues < set->n) {
		struct ux_port *port;

		if (set->params.open_queue(set->params.opaque, &port) < 0)
			return;
		if (add_queue(set, port, set->n_queues) < 0) {
			ux_port_free(port);
			return;
		}
	}
}

/* What is in it waits meanwhile; what its server had taken from it is on its way when the next one begins. */
static int hand_over(struct ux_workers *set, uint32_t q, uint32_t server)
{
	struct ux_worker *from = set->workers[set->server[q]];
	int err;

	if (set->server[q] == server)
		return 0;
	ux_worker_unwatch(from, queue(set, q));
	ux_worker_pass_by(from);
	err = ux_worker_watch(set->workers[server], queue(set, q), false);
	if (!err)
		set->server[q] = server;
	else if (ux_worker_watch(from, queue(set, q), false) < 0)
		return -EIO;
	return err;
}

static int share_out(struct ux_workers *set, uint32_t count)
{
	int err = 0;

	for (uint32_t q = 0; q < set->n_queues && !err; q++)
		err = hand_over(set, q, q % count);
	return err;
}

/* ---- the set ---- */

int ux_workers_resize(struct ux_workers *set, uint32_t count)
{
	int err = 0;

	if (!count || count > UX_WORKERS_MAX)
		return -EINVAL;
	if (count < set->n)
		err = share_out(set, count);
	while (!err && set->n > count)
		end_last(set);
	while (!err && set->n < count)
		err = begin_another(set);
	add_queues(set);
	return err ? err : share_out(set, set->n);
}

uint32_t ux_workers_count(const struct ux_workers *set)
{
	return set->n;
}

int ux_workers_start(const struct ux_workers_params *params, struct ux_workers **ret_set)
{
	struct ux_workers *set = calloc(1, sizeof(*set));
	int err;

	if (!set)
		return -ENOMEM;
	set->params = *params;
	err = ux_shared_work_init(&set->shared, params->engine, params->own_mark,
				  params->hold_bytes);
	set->shared.ways.learned = params->learned;
	/* Where packets are delivered to is known before any can come. */
	atomic_store(&set->shared.hosts[0], params->host);
	atomic_store(&set->shared.n_hosts, 1);
	err = err ? err : begin_another(set);
	err = err ? err : add_queue(set, params->host, 0);
	err = err ? err : ux_workers_resize(set, params->count);
	if (err) {
		ux_workers_stop(set);
		return err;
	}
	*ret_set = set;
	return 0;
}

struct ux_workers *ux_workers_stop(struct ux_workers *set)
{
	if (!set)
		return NULL;
	while (set->n)
		end_last(set);
	/* The first is not ours. */
	for (uint32_t q = 1; q < set->n_queues; q++)
		ux_port_free(queue(set, q));
	ux_shared_work_fini(&set->shared);
	free(set->ports);
	free(set);
	return NULL;
}

/* ---- ports ---- */

static int remember(struct ux_workers *set, struct ux_port *port)
{
	if (set->n_ports == set->max_ports) {
		const size_t max = set->max_ports ? 2 * set->max_ports : 16;
		struct ux_port **ports = realloc(set->ports, max * sizeof(*ports));

		if (!ports)
			return -ENOMEM;
		set->ports = ports;
		set->max_ports = max;
	}
	set->ports[set->n_ports++] = port;
	return 0;
}

static void forget(struct ux_workers *set, const struct ux_port *port)
{
	for (size_t i = 0; i < set->n_ports; i++) {
		if (set->ports[i] == port)
			set->ports[i] = set->ports[--set->n_ports];
	}
}

int ux_workers_add_port(struct ux_workers *set, struct ux_port *port)
{
	int err;

	if (port->side != UX_PORT_UNDERLAY)
		return ux_worker_watch(set->workers[0], port, false);
	err = ux_port_share(port);
	err = err ? err : remember(set, port);
	for (uint32_t i = 0; i < set->n && !err; i++)
		err = ux_worker_watch(set->workers[i], port, true);
	err = err ? err : ux_underlay_ports_add(&set->underlay, port);
	if (err)
		ux_workers_remove_port(set, port);
	return err;
}

void ux_workers_remove_port(struct ux_workers *set, struct ux_port *port)
{
	forget(set, port);
	for (uint32_t i = 0; i < set->n; i++)
		ux_worker_unwatch(set->workers[i], port);
	ux_underlay_ports_remove(&set->underlay, port);
	/* Events that were fetched before the removal end with that round. */
	pass_by_all(set);
	ux_port_unshare(port);
}

int ux_workers_replace_host(struct ux_workers *set, struct ux_port *host)
{
	struct ux_port *old[UX_WORKERS_MAX];
	const uint32_t n_old = set->n_queues;
	int err = ux_port_share(host);

	err = err ? err : ux_worker_watch(set->workers[0], host, false);
	if (err)
		return err;
	for (uint32_t q = 0; q < n_old; q++) {
		old[q] = queue(set, q);
		ux_worker_unwatch(set->workers[set->server[q]], old[q]);
	}
	set->server[0] = 0;
	atomic_store(&set->shared.n_hosts, 1);
	atomic_store(&set->shared.hosts[0], host);
	set->n_queues = 1;
	pass_by_all(set);
	ux_port_unshare(old[0]);
	for (uint32_t q = 1; q < n_old; q++)
		ux_port_free(old[q]);
	add_queues(set);
	return 0;
}

/* ---- links ---- */

/* The table before goes when no worker uses it any more. */
static void publish_links(struct ux_workers *set, struct ux_link_ports *fresh)
{
	struct ux_link_ports *old = atomic_exchange(&set->shared.links, fresh);

	pass_by_all(set);
	free(old);
}

int ux_workers_add_link(struct ux_workers *set, struct ux_port *port)
{
	struct ux_link_ports *fresh =
	    ux_link_ports_with(atomic_load(&set->shared.links), port);
	int err = fresh ? ux_port_share(port) : -ENOMEM;

	err = err ? err : ux_worker_watch(set->workers[0], port, false);
	if (err) {
		free(fresh);
		return err;
	}
	publish_links(set, fresh);
	return 0;
}

int ux_workers_remove_link(struct ux_workers *set, struct ux_port *port)
{
	struct ux_link_ports *fresh =
	    ux_link_ports_without(atomic_load(&set->shared.links), port);

	if (!fresh)
		return -ENOMEM;
	ux_worker_unwatch(set->workers[0], port);
	publish_links(set, fresh);
	return 0;
}

struct ux_ways_out *ux_workers_ways_out(struct ux_workers *set)
{
	return &set->shared.ways;
}

void ux_workers_stats_get(const struct ux_workers *set, struct ux_workers_stats *ret_stats)
{
	*ret_stats = set->gone;
	ret_stats->count = set->n;
	for (uint32_t i = 0; i < set->n; i++)
		add_counts(ret_stats, ux_worker_counts(set->workers[i]));
}
