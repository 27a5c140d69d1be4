/* SPDX-License-Identifier: BSD-2-Clause */

/* Joins filter, queues and worker. */

#include "daemon/clear_text.h"

#include <string.h>

#include "daemon/log.h"
#include "io/clear_port.h"
#include "io/tun.h"

#define QUEUE_IN 5210
#define QUEUE_FWD 5211
/* Who reloads a firewall often empties all of nftables first. */
#define CHECK_PAUSE_NS 1000000000ull

static int open_all(struct ux_clear_text *c)
{
	const struct ux_clear_filter_params params = {
	    .own_group = UX_TUN_GROUP, .queue_in = QUEUE_IN, .queue_fwd = QUEUE_FWD};
	int err = ux_clear_port_open(QUEUE_IN, UX_PORT_CLEAR_IN, &c->ports[0]);

	if (!err)
		err = ux_clear_port_open(QUEUE_FWD, UX_PORT_CLEAR_FWD, &c->ports[1]);
	for (int i = 0; i < 2 && !err; i++)
		err = ux_workers_add_port(c->workers, c->ports[i]);
	return err ? err : ux_clear_filter_open(&params, &c->filter);
}

void ux_clear_text_open(struct ux_clear_text *c, struct ux_workers *workers)
{
	int err;

	*c = (struct ux_clear_text){.workers = workers};
	err = open_all(c);
	if (err)
		ux_log(LOG_WARNING,
		       "what comes in clear is not filtered: nftables or its queues: %s",
		       strerror(-err));
}

void ux_clear_text_close(struct ux_clear_text *c, bool keep)
{
	c->filter = ux_clear_filter_free(c->filter, keep);
}

void ux_clear_text_free(struct ux_clear_text *c)
{
	for (int i = 0; i < 2; i++)
		c->ports[i] = ux_port_free(c->ports[i]);
}

void ux_clear_text_policy(struct ux_clear_text *c, const struct uxfrm_policy_event *event)
{
	struct ux_clear_selector s = {
	    .family = event->family,
	    .forwarded = event->dir == UXFRM_WATCH_FWD,
	    .source = {.bits = event->source_bits},
	    .destination = {.bits = event->destination_bits},
	};
	size_t len = event->family == AF_INET ? 4 : 16;
	int err;

	if (!c->filter || !event->protects || event->if_id)
		return;
	memcpy(&s.source.addr, event->source, len);
	memcpy(&s.destination.addr, event->destination, len);
	err = event->added ? ux_clear_filter_add(c->filter, &s)
			   : ux_clear_filter_remove(c->filter, &s);
	if (err)
		ux_log(LOG_ERR, "an inbound policy is not in the filter: %s", strerror(-err));
}

void ux_clear_text_port(struct ux_clear_text *c, const struct uxfrm_encap_event *event)
{
	if (c->filter)
		ux_clear_filter_port(c->filter, event->family, event->port, event->added);
}

void ux_clear_text_tick(struct ux_clear_text *c)
{
	int err = c->filter ? ux_clear_filter_flush(c->filter) : 0;

	if (err)
		ux_log(LOG_ERR, "the filter of inbound policies could not be changed: %s",
		       strerror(-err));
}

uint64_t ux_clear_text_check(struct ux_clear_text *c, uint64_t now_ns)
{
	int r;

	if (!c->filter)
		return UINT64_MAX;
	if (now_ns < c->next_check_ns)
		return c->next_check_ns;
	c->next_check_ns = now_ns + CHECK_PAUSE_NS;
	r = ux_clear_filter_check(c->filter);
	if (r > 0)
		ux_log(LOG_WARNING, "somebody has emptied nftables; the filter of inbound policies"
				    " is there again");
	else if (r < 0)
		ux_log(LOG_ERR, "the filter of inbound policies could not be looked after: %s",
		       strerror(-r));
	return c->next_check_ns;
}
