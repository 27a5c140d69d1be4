/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Links: TUN devices that each stand for an if_id, as Linux's xfrm interfaces do. What the host
 * sends to one meets the policies of that if_id, what comes by SAs of that if_id comes out there.
 * Control thread.
 */

#include <net/if.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "base/ext_ack.h"
#include "base/list.h"
#include "daemon/config.h"
#include "daemon/workers.h"
#include "io/netlink.h"

#define UX_LINKS_MAX 1024 /* each takes a descriptor */

struct ux_links {
	struct uxfrm *engine;		 /* borrowed */
	const struct ux_config *config;	 /* borrowed */
	struct ux_netlink *netlink;	 /* borrowed */
	struct ux_workers *workers; /* borrowed; NULL once they have ended */
	struct ux_list all;		 /* in the order they came */
	uint32_t count;
};

/* What a link is called and what it is for. */
struct ux_link_facts {
	char name[IFNAMSIZ];	 /* ended by a zero */
	char underlay[IFNAMSIZ]; /* the device its SAs' packets leave by; "" = any */
	uint32_t if_id;
};

/* The caller fills the borrowed fields. ux_links_fini - the workers have ended; devices stay where
 * the configuration says fail_closed. */
void ux_links_init(struct ux_links *links);
void ux_links_fini(struct ux_links *links);
/* ux_links_adopt - go on with those that an earlier daemon has left. */
void ux_links_adopt(struct ux_links *links);

/* ux_links_add - one that was adopted and is just so becomes the caller's. 0 or -errno with the reason in @ext: -EINVAL, -EEXIST, -ENODEV, -ENOSPC, -ENOMEM,
 * -EMFILE. */
int ux_links_add(struct ux_links *links, const struct ux_link_facts *wanted,
		 struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_links_delete - by its name. 0, -ENODEV or -ENOMEM. */
int ux_links_delete(struct ux_links *links, const char *name, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_links_get - up to @max of them, under the names they have now. How many. */
size_t ux_links_get(const struct ux_links *links, struct ux_link_facts *facts, size_t max);
/* ux_links_follow - forget those whose device somebody has removed, and see which are up. */
void ux_links_follow(struct ux_links *links);
