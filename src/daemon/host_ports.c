/* SPDX-License-Identifier: BSD-2-Clause */

/* Joins ports, routes and worker, and translates the engine's events into them. */

#include "daemon/host_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clear_text.h"
#include "daemon/clock.h"
#include "daemon/encap_ports.h"
#include "daemon/keepalive.h"
#include "daemon/links.h"
#include "daemon/log.h"
#include "daemon/marked.h"
#include "daemon/path_watch.h"
#include "daemon/tc_capture.h"
#include "daemon/worker_cpus.h"
#include "io/address_monitor.h"
#include "io/raw_receive.h"
#include "io/raw_send.h"
#include "io/route.h"
#include "io/serial_port.h"
#include "io/tc_filter.h"
#include "io/tun.h"

/* How long a UDP port outlives its last SA, on top of the grace time. */
#define LINGER_NS 10000000000ull
/* Between two rounds through all routes for what changes at the host. */
#define FOLLOW_PAUSE_NS 100000000ull

/* What is taken by raw sockets. */
static const uint8_t raw_protocols[] = {IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP};
#define N_RAW (sizeof(raw_protocols) / sizeof(raw_protocols[0]))

struct ux_host_ports {
	struct uxfrm *engine;
	const struct ux_config *config;
	struct ux_loop *loop;
	struct ux_netlink netlink;
	struct ux_address_monitor addresses;
	struct ux_event address_event;
	struct ux_tun tun;
	struct ux_port *raw[N_RAW][2]; /* IPv4, IPv6; the latter NULL on a host without it */
	struct ux_port *plain[2][2]; /* IPv4, IPv6: IPIP and IPv6 inside, while an SA wants them */
	/* the senders': the first worker's, and its siblings */
	struct ux_udp_gso *gso[UX_WORKERS_MAX];
	struct ux_port *sender[UX_WORKERS_MAX];
	struct ux_port *serial[UX_WORKERS_MAX]; /* instead, where all send by AF_XDP */
	struct ux_port *keepalive_sender; /* the control thread's own */
	struct ux_routes *routes; /* NULL: packets come by tc alone */
	struct ux_tc_capture *tc; /* NULL: by routes alone */
	struct ux_path_learned *learned; /* with tc */
	bool tc_left; /* programs of a predecessor's refuse, and there is no tc */
	struct ux_marked marked;
	struct ux_workers *workers;
	struct ux_encap_ports encap;
	struct ux_links links;
	struct ux_path_watch paths;
	struct ux_clear_text clear_text;
	struct ux_xdp_underlay *xdp; /* NULL: none */
	struct ux_ext_ack xdp_why;   /* there is none */
	bool encap_ready, watching;
	bool routes_lost; /* addresses or links changed since the routes were looked at */
	bool links_lost;  /* the same, since ours were */
	uint64_t next_follow_ns;
};

/* It means something on its device only, and IKE daemons let it be. */
static bool is_link_local(int family, const struct ux_addr *addr)
{
	return family == AF_INET6 && (be32toh(addr->w[0]) & 0xffc00000) == 0xfe800000;
}

static void on_address(void *opaque, bool added, int family, const struct ux_addr *addr)
{
	struct ux_host_ports *p = opaque;
	int err = 0;

	ux_xdp_underlay_address(p->xdp, added, family, addr);
	if (added)
		err = uxfrm_local_address_add(p->engine, family, addr);
	if (added && p->encap_ready && !is_link_local(family, addr))
		ux_encap_ports_address(&p->encap, family, addr, ux_now_ns());
	if (!added)
		(void)uxfrm_local_address_remove(p->engine, family, addr);
	if (err)
		ux_log(LOG_ERR, "a local address is not known to the engine: %s", strerror(-err));
}

static int open_tun(struct ux_host_ports *p, const struct ux_config *config, struct ux_ext_ack *ext)
{
	const struct ux_tun_params params = {
	    .name = config->tun_name,
	    .mtu = config->tun_mtu,
	    .queue_len = config->tun_queue,
	    .queues = true,
	    .large = config->capture == UX_CAPTURE_TC,
	};
	int err = ux_tun_open(&params, &p->netlink, &p->tun, ext);

	if (err)
		return err;
	err = ux_tun_set_rp_filter(p->tun.name);
	if (err)
		ux_log(LOG_WARNING, "cannot set rp_filter of %s: %s", p->tun.name, strerror(-err));
	return 0;
}

/* Somebody has removed our device. The SAs are still there, so the routes get a new one. */
static void replace_tun(struct ux_host_ports *p)
{
	struct ux_ext_ack ext = {0};
	struct ux_tun lost = p->tun;
	int err = open_tun(p, p->config, &ext);

	if (!err) {
		err = ux_workers_replace_host(p->workers, p->tun.port);
		if (err) {
			ux_port_free(p->tun.port);
			p->tun = lost;
		}
	}
	if (err) {
		ux_log(LOG_ERR, "%s was removed, and there is no other: %s", lost.name,
		       strerror(-err));
		return;
	}
	ux_log(LOG_WARNING, "%s was removed; packets go by %s", lost.name, p->tun.name);
	ux_port_free(lost.port);
	if (p->routes)
		ux_routes_set_device(p->routes, p->tun.ifindex);
	ux_tc_capture_set_device(p->tc, p->tun.ifindex);
}

static void addresses_ready(struct ux_event *event, uint32_t events)
{
	struct ux_host_ports *p = ux_container_of(event, struct ux_host_ports, address_event);

	p->routes_lost |= ux_address_monitor_read(&p->addresses);
	p->links_lost = p->routes_lost;
	ux_xdp_underlay_changed(p->xdp);
	if (p->learned)
		ux_path_learned_forget(p->learned);
	uxfrm_paths_forget(p->engine);
	atomic_fetch_add(&ux_workers_ways_out(p->workers)->changes, 1);
	/* The rest is done at the next tick, for all that comes meanwhile together. */
}

static void report_routes(int err)
{
	if (err)
		ux_log(LOG_ERR, "not all routes of policies are as they should be: %s",
		       strerror(-err));
}

/* Bring the routes up to date; returns when to call again. */
static uint64_t follow_host(struct ux_host_ports *p, uint64_t now_ns)
{
	/* Whether a link is up decides which policies its packets meet: at once. */
	if (p->links_lost)
		ux_links_follow(&p->links);
	p->links_lost = false;
	if (!p->routes_lost && !p->addresses.routes_changed)
		return UINT64_MAX;
	if (now_ns < p->next_follow_ns)
		return p->next_follow_ns;
	if (p->routes_lost && !ux_tun_exists(&p->tun))
		replace_tun(p);
	int (*how)(struct ux_routes *) = p->routes_lost ? ux_routes_refresh : ux_routes_reconsider;

	if (p->routes)
		report_routes(how(p->routes));
	report_routes(ux_marked_settle(&p->marked, how));
	p->routes_lost = p->addresses.routes_changed = false;
	/* Also when it took long: others have as much time as this had. */
	p->next_follow_ns = ux_now_ns() + FOLLOW_PAUSE_NS + (ux_now_ns() - now_ns);
	return UINT64_MAX;
}

static void on_policy(void *opaque, const struct uxfrm_policy_event *event)
{
	struct ux_host_ports *p = opaque;
	struct ux_prefix dst = {.bits = event->destination_bits},
			 src = {.bits = event->source_bits};
	size_t len = event->family == AF_INET ? 4 : 16;
	int err;

	if (event->ifindex && !event->if_id)
		atomic_fetch_add(&ux_workers_ways_out(p->workers)->policies,
				 event->added ? 1u : -1u);
	/* Without protection it goes the way it would go without us; those of an interface are for
	 * what the host sends to it. */
	if (!event->protects || event->if_id)
		return;
	memcpy(&dst.addr, event->destination, len);
	memcpy(&src.addr, event->source, len);
	ux_tc_capture_policy(p->tc, event);
	if (event->marked)
		err = ux_marked_policy(&p->marked, event, &dst, &src);
	else if (!p->routes)
		err = 0;
	else if (event->added)
		err = ux_routes_add(p->routes, event->family, &dst, &src);
	else
		err = ux_routes_remove(p->routes, event->family, &dst, &src);
	if (err)
		ux_log(LOG_ERR, "cannot %s the route of a policy: %s",
		       event->added ? "add" : "remove", strerror(-err));
}

static void on_inbound_policy(void *opaque, const struct uxfrm_policy_event *event)
{
	struct ux_host_ports *p = opaque;

	ux_clear_text_policy(&p->clear_text, event);
	if (event->marked)
		ux_xdp_underlay_marked_policy(p->xdp, event->added);
}

static void on_marked(void *opaque, bool added, uint32_t spi)
{
	struct ux_host_ports *p = opaque;

	ux_xdp_underlay_marked_sa(p->xdp, added, spi);
}

static void on_encap(void *opaque, const struct uxfrm_encap_event *event)
{
	struct ux_host_ports *p = opaque;

	ux_clear_text_port(&p->clear_text, event);
	if (event->added)
		ux_encap_ports_add(&p->encap, event->family, event->port, ux_now_ns());
	else
		ux_encap_ports_remove(&p->encap, event->family, event->port, ux_now_ns());
}

static void on_keepalive(void *opaque, const struct uxfrm_keepalive_event *event)
{
	struct ux_host_ports *p = opaque;

	ux_keepalive_send(p->keepalive_sender, event);
}

/* Without the sockets, packets that IPComp left as they were are lost; no others. */
static void on_plain_tunnel(void *opaque, int family, bool added)
{
	static const uint8_t protocols[] = {IPPROTO_IPIP, IPPROTO_IPV6};
	struct ux_host_ports *p = opaque;

	for (size_t i = 0; i < 2; i++) {
		struct ux_port **port = &p->plain[family == AF_INET6][i];
		int err = 0;

		if (*port)
			ux_workers_remove_port(p->workers, *port);
		*port = ux_port_free(*port);
		if (added)
			err = ux_raw_open(family, protocols[i], p->config->fwmark, port);
		if (added && !err)
			err = ux_workers_add_port(p->workers, *port);
		if (err) {
			*port = ux_port_free(*port);
			ux_log(LOG_ERR, "cannot receive packets of protocol %u: %s", protocols[i],
			       strerror(-err));
		}
	}
}

/* Whoever begins anew means what an earlier daemon has left, too. */
static void on_flushed(void *opaque)
{
	struct ux_host_ports *p = opaque;
	uint16_t highest;

	if (p->routes)
		ux_routes_reopen(p->routes);
	ux_tc_capture_reopen(p->tc);
	if (p->tc_left)
		(void)ux_tc_filters_left(&p->netlink, UINT16_MAX, true, &highest);
	p->tc_left = false;
	if (p->tc)
		p->routes = ux_routes_free(p->routes);
	ux_marked_reopen(&p->marked);
}

static const struct uxfrm_watch_ops watch_ops = {.flushed = on_flushed,
						 .plain_tunnel = on_plain_tunnel,
						 .policy = on_policy,
						 .inbound = on_inbound_policy,
						 .encap = on_encap,
						 .keepalive = on_keepalive,
						 .marked = on_marked};

/* Without it everything goes as well, by raw sockets. */
static void open_xdp(struct ux_host_ports *p, const struct ux_config *config)
{
	const struct ux_xdp_underlay_params params = {
	    .config = config,
	    .loop = p->loop,
	    .netlink = &p->netlink,
	    .addresses = &p->addresses,
	    .raw = p->sender[0],
	};
	int err;

	if (config->underlay == UX_UNDERLAY_RAW)
		return;
	err = ux_xdp_underlay_open(&params, &p->xdp, &p->xdp_why);
	if (!err)
		return;
	if (!p->xdp_why.msg[0])
		(void)ux_fail(&p->xdp_why, -err, "no AF_XDP");
	ux_log(config->underlay == UX_UNDERLAY_XDP ? LOG_WARNING : LOG_INFO,
	       "packets by raw sockets, not AF_XDP: %s: %s", p->xdp_why.msg, strerror(-err));
}

static int open_sockets(struct ux_host_ports *p, const struct ux_config *config,
			struct ux_ext_ack *ext)
{
	int err;

	if (config->capture == UX_CAPTURE_TC)
		p->learned = ux_path_learned_new();
	p->gso[0] = ux_udp_gso_new(config->fwmark);
	if (!p->gso[0] || (config->capture == UX_CAPTURE_TC && !p->learned))
		return -ENOMEM;
	err = ux_raw_send_open(config->fwmark, p->gso[0], &p->sender[0]);
	if (!err)
		err = ux_raw_send_open(config->fwmark, NULL, &p->keepalive_sender);
	if (err)
		return ux_fail(ext, -err, "cannot open a raw socket to send");
	if (p->learned)
		ux_raw_send_ignore_paths(p->sender[0]);
	for (size_t i = 0; i < N_RAW && !err; i++) {
		err = ux_raw_open(AF_INET, raw_protocols[i], config->fwmark, &p->raw[i][0]);
		if (err)
			break;
		err = ux_raw_open(AF_INET6, raw_protocols[i], config->fwmark, &p->raw[i][1]);
		if (err == -EAFNOSUPPORT)
			err = 0;
	}
	return err ? ux_fail(ext, -err, "cannot open a raw socket to receive") : 0;
}

/* With tc there are routes only as long as some that a predecessor left refuse packets. */
static int open_tc(struct ux_host_ports *p, const struct ux_config *config, struct ux_ext_ack *ext)
{
	const struct ux_tc_capture_params params = {
	    .config = config,
	    .loop = p->loop,
	    .netlink = &p->netlink,
	    .tun_ifindex = p->tun.ifindex,
	};
	uint16_t highest;

	if (config->capture == UX_CAPTURE_TC) {
		if (!ux_routes_n_left(p->routes))
			p->routes = ux_routes_free(p->routes);
		return ux_tc_capture_open(&params, &p->tc, ext);
	}
	p->tc_left = ux_tc_filters_left(&p->netlink, UINT16_MAX, !config->fail_closed, &highest) &&
		     config->fail_closed;
	if (p->tc_left)
		ux_log(LOG_NOTICE, "what an earlier uxfrmd's policies covered by tc stays shut off, until"
				   " policies are flushed");
	return 0;
}

static int open_routes(struct ux_host_ports *p, const struct ux_config *config,
		       struct ux_ext_ack *ext)
{
	const struct ux_routes_params params = {
	    .nl = &p->netlink,
	    .addresses = &p->addresses,
	    .tun_ifindex = p->tun.ifindex,
	    .fwmark = config->fwmark,
	    .table = config->table,
	    .priority = config->rule_priority,
	    .keep_left = config->fail_closed,
	};
	int err = ux_address_monitor_open(&p->addresses, &p->netlink, on_address, p);

	if (err)
		return ux_fail(ext, -err, "cannot read the local addresses");
	p->address_event =
	    (struct ux_event){.fd = p->addresses.events.fd, .ready = addresses_ready};
	err = ux_loop_add(p->loop, &p->address_event, EPOLLIN);
	if (!err)
		err = ux_routes_new(&params, &p->routes);
	return err ? ux_fail(ext, -err, "cannot set up policy routing") : open_tc(p, config, ext);
}

static int open_queue(void *opaque, struct ux_port **ret_port)
{
	const struct ux_host_ports *p = opaque;
	int err = ux_tun_add_queue(&p->tun, ret_port);

	if (err)
		ux_log(LOG_WARNING, "no more queues of %s: %s", p->tun.name, strerror(-err));
	return err;
}

static void close_sender(void *opaque, uint32_t i)
{
	struct ux_host_ports *p = opaque;

	p->serial[i] = ux_port_free(p->serial[i]);
	if (!i) { /* others' depend on the first, and it ends last */
		if (p->xdp)
			ux_port_unshare(ux_xdp_underlay_sender(p->xdp, p->sender[0]));
		return;
	}
	p->sender[i] = ux_port_free(p->sender[i]);
	p->gso[i] = ux_udp_gso_free(p->gso[i]);
}

/* AF_XDP has one way out, that all share; raw sockets each has its own. */
static int open_sender(void *opaque, uint32_t i, struct ux_port **ret_port)
{
	struct ux_host_ports *p = opaque;
	struct ux_port *xdp = p->xdp ? ux_xdp_underlay_sender(p->xdp, NULL) : NULL;
	int err = 0;

	if (xdp) {
		err = ux_port_share(xdp);
		p->serial[i] = err ? NULL : ux_serial_port_new(xdp);
		*ret_port = p->serial[i];
		return p->serial[i] ? 0 : -ENOMEM;
	}
	if (i) {
		p->gso[i] = ux_udp_gso_sibling(p->gso[0]);
		err = p->gso[i] ? ux_raw_send_open(p->config->fwmark, p->gso[i], &p->sender[i])
				: -ENOMEM;
		if (!err && p->learned)
			ux_raw_send_ignore_paths(p->sender[i]);
	}
	if (err)
		close_sender(p, i);
	*ret_port = p->sender[i];
	return err;
}

static int start_workers(struct ux_host_ports *p, const struct ux_config *config,
			 struct ux_ext_ack *ext)
{
	struct ux_workers_params params = {
	    .engine = p->engine,
	    .host = p->tun.port,
	    .own_mark = config->fwmark,
	    .learned = p->learned,
	    .hold_bytes = config->hold_bytes,
	    .poll_us = config->poll_us,
	    .opaque = p,
	    .open_queue = open_queue,
	    .open_sender = open_sender,
	    .close_sender = close_sender,
	};
	int err = ux_worker_cpus_parse(config->worker_cpus, params.cpus, UX_WORKERS_CPUS_MAX,
				       &params.n_cpus, ext);

	if (err)
		return err;
	params.count = config->workers ? config->workers : ux_workers_default();
	err = ux_workers_start(&params, &p->workers);
	for (size_t i = 0; i < 2 * N_RAW && !err; i++) {
		if (p->raw[i / 2][i % 2])
			err = ux_workers_add_port(p->workers, p->raw[i / 2][i % 2]);
	}
	if (err)
		return ux_fail(ext, -err, "cannot start the workers");
	ux_encap_ports_init(&p->encap, p->workers, p->gso[0], p->xdp, config->fwmark,
			    LINGER_NS + config->grace_ms * 1000000ull);
	p->encap_ready = true;
	p->links = (struct ux_links){
	    .engine = p->engine, .config = config, .netlink = &p->netlink, .workers = p->workers};
	p->marked = (struct ux_marked){.config = config,
				       .addresses = &p->addresses,
				       .netlink = &p->netlink,
				       .workers = p->workers,
				       .tc = p->tc};
	ux_marked_init(&p->marked);
	ux_links_init(&p->links);
	ux_links_adopt(&p->links);
	return 0;
}

int ux_host_ports_open(struct uxfrm *engine, const struct ux_config *config, struct ux_loop *loop,
		       struct ux_host_ports **ret_ports, struct ux_ext_ack *ext)
{
	struct ux_host_ports *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->engine = engine;
	p->config = config;
	p->loop = loop;
	p->netlink.fd = -1;
	p->addresses.events.fd = -1;
	err = ux_netlink_open(&p->netlink, 0);
	err = err ? ux_fail(ext, -err, "cannot open a NETLINK_ROUTE socket")
		  : open_tun(p, config, ext);
	err = err ? err : open_sockets(p, config, ext);
	if (!err)
		open_xdp(p, config);
	err = err ? err : open_routes(p, config, ext);
	err = err ? err : start_workers(p, config, ext);
	if (!err && ux_path_watch_open(&p->paths, engine, loop, p->learned) < 0)
		err = ux_fail(ext, EPERM, "cannot open raw sockets for ICMP errors");
	if (err) {
		ux_host_ports_close(p);
		return err;
	}
	if (ux_host_rp_filter_is_strict())
		ux_log(LOG_WARNING,
		       "rp_filter is strict: ESP of peers whose address a policy covers will"
		       " be dropped by the kernel; net.ipv4.conf.all.rp_filter=2 lets it in");
	if (p->routes && ux_routes_n_left(p->routes))
		ux_log(LOG_NOTICE,
		       "%zu destinations of an earlier uxfrmd's policies stay shut off, until their"
		       " policies are back or policies are flushed",
		       ux_routes_n_left(p->routes));
	ux_clear_text_open(&p->clear_text, p->workers);
	ux_xdp_underlay_start(p->xdp, p->workers);
	uxfrm_watch(engine, &watch_ops, p);
	p->watching = true;
	*ret_ports = p;
	return 0;
}

struct ux_host_ports *ux_host_ports_close(struct ux_host_ports *p)
{
	if (!p)
		return NULL;
	/* What failed to open leaves nothing but what it found. */
	const bool keep = p->config->fail_closed &&
			  (p->watching || (p->routes && ux_routes_n_left(p->routes)));

	if (p->watching)
		uxfrm_watch(p->engine, NULL, NULL);
	/* Routes first: from here on packets go nowhere, or the way they would go without us. */
	p->tc = p->marked.tc = ux_tc_capture_close(p->tc, keep);
	p->routes = keep ? ux_routes_abandon(p->routes) : ux_routes_free(p->routes);
	ux_marked_fini(&p->marked, keep);
	ux_clear_text_close(&p->clear_text, keep);
	if (p->encap_ready)
		ux_encap_ports_fini(&p->encap);
	ux_xdp_underlay_stop(p->xdp);
	ux_workers_stop(p->workers);
	p->xdp = ux_xdp_underlay_free(p->xdp);
	ux_links_fini(&p->links);
	ux_clear_text_free(&p->clear_text);
	ux_path_watch_close(&p->paths);
	if (p->addresses.events.fd >= 0) {
		ux_loop_remove(p->loop, &p->address_event);
		ux_address_monitor_close(&p->addresses);
	}
	for (size_t i = 0; i < 2 * N_RAW; i++)
		ux_port_free(p->raw[i / 2][i % 2]);
	for (size_t i = 0; i < 4; i++)
		ux_port_free(p->plain[i / 2][i % 2]);
	ux_port_free(p->sender[0]);
	ux_udp_gso_free(p->gso[0]);
	ux_port_free(p->keepalive_sender);
	ux_path_learned_free(p->learned);
	ux_port_free(p->tun.port);
	ux_netlink_close(&p->netlink);
	free(p);
	return NULL;
}

void ux_host_ports_settle(struct ux_host_ports *ports)
{
	ux_tc_capture_settle(ports->tc);
	if (ports->routes)
		report_routes(ux_routes_settle(ports->routes));
	report_routes(ux_marked_settle(&ports->marked, ux_routes_settle));
	ux_clear_text_tick(&ports->clear_text);
}

bool ux_host_ports_covers_mark(const struct ux_host_ports *ports, uint32_t mark, uint32_t mask)
{
	return ux_marked_covers(&ports->marked, mark, mask);
}

uint64_t ux_host_ports_tick(struct ux_host_ports *ports, uint64_t now_ns)
{
	ux_host_ports_settle(ports); /* time may have ended policies */

	uint64_t follow_ns = follow_host(ports, now_ns);
	struct uxfrm_counts counts;

	uxfrm_counts_get(ports->engine, &counts);
	uint64_t expect_ns = ux_encap_ports_expect(&ports->encap, counts.sa, now_ns);
	uint64_t encap_ns = ux_encap_ports_tick(&ports->encap, now_ns);
	uint64_t paths_ns = ux_path_watch_tick(&ports->paths, now_ns);
	uint64_t check_ns = ux_clear_text_check(&ports->clear_text, now_ns);
	uint64_t xdp_ns = ux_xdp_underlay_tick(ports->xdp, now_ns);
	uint64_t first_ns = follow_ns < encap_ns ? follow_ns : encap_ns;

	first_ns = first_ns < check_ns ? first_ns : check_ns;
	first_ns = first_ns < expect_ns ? first_ns : expect_ns;
	first_ns = first_ns < xdp_ns ? first_ns : xdp_ns;
	return first_ns < paths_ns ? first_ns : paths_ns;
}

const char *ux_host_ports_tun_name(const struct ux_host_ports *ports)
{
	return ports->tun.name;
}

const struct ux_xdp_underlay *ux_host_ports_xdp(const struct ux_host_ports *ports,
						const char **ret_why)
{
	*ret_why = ports->xdp_why.msg;
	return ports->xdp;
}

const struct ux_tc_capture *ux_host_ports_tc(const struct ux_host_ports *ports)
{
	return ports->tc;
}

struct ux_links *ux_host_ports_links(struct ux_host_ports *ports)
{
	return &ports->links;
}

struct ux_workers *ux_host_ports_workers(const struct ux_host_ports *ports)
{
	return ports->workers;
}
