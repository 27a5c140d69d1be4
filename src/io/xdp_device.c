/* SPDX-License-Identifier: BSD-2-Clause */

/* Sockets, their places in the maps, and the link that puts the program on the device. */

#include "io/xdp_device.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/xdp_receive.h"

#define TX_FRAMES 2048u
#define RX_FRAMES_ALL 4096u /* of all queues, but */
#define RX_FRAMES_MIN 1024u /* of each at least */

bool ux_xdp_device_usable(const struct ux_net_device *net)
{
	/* What other devices are made of, or what is made of them, has its own ideas of frames. */
	return net->type == ARPHRD_ETHER && (net->flags & IFF_UP) && !(net->flags & IFF_LOOPBACK) &&
	       !net->master && (!net->kind[0] || !strcmp(net->kind, "veth"));
}

/* Queues that packets come in by; a driver that cannot say has one. */
static uint32_t count_queues(const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t n = 0;

	if (fd < 0)
		return 1;
	memcpy(request.ifr_name, name, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCETHTOOL, &request) == 0)
		n = channels.rx_count + channels.combined_count;
	close(fd);
	return n ? n : 1;
}

static uint32_t frames_per_queue(uint32_t queues)
{
	uint32_t n = RX_FRAMES_ALL;

	while (n > RX_FRAMES_MIN && n * queues > RX_FRAMES_ALL)
		n /= 2;
	return n;
}

static int open_sockets(struct ux_xdp_device *d)
{
	uint32_t queues = count_queues(d->net.name);

	if (queues > UX_XDP_QUEUES)
		return -E2BIG;
	d->ports = calloc(queues, sizeof(*d->ports));
	if (!d->ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < queues; i++) {
		const struct ux_xdp_socket_params params = {
		    .device = d->net.name,
		    .queue = i,
		    .mtu = d->net.mtu,
		    .rx_frames = frames_per_queue(queues),
		    .tx_frames = i ? 0 : TX_FRAMES,
		};
		int err = ux_xdp_socket_open(&params, &d->ports[i].socket);

		if (err)
			return err;
		d->n_ports++;
		ux_xdp_receive_init(&d->ports[i], d);
	}
	return 0;
}

static int enter_maps(struct ux_xdp_device *d)
{
	struct ux_xdp_own own = {.longest = (uint16_t)ux_xdp_socket_longest(&d->ports[0].socket),
				 .queues = d->n_ports};
	int fds[UX_XDP_QUEUES], err;

	for (uint32_t i = 0; i < d->n_ports; i++)
		fds[i] = d->ports[i].socket.fd;
	memcpy(own.mac, d->net.mac, UX_MAC_LEN);
	err = ux_xdp_steer_device_add(d->steer, d->net.ifindex, &own, fds);
	if (!err)
		d->own = own;
	return err;
}

static int attach(struct ux_xdp_device *d, bool generic)
{
	static const uint32_t flags[] = {[UX_XDP_NATIVE] = XDP_FLAGS_DRV_MODE,
					 [UX_XDP_GENERIC] = XDP_FLAGS_SKB_MODE};

	for (int mode = UX_XDP_NATIVE; mode <= (generic ? UX_XDP_GENERIC : UX_XDP_NATIVE); mode++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags[mode]);

		d->mode = (enum ux_xdp_mode)mode;
		d->link_fd = bpf_link_create(d->steer->program, d->net.ifindex, BPF_XDP, &opts);
		if (d->link_fd >= 0)
			return 0;
		/* Another program: it would be there in either mode. */
		if (d->link_fd == -EBUSY || d->link_fd == -EEXIST)
			return -EEXIST;
	}
	return d->link_fd;
}

int ux_xdp_device_open(const struct ux_net_device *net, bool generic, struct ux_xdp_steer *steer,
		       struct ux_xdp_device **ret_device, struct ux_ext_ack *ext)
{
	struct ux_xdp_device *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->net = *net;
	d->steer = steer;
	d->link_fd = -1;
	err = open_sockets(d);
	if (err)
		(void)ux_fail(ext, -err, "cannot open an AF_XDP socket");
	if (!err) {
		err = enter_maps(d);
		err = err ? err : attach(d, generic);
		if (err)
			(void)ux_fail_at(ext, -err, NULL,
					 err == -EEXIST ? "another XDP program is there"
							: "cannot attach the XDP program");
	}
	if (err) {
		ux_xdp_device_free(d);
		return err;
	}
	*ret_device = d;
	return 0;
}

void ux_xdp_device_detach(struct ux_xdp_device *d)
{
	if (d->link_fd >= 0)
		close(d->link_fd);
	d->link_fd = -1;
}

struct ux_xdp_device *ux_xdp_device_free(struct ux_xdp_device *d)
{
	if (!d)
		return NULL;
	ux_xdp_device_detach(d);
	if (d->own.queues)
		ux_xdp_steer_device_remove(d->steer, d->net.ifindex, &d->own);
	for (uint32_t i = 0; i < d->n_ports; i++)
		ux_xdp_socket_close(&d->ports[i].socket);
	free(d->ports);
	free(d);
	return NULL;
}
