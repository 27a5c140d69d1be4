/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/links.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "io/tun_stay.h"

struct link {
	struct ux_list link; /* ux_links.all */
	struct ux_tun tun;
	uint32_t if_id;
	int underlay_ifindex;
	bool known;   /* the engine has it: it is there and up */
	bool adopted; /* it was there before us, and nobody has asked for it since */
};

/* What a device that stays says of itself. */
#define PURPOSE_PREFIX "uxfrm link if_id "

void ux_links_init(struct ux_links *links)
{
	ux_list_init(&links->all);
	links->count = 0;
}

/* The device goes with its port, unless it is to stay. */
static void forget(struct ux_links *links, struct link *l)
{
	ux_list_remove(&l->link);
	links->count--;
	ux_port_free(l->tun.port);
	free(l);
}

void ux_links_fini(struct ux_links *links)
{
	struct ux_list *pos, *next;

	if (!links->all.next)
		return;
	ux_list_for_each_safe (pos, next, &links->all)
		forget(links, ux_container_of(pos, struct link, link));
}

/* What the kernel takes for a name, and no pattern for one. */
static bool is_name(const char *name)
{
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || *name == '%' || isspace((unsigned char)*name))
			return false;
	return true;
}

/* Under the name it has now: devices can be renamed. */
static bool has_name(const struct link *l, const char *name)
{
	return l->tun.ifindex == (int)if_nametoindex(name);
}

static bool is_wanted(const struct link *l, const struct ux_link_facts *wanted)
{
	int underlay = wanted->underlay[0] ? (int)if_nametoindex(wanted->underlay) : 0;

	return l->if_id == wanted->if_id && has_name(l, wanted->name) &&
	       l->underlay_ifindex == underlay;
}

/* One that has stayed is what its owner, who does not know of that, wants to make again. */
static bool claim(struct ux_links *links, const struct ux_link_facts *wanted)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &links->all) {
		struct link *l = ux_container_of(pos, struct link, link);

		if (l->adopted && is_wanted(l, wanted)) {
			l->adopted = false;
			return true;
		}
	}
	return false;
}

static int check(const struct ux_links *links, const struct ux_link_facts *wanted,
		 struct ux_ext_ack *ext)
{
	struct ux_list *pos;

	if (!is_name(wanted->name))
		return ux_fail(ext, EINVAL, "not a name for an interface");
	if (!wanted->if_id)
		return ux_fail(ext, EINVAL, "if_id must be non zero");
	ux_list_for_each (pos, &links->all)
		if (ux_container_of(pos, struct link, link)->if_id == wanted->if_id)
			return ux_fail(ext, EEXIST, "another link has this if_id");
	if (if_nametoindex(wanted->name))
		return ux_fail(ext, EEXIST, "an interface has this name");
	if (links->count == UX_LINKS_MAX)
		return ux_fail(ext, ENOSPC, "there are as many links as may be");
	return 0;
}

static int open_device(const struct ux_links *links, const struct ux_link_facts *wanted,
		       struct link *l, struct ux_ext_ack *ext)
{
	struct ux_tun_params params = {
	    .adopt = l->adopted,
	    .name = wanted->name,
	    .mtu = links->config->tun_mtu,
	    .queue_len = links->config->tun_queue,
	    .if_id = wanted->if_id,
	};

	if (wanted->underlay[0]) {
		l->underlay_ifindex = (int)if_nametoindex(wanted->underlay);
		if (!l->underlay_ifindex)
			return ux_fail(ext, ENODEV, "there is no such underlying device");
		params.underlay_ifindex = l->underlay_ifindex;
	}
	return ux_tun_open(&params, links->netlink, &l->tun, ext);
}

/* Without this it goes with us, and what was routed there finds another way. */
static void let_stay(const struct ux_links *links, const struct ux_link_facts *wanted,
		     const struct link *l)
{
	char purpose[UX_TUN_PURPOSE_MAX];
	int err;

	if (!links->config->fail_closed)
		return;
	snprintf(purpose, sizeof(purpose), PURPOSE_PREFIX "0x%x%s%s", wanted->if_id,
		 wanted->underlay[0] ? " dev " : "", wanted->underlay);
	err = ux_tun_stay(&l->tun, links->netlink, purpose);
	if (err)
		ux_log(LOG_WARNING, "the link %s will not stay when uxfrmd ends: %s", l->tun.name,
		       strerror(-err));
}

/* One that is down is none, as for Linux. */
static int tell_engine(struct ux_links *links, struct link *l, bool up)
{
	int err = 0;

	if (up && !l->known)
		err = uxfrm_interface_add(links->engine, l->if_id);
	else if (!up && l->known)
		err = uxfrm_interface_remove(links->engine, l->if_id);
	if (!err)
		l->known = up;
	return err;
}

/* A link by a device that is to be made, or by one that is there. */
static int add(struct ux_links *links, const struct ux_link_facts *wanted, bool adopted,
	       struct ux_ext_ack *ext)
{
	struct link *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->if_id = wanted->if_id;
	l->adopted = adopted;
	err = open_device(links, wanted, l, ext);
	if (!err)
		err = ux_workers_add_link(links->workers, l->tun.port);
	if (err) {
		ux_port_free(l->tun.port);
		free(l);
		return err;
	}
	if (adopted && !links->config->fail_closed)
		ux_tun_go(&l->tun);
	else
		let_stay(links, wanted, l);
	ux_list_push_back(&links->all, &l->link);
	links->count++;
	/* From here on the engine gives packets to it. */
	err = tell_engine(links, l, !adopted || ux_tun_is_up(&l->tun, links->netlink));
	if (err && ux_workers_remove_link(links->workers, l->tun.port) == 0) {
		if (!adopted)
			ux_tun_go(&l->tun);
		forget(links, l);
	}
	return err;
}

int ux_links_add(struct ux_links *links, const struct ux_link_facts *wanted, struct ux_ext_ack *ext)
{
	int err;

	if (claim(links, wanted))
		return 0;
	err = check(links, wanted, ext);
	return err ? err : add(links, wanted, false, ext);
}

/* What it was for; false: not by what it says. */
static bool read_left(const struct ux_tun_left *left, struct ux_link_facts *ret)
{
	const char *text = left->purpose + strlen(PURPOSE_PREFIX);
	const char dev[] = " dev ";
	char *end;

	*ret = (struct ux_link_facts){.if_id = (uint32_t)strtoul(text, &end, 16)};
	memcpy(ret->name, left->name, sizeof(ret->name));
	if (strncmp(end, dev, strlen(dev)) == 0) {
		end += strlen(dev);
		if (strlen(end) >= sizeof(ret->underlay))
			return false;
		memcpy(ret->underlay, end, strlen(end));
		end += strlen(end);
	}
	return ret->if_id && !*end;
}

void ux_links_adopt(struct ux_links *links)
{
	struct ux_tun_left *left = calloc(UX_LINKS_MAX, sizeof(*left));
	int n = left ? ux_tun_find_left(links->netlink, PURPOSE_PREFIX, left, UX_LINKS_MAX)
		     : -ENOMEM;

	if (n < 0)
		ux_log(LOG_WARNING, "links that were left are not looked for: %s", strerror(-n));
	for (int i = 0; i < n; i++) {
		struct ux_ext_ack ext = {0};
		struct ux_link_facts facts;
		int err = read_left(&left[i], &facts) ? 0 : -EINVAL;

		err = err ? err : add(links, &facts, true, &ext);
		if (err)
			ux_log(LOG_WARNING, "the link %s stays shut off: %s", left[i].name,
			       ext.msg[0] ? ext.msg : strerror(-err));
		else
			ux_log(LOG_NOTICE, "the link %s is there again", left[i].name);
	}
	free(left);
}

static int take_down(struct ux_links *links, struct link *l)
{
	int err = tell_engine(links, l, false);

	if (!err)
		err = ux_workers_remove_link(links->workers, l->tun.port);
	if (!err) {
		ux_tun_go(&l->tun);
		forget(links, l);
	}
	return err;
}

int ux_links_delete(struct ux_links *links, const char *name, struct ux_ext_ack *ext)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &links->all) {
		struct link *l = ux_container_of(pos, struct link, link);

		if (has_name(l, name))
			return take_down(links, l);
	}
	return ux_fail(ext, ENODEV, "no link has this name");
}

size_t ux_links_get(const struct ux_links *links, struct ux_link_facts *facts, size_t max)
{
	struct ux_list *pos;
	size_t n = 0;

	ux_list_for_each (pos, &links->all) {
		const struct link *l = ux_container_of(pos, struct link, link);
		struct ux_link_facts *f = &facts[n];

		if (n == max)
			break;
		*f = (struct ux_link_facts){.if_id = l->if_id};
		if (!if_indextoname((unsigned int)l->tun.ifindex, f->name))
			continue;
		if (l->underlay_ifindex)
			(void)if_indextoname((unsigned int)l->underlay_ifindex, f->underlay);
		n++;
	}
	return n;
}

void ux_links_follow(struct ux_links *links)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &links->all) {
		struct link *l = ux_container_of(pos, struct link, link);

		int err;

		if (ux_tun_exists(&l->tun)) {
			err = tell_engine(links, l, ux_tun_is_up(&l->tun, links->netlink));
		} else {
			ux_log(LOG_NOTICE, "the link %s was removed", l->tun.name);
			err = take_down(links, l);
		}
		if (err)
			ux_log(LOG_ERR, "no memory to follow the link %s", l->tun.name);
	}
}
