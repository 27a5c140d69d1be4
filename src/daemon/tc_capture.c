/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which devices have the program: those by which packets of this host's IP leave. Each link that appears gets it when
 * the kernel tells of it. Where somebody takes it away it is put back.
 */

#include "daemon/tc_capture.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/log.h"
#include "io/net_device.h"
#include "io/tc_filter.h"
#include "io/tc_program.h"
#include "io/tc_set.h"
#include "io/tun.h"

#define GROUPS (RTMGRP_LINK | RTMGRP_TC)

struct device {
	struct ux_net_device net;
	bool attached, made, seen;
};

struct ux_tc_capture {
	struct ux_tc_capture_params params;
	struct ux_tc_program program;
	struct ux_tc_set *set;
	struct ux_netlink events;
	struct ux_event event;
	struct device *devices;
	size_t n, room;
	uint16_t number; /* of our filters */
	uint32_t left;
	bool all_failed; /* not every selector could be told */
	char problem[160];
};

/* ---- devices ---- */

static struct device *find(const struct ux_tc_capture *c, int ifindex)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->devices[i].net.ifindex == ifindex)
			return &c->devices[i];
	}
	return NULL;
}

static bool is_kind(const struct device *d, const char *kind)
{
	return strcmp(d->net.kind, kind) == 0;
}

/*
 * Ports of a bridge, bond and so on carry what leaves by that, and what is not of this host's IP; those of a VRF are
 * where its packets leave. What goes out by an ifb has just come in.
 */
static bool is_wanted(const struct ux_tc_capture *c, const struct device *d)
{
	const struct device *master = d->net.master ? find(c, d->net.master) : NULL;

	if (d->net.flags & IFF_LOOPBACK || d->net.group == UX_TUN_GROUP || is_kind(d, "ifb") ||
	    is_kind(d, "vrf"))
		return false;
	return !master || is_kind(master, "vrf");
}

static void attach(struct ux_tc_capture *c, struct device *d)
{
	int err = ux_tc_filter_add(c->params.netlink, d->net.ifindex, c->number, c->program.program,
				   &d->made);

	d->attached = !err || err == -EEXIST;
	if (d->attached || err == -ENODEV)
		return;
	snprintf(c->problem, sizeof(c->problem), "%s: no filter on the way out: %s", d->net.name,
		 strerror(-err));
	ux_log(LOG_ERR, "packets that leave by %s are not covered by policies: %s", d->net.name,
	       strerror(-err));
}

static void consider(struct ux_tc_capture *c, struct device *d)
{
	const bool wanted = is_wanted(c, d);

	if (wanted && !d->attached)
		attach(c, d);
	if (!wanted && d->attached) {
		ux_tc_filter_remove(c->params.netlink, d->net.ifindex, c->number, d->made);
		d->attached = false;
	}
}

static struct device *add(struct ux_tc_capture *c, const struct ux_net_device *net)
{
	if (c->n == c->room) {
		size_t room = c->room ? 2 * c->room : 16;
		struct device *devices = realloc(c->devices, room * sizeof(*devices));

		if (!devices)
			return NULL;
		c->devices = devices;
		c->room = room;
	}
	c->devices[c->n] = (struct device){.net = *net};
	return &c->devices[c->n++];
}

static struct device *note(struct ux_tc_capture *c, const struct ux_net_device *net)
{
	struct device *d = find(c, net->ifindex);

	if (d)
		d->net = *net;
	else
		d = add(c, net);
	if (d)
		d->seen = true;
	else
		ux_log(LOG_ERR, "no memory for %s: packets that leave by it are not covered", net->name);
	return d;
}

static void forget(struct ux_tc_capture *c, struct device *d)
{
	*d = c->devices[--c->n];
}

static void on_device(void *opaque, const struct ux_net_device *net)
{
	(void)note(opaque, net);
}

/* All of them; also when events were lost, with which a filter may have gone. */
static int look_at_all(struct ux_tc_capture *c)
{
	int err;

	for (size_t i = 0; i < c->n; i++)
		c->devices[i].seen = false;
	err = ux_net_device_each(c->params.netlink, on_device, c);
	if (err)
		return err;
	for (size_t i = c->n; i-- > 0;) {
		struct device *d = &c->devices[i];

		if (!d->seen) {
			forget(c, d);
			continue;
		}
		if (d->attached)
			d->attached = ux_tc_filter_there(c->params.netlink, d->net.ifindex, c->number);
		consider(c, d);
	}
	return 0;
}

/* A filter or a queueing discipline has gone: was it ours, and not by us? */
static void check(struct ux_tc_capture *c, int ifindex)
{
	struct device *d = find(c, ifindex);

	if (!d || !d->attached || ux_tc_filter_there(c->params.netlink, ifindex, c->number))
		return;
	d->attached = false;
	consider(c, d);
}

static void on_link(struct ux_tc_capture *c, const struct nlmsghdr *msg)
{
	struct ux_net_device net;
	struct ifinfomsg header;
	struct device *d;

	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	if (header.ifi_family != AF_UNSPEC) /* a bridge's own news */
		return;
	if (msg->nlmsg_type == RTM_DELLINK) {
		d = find(c, header.ifi_index);
		if (d)
			forget(c, d);
		return;
	}
	if (!ux_net_device_parse(msg, &net))
		return;
	d = note(c, &net);
	if (d)
		consider(c, d);
}

static void on_event(void *opaque, const struct nlmsghdr *msg)
{
	struct ux_tc_capture *c = opaque;
	struct tcmsg header;

	if (msg->nlmsg_type == RTM_NEWLINK || msg->nlmsg_type == RTM_DELLINK) {
		if (msg->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
			on_link(c, msg);
		return;
	}
	if ((msg->nlmsg_type != RTM_DELTFILTER && msg->nlmsg_type != RTM_DELQDISC) ||
	    msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	check(c, header.tcm_ifindex);
}

static void events_ready(struct ux_event *event, uint32_t events)
{
	struct ux_tc_capture *c = ux_container_of(event, struct ux_tc_capture, event);

	if (ux_netlink_events(&c->events, on_event, c) == -ENOBUFS && look_at_all(c) < 0)
		ux_log(LOG_ERR, "devices that have just appeared may not be covered by policies");
}

/* ---- selectors ---- */

/* Without room for a selector everything is taken: the daemon lets through what no policy covers. */
static void take_all(struct ux_tc_capture *c, int err)
{
	if (!c->all_failed)
		ux_log(LOG_WARNING, "every packet is captured, as not all selectors can be told: %s",
		       strerror(-err));
	c->all_failed = true;
	c->program.settings.all = 1;
	(void)!ux_tc_program_tell(&c->program);
}

void ux_tc_capture_policy(struct ux_tc_capture *c, const struct uxfrm_policy_event *event)
{
	const size_t len = event->family == AF_INET ? 4 : 16;
	struct ux_tc_selector s = {
	    .family = event->family,
	    .dst_bits = event->destination_bits,
	    .src_bits = event->source_bits,
	    .proto = event->proto,
	    .icmp = event->icmp,
	    .sport = event->sport,
	    .sport_mask = event->sport_mask,
	    .dport = event->dport,
	    .dport_mask = event->dport_mask,
	    .ifindex = (uint32_t)event->ifindex,
	};
	int err;

	if (!c)
		return;
	memcpy(&s.dst, event->destination, len);
	memcpy(&s.src, event->source, len);
	if (event->marked) {
		s.mark = event->mark;
		s.mark_mask = event->mark_mask;
	}
	err = event->added ? ux_tc_set_add(c->set, &s) : ux_tc_set_remove(c->set, &s);
	if (err && event->added)
		take_all(c, err);
}

void ux_tc_capture_settle(struct ux_tc_capture *c)
{
	int err = c ? ux_tc_set_settle(c->set) : 0;

	if (err)
		take_all(c, err);
}

int ux_tc_capture_mark(struct ux_tc_capture *c, bool added, uint32_t v, uint32_t m, int ifindex)
{
	struct ux_tc_mark *unused = NULL, *k = NULL;

	if (!c)
		return 0;
	for (size_t i = 0; i < UX_TC_MARKS; i++) {
		struct ux_tc_mark *at = &c->program.settings.marks[i];

		if (at->used && at->v == v && at->m == m)
			k = at;
		else if (!at->used && !unused)
			unused = at;
	}
	if (!k && !added)
		return 0;
	if (!k)
		k = unused;
	if (!k)
		return -ENOSPC;
	*k = (struct ux_tc_mark){added, v, m, (uint32_t)ifindex};
	return ux_tc_program_tell(&c->program);
}

void ux_tc_capture_set_device(struct ux_tc_capture *c, int tun_ifindex)
{
	if (!c)
		return;
	c->program.settings.ifindex = (uint32_t)tun_ifindex;
	if (ux_tc_program_tell(&c->program) < 0)
		ux_log(LOG_ERR, "packets that policies cover are dropped: the program cannot be told its device");
}

void ux_tc_capture_reopen(struct ux_tc_capture *c)
{
	uint16_t highest;

	if (!c || !c->left)
		return;
	(void)ux_tc_filters_left(c->params.netlink, c->number, true, &highest);
	c->left = c->program.settings.left = 0;
	(void)!ux_tc_program_tell(&c->program);
	ux_tc_set_note_clear(c->set, false);
	ux_tc_capture_settle(c);
}

/* ---- open and close ---- */

static int open_events(struct ux_tc_capture *c)
{
	int err = ux_netlink_open(&c->events, GROUPS);

	if (err)
		return err;
	c->event = (struct ux_event){.fd = c->events.fd, .ready = events_ready};
	err = ux_loop_add(c->params.loop, &c->event, EPOLLIN);
	if (err)
		ux_netlink_close(&c->events);
	return err;
}

/* What predecessors left goes on refusing behind ours. */
static void look_for_left(struct ux_tc_capture *c)
{
	uint16_t highest;

	c->left = (uint32_t)ux_tc_filters_left(c->params.netlink, UINT16_MAX,
					       !c->params.config->fail_closed, &highest);
	c->number = c->params.config->fail_closed ? (uint16_t)(highest + 1) : 1;
	if (!c->params.config->fail_closed)
		c->left = 0;
	c->program.settings.left = c->left;
	ux_tc_set_note_clear(c->set, c->left != 0);
}

int ux_tc_capture_open(const struct ux_tc_capture_params *params,
		       struct ux_tc_capture **ret_capture, struct ux_ext_ack *ext)
{
	struct ux_tc_capture *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->params = *params;
	c->events.fd = -1;
	err = ux_tc_program_open(&c->program, params->config->fwmark);
	if (err) {
		ux_tc_capture_close(c, false);
		return ux_fail(ext, -err, "capture = tc: the kernel does not take the BPF program");
	}
	c->set = ux_tc_set_new(&ux_tc_program_ops, &c->program);
	err = c->set ? 0 : -ENOMEM;
	if (!err) {
		look_for_left(c);
		c->program.settings.ifindex = (uint32_t)params->tun_ifindex;
		err = ux_tc_program_tell(&c->program);
	}
	/* Subscribed first, so that no device falls between. */
	err = err ? err : open_events(c);
	err = err ? err : look_at_all(c);
	if (err) {
		ux_tc_capture_close(c, false);
		return ux_fail(ext, -err, "capture = tc: cannot attach the BPF program");
	}
	if (c->left)
		ux_log(LOG_NOTICE, "what an earlier uxfrmd's policies covered stays shut off, until their"
				   " policies are back or policies are flushed");
	*ret_capture = c;
	return 0;
}

struct ux_tc_capture *ux_tc_capture_close(struct ux_tc_capture *c, bool keep)
{
	if (!c)
		return NULL;
	if (c->events.fd >= 0) {
		ux_loop_remove(c->params.loop, &c->event);
		ux_netlink_close(&c->events);
	}
	/* Nothing comes here from now on; what is to pass is let pass then. */
	ux_tc_program_close(&c->program);
	keep = keep && c->set && ux_tc_set_count(c->set);
	for (size_t i = 0; i < c->n && !keep; i++) {
		const struct device *d = &c->devices[i];

		if (d->attached)
			ux_tc_filter_remove(c->params.netlink, d->net.ifindex, c->number, d->made);
	}
	ux_tc_set_free(c->set);
	free(c->devices);
	free(c);
	return NULL;
}

void ux_tc_capture_status_get(const struct ux_tc_capture *c, struct ux_tc_capture_status *st)
{
	*st = (struct ux_tc_capture_status){0};
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		st->devices += c->devices[i].attached;
	st->selectors = (uint32_t)ux_tc_set_count(c->set);
	st->left = c->left;
	st->all = c->all_failed;
	memcpy(st->problem, c->problem, sizeof(st->problem));
}
