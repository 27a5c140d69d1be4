/* SPDX-License-Identifier: BSD-2-Clause */

/* The program by libbpf, from the skeleton that bpftool has made. */

#include "io/xdp_steer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include <xdp_underlay.skel.h> /* made from bpf/underlay.bpf.c */

static const uint32_t present = 1;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int ux_xdp_steer_open(struct ux_xdp_steer *s)
{
	struct ux_xdp_underlay_bpf *k;

	libbpf_set_print(quiet);
	*s = (struct ux_xdp_steer){0};
	k = ux_xdp_underlay_bpf__open_and_load();
	if (!k)
		return -errno;
	s->skeleton = k;
	s->program = bpf_program__fd(k->progs.underlay);
	s->sockets = bpf_map__fd(k->maps.sockets);
	s->devices = bpf_map__fd(k->maps.devices);
	s->addresses4 = bpf_map__fd(k->maps.addresses4);
	s->addresses6 = bpf_map__fd(k->maps.addresses6);
	s->ports = bpf_map__fd(k->maps.ports);
	s->exceptions = bpf_map__fd(k->maps.exceptions);
	s->marked_spis = bpf_map__fd(k->maps.marked_spis);
	s->gate = bpf_map__fd(k->maps.gate);
	return 0;
}

void ux_xdp_steer_close(struct ux_xdp_steer *s)
{
	ux_xdp_underlay_bpf__destroy(s->skeleton);
	s->skeleton = NULL;
}

int ux_xdp_steer_device_add(struct ux_xdp_steer *s, int ifindex, struct ux_xdp_own *own,
			    const int *fds)
{
	uint32_t place = 0;
	int err = 0;

	while (place < UX_XDP_DEVICES && s->taken[place])
		place++;
	if (place == UX_XDP_DEVICES)
		return -ENOSPC;
	own->first_socket = place * UX_XDP_QUEUES;
	for (uint32_t i = 0; i < own->queues && !err; i++) {
		const uint32_t slot = own->first_socket + i;

		err = bpf_map_update_elem(s->sockets, &slot, &fds[i], BPF_ANY);
	}
	err = err ? err : bpf_map_update_elem(s->devices, &ifindex, own, BPF_ANY);
	s->taken[place] = !err;
	return err;
}

void ux_xdp_steer_device_remove(struct ux_xdp_steer *s, int ifindex, const struct ux_xdp_own *own)
{
	(void)bpf_map_delete_elem(s->devices, &ifindex);
	for (uint32_t i = 0; i < own->queues; i++) {
		const uint32_t slot = own->first_socket + i;

		(void)bpf_map_delete_elem(s->sockets, &slot);
	}
	s->taken[own->first_socket / UX_XDP_QUEUES] = false;
}

static void put_gate(struct ux_xdp_steer *s)
{
	const uint32_t index = 0;

	(void)bpf_map_update_elem(s->gate, &index, &s->gate_value, BPF_ANY);
}

void ux_xdp_steer_closed(struct ux_xdp_steer *s, bool closed)
{
	s->gate_value.closed += closed ? 1u : -1u;
	put_gate(s);
}

/* Returns whether the map is as it should be. */
static bool put(int map, bool added, const void *key)
{
	if (!added)
		return bpf_map_delete_elem(map, key) == 0 || errno == ENOENT;
	return bpf_map_update_elem(map, key, &present, BPF_ANY) == 0;
}

void ux_xdp_steer_address(struct ux_xdp_steer *s, bool added, int family,
			  const struct ux_addr *addr)
{
	/* What is missing in the map comes by the kernel. */
	(void)put(family == AF_INET ? s->addresses4 : s->addresses6, added, addr);
}

static struct ux_xdp_udp_port make_port(int family, const struct ux_addr *addr, uint16_t port)
{
	struct ux_xdp_udp_port key = {.port = htons(port), .family = family == AF_INET ? 4 : 6};

	if (addr)
		memcpy(&key.addr, addr, family == AF_INET ? 4 : 16);
	return key;
}

void ux_xdp_steer_port(struct ux_xdp_steer *s, bool added, int family, uint16_t port)
{
	const struct ux_xdp_udp_port key = make_port(family, NULL, port);

	(void)put(s->ports, added, &key);
}

void ux_xdp_steer_exception(struct ux_xdp_steer *s, bool added, int family,
			    const struct ux_addr *addr, uint16_t port)
{
	const struct ux_xdp_udp_port key = make_port(family, addr, port);

	/* Without room for it the port is nobody's but the kernel's: for good, as this happens with
	 * thousands of addresses only. */
	if (!put(s->exceptions, added, &key) && added)
		ux_xdp_steer_port(s, false, family, port);
}

void ux_xdp_steer_marked(struct ux_xdp_steer *s, bool added, uint32_t spi)
{
	uint32_t n = 0;

	(void)bpf_map_lookup_elem(s->marked_spis, &spi, &n);
	if (!added && !n) { /* it found no room when it came */
		ux_xdp_steer_closed(s, false);
		return;
	}
	n += added ? 1u : -1u;
	if (!n) {
		(void)bpf_map_delete_elem(s->marked_spis, &spi);
		s->gate_value.marked--;
		put_gate(s);
	} else if (bpf_map_update_elem(s->marked_spis, &spi, &n, BPF_ANY) < 0) {
		ux_xdp_steer_closed(s, true);
	} else if (n == 1 && added) {
		s->gate_value.marked++;
		put_gate(s);
	}
}
