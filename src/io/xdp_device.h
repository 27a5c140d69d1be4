/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A device with our XDP program on it, and an AF_XDP socket for each of its queues. The program is
 * there as long as the process: a link descriptor holds it. Opening and closing is the control
 * thread's; workers receive by the ports and send, one at a time.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "base/ext_ack.h"
#include "io/port.h"
#include "io/xdp_maps.h"
#include "io/xdp_socket.h"
#include "io/xdp_steer.h"

/* Who runs the program: the driver, or the kernel after the driver has made its own buffer of the
 * packet. */
enum ux_xdp_mode { UX_XDP_NATIVE, UX_XDP_GENERIC };

struct ux_xdp_device;

/* A port that receives. Its fd is the socket's. */
struct ux_xdp_port {
	struct ux_port port;
	struct ux_xdp_device *device;
	struct ux_xdp_socket socket;
	/* workers write, one at a time, relaxed */
	_Atomic(uint64_t) received;
	_Atomic(uint64_t) malformed; /* headers or checksums are wrong */
};

struct ux_xdp_device {
	/* const after open */
	struct ux_net_device net;
	enum ux_xdp_mode mode;
	uint32_t n_ports;
	struct ux_xdp_port *ports; /* number i is for queue i; all may send, the first does */
	struct ux_xdp_steer *steer; /* borrowed */
	struct ux_xdp_own own;
	int link_fd;
	/* workers write, one at a time, relaxed */
	_Atomic(uint64_t) sent;
};

/*
 * ux_xdp_device_open - @net as it is now. @generic: where the driver cannot run the program, the
 * kernel may. -EEXIST: another program is there. -EBUSY: the sockets before, which the kernel takes
 * down later than they were closed. 0 or -errno, with what failed in @ext.
 */
int ux_xdp_device_open(const struct ux_net_device *net, bool generic, struct ux_xdp_steer *steer,
		       struct ux_xdp_device **ret_device, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_xdp_device_detach - from now on the kernel gets everything. What came before is still in the
 * ports. */
void ux_xdp_device_detach(struct ux_xdp_device *d);
/* ux_xdp_device_free - detaches too. Accepts NULL; returns NULL. */
struct ux_xdp_device *ux_xdp_device_free(struct ux_xdp_device *d);
/* ux_xdp_device_usable - is @net of a kind that can have one: Ethernet, up, by itself, not made of
 * others? */
bool ux_xdp_device_usable(const struct ux_net_device *net);
