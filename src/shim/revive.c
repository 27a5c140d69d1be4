/* SPDX-License-Identifier: BSD-2-Clause */

#include "shim/revive.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>

#include "shim/control_channel.h"
#include "shim/real.h"

static bool has_gone(struct shim_socket *s)
{
	struct pollfd p = {.fd = atomic_load(&s->control), .events = 0};

	return p.fd < 0 || (poll(&p, 1, 0) > 0 && p.revents);
}

int shim_revive(struct shim_socket *s)
{
	const struct nlmsghdr lost = {.nlmsg_len = sizeof(lost), .nlmsg_type = NLMSG_OVERRUN};

	if (pthread_mutex_trylock(&s->lock) != 0)
		return -EBUSY;
	bool gone = s->peer >= 0 && has_gone(s);
	int err = gone ? shim_control_renew(s) : 0;

	/* PF_KEY has no word for it */
	if (gone && !err && !s->pfkey)
		(void)shim_real()->send(s->peer, &lost, sizeof(lost), MSG_DONTWAIT | MSG_NOSIGNAL);
	pthread_mutex_unlock(&s->lock);
	return err;
}
