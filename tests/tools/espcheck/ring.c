/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A block is handed over when it is full or its time is up; so the time must be longer than a block
 * takes to fill under load, or the ring holds little. */
#define BLOCK_BYTES (1u << 18)
#define BLOCKS_PER_MB 4
#define BLOCK_TIMEOUT_MS 100

static int link_of(struct ring *r)
{
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", r->name);
	if (ioctl(r->fd, SIOCGIFHWADDR, &ifr) < 0)
		return -1;
	r->link = ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER ? DECODER_ETHERNET : DECODER_RAW_IP;
	return 0;
}

static int set_up(struct ring *r, unsigned int megabytes, unsigned int snap)
{
	struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, snap);
	struct sock_fprog program = {1, &keep};
	struct tpacket_req3 req = {
	    .tp_block_size = BLOCK_BYTES,
	    .tp_block_nr = megabytes * BLOCKS_PER_MB,
	    .tp_frame_size = 2048,
	    .tp_frame_nr = megabytes * BLOCKS_PER_MB * (BLOCK_BYTES / 2048),
	    .tp_retire_blk_tov = BLOCK_TIMEOUT_MS,
	};
	struct sockaddr_ll where = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = r->ifindex};
	int version = TPACKET_V3;

	if (setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -1;
	r->n_blocks = (size_t)megabytes * BLOCKS_PER_MB;
	r->map = mmap(NULL, r->n_blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, r->fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return -1;
	}
	return link_of(r) || bind(r->fd, (struct sockaddr *)&where, sizeof(where)) ? -1 : 0;
}

int ring_open(struct ring *r, const char *interface, unsigned int megabytes, unsigned int snap)
{
	*r = (struct ring){.fd = -1, .ifindex = (int)if_nametoindex(interface)};
	snprintf(r->name, sizeof(r->name), "%s", interface);
	/* Protocol 0: nothing is received before the bind, so nothing of another interface either.
	 */
	r->fd = r->ifindex ? socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) : -1;
	if (r->fd < 0 || set_up(r, megabytes, snap)) {
		fprintf(stderr, "capture on %s: %m\n", interface);
		ring_close(r);
		return -1;
	}
	return 0;
}

static struct tpacket_block_desc *block_at(struct ring *r)
{
	return (struct tpacket_block_desc *)(void *)(r->map + r->block * BLOCK_BYTES);
}

unsigned int ring_drain(struct ring *r, struct decoder *d)
{
	struct tpacket_block_desc *b;
	unsigned int n = 0;

	while ((b = block_at(r)),
	       __atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) {
		uint8_t *at = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;

		for (uint32_t i = 0; i < b->hdr.bh1.num_pkts; i++) {
			struct tpacket3_hdr *h = (struct tpacket3_hdr *)(void *)at;

			d->now_ns = h->tp_sec * UINT64_C(1000000000) + h->tp_nsec;
			decoder_frame(d, r->link, at + h->tp_mac, h->tp_snaplen, h->tp_len);
			at += h->tp_next_offset;
		}
		__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		r->block = (r->block + 1) % r->n_blocks;
		n++;
	}
	return n;
}

void ring_flush(struct ring *r, struct decoder *d)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	/* A block is handed over within its timeout; two of them without any are the end. */
	for (int quiet = 0; quiet < 2;) {
		quiet = ring_drain(r, d) ? 0 : quiet + 1;
		poll(&p, 1, 2 * BLOCK_TIMEOUT_MS);
	}
	if (!getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len)) {
		r->seen += stats.tp_packets;
		r->dropped += stats.tp_drops;
	}
}

void ring_close(struct ring *r)
{
	if (r->map)
		munmap(r->map, r->n_blocks * BLOCK_BYTES);
	if (r->fd >= 0)
		close(r->fd);
	r->map = NULL;
	r->fd = -1;
}
